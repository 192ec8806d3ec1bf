"""Read a process map from the database: two statements, whatever the size of the log.

# Note [Percentiles by magnitude]

The median of a million times costs a sort of a million times, and each is asked twice: for its edge, and for the
state that it left.  So they are counted first, by edge and magnitude (``Passage.magnitude``).  The counts tell in
which magnitude the median of an edge or a state lies, and at which place: only the times of that one are sorted.
The result is exact, the same as that of PostgreSQL's ``percentile_disc``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.models import Aggregate, Count, DateTimeField, Min, Q, QuerySet

from workflows import clock
from workflows.audit import CREATION
from workflows.machine import Machine, State
from workflows.models import Passage, WorkflowModel
from workflows.process_map.figures import EdgeFigures, Pace, ProcessMap, StateFigures
from workflows.process_map.period import Period
from workflows.registry import machine_of, state_field_of

__all__ = ["read_live", "read_process_map"]

# See Note [Percentiles by magnitude].  Names are read from one log row of each edge.  A row of the result is one
# percentile of an edge, or (without a transition) of a state: how many there were, which part, the time.
_PACES = """
    WITH passage AS ({passages}),
    counted AS MATERIALIZED (
        SELECT edge, magnitude, count(*) AS passages, min(log_id) AS log_id, array_agg(spent_us) AS spent
          FROM passage GROUP BY edge, magnitude
    ), named AS (
        SELECT known.edge, log.transition, log.source_state AS source, log.state AS target
          FROM (SELECT edge, min(log_id) AS log_id FROM counted GROUP BY edge) known
          JOIN django_fsm_log_statelog log ON log.id = known.log_id
    ), grouped AS (
        SELECT edge, edge::text AS key, transition, source, target FROM named
         UNION ALL
        SELECT edge, source, NULL, source, NULL FROM named WHERE source <> target
    ), summed AS (
        SELECT key, magnitude, sum(passages) AS passages,
               sum(sum(passages)) OVER (PARTITION BY key ORDER BY magnitude) - sum(passages) AS shorter,
               sum(sum(passages)) OVER (PARTITION BY key) AS total
          FROM grouped JOIN counted USING (edge) GROUP BY key, magnitude
    ), placed AS (
        SELECT key, magnitude, total, part, ceil(part * total) - shorter AS place
          FROM summed CROSS JOIN (VALUES (0.5), (0.9)) asked (part)
         WHERE ceil(part * total) > shorter AND ceil(part * total) <= shorter + passages
    )
    SELECT names.transition, names.source, names.target, placed.total, placed.part, found.us
      FROM placed
      JOIN (SELECT DISTINCT key, transition, source, target FROM grouped) names USING (key)
     CROSS JOIN LATERAL (
           SELECT us FROM grouped JOIN counted USING (edge) CROSS JOIN unnest(spent) AS us
            WHERE grouped.key = placed.key AND counted.magnitude = placed.magnitude
            ORDER BY us OFFSET placed.place - 1 LIMIT 1
     ) found
"""
_MEDIAN = Decimal("0.5")

_Key = tuple[str | None, str | None, str | None]


class _MiddleSince(Aggregate):
    """The instant since which half of them, and none for longer, have been where they are."""

    function = "percentile_disc"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s DESC)"
    output_field = DateTimeField()


@dataclass(frozen=True, slots=True)
class _Live:
    """How many are in a state now, and since when: half of them, and the first."""

    now: int = 0
    middle_since: datetime.datetime | None = None
    first_since: datetime.datetime | None = None


def read_process_map(
    model: type[WorkflowModel], *, period: Period, objects: QuerySet[Any] | None = None
) -> ProcessMap:
    """Return what the objects of a model did in a period: two statements.

    ``objects`` narrows it to some of them, None means all.  How many are in a state is told of now, not of the
    period's end.
    """
    machine = machine_of(model)
    paces = _read_paces(_passages_of(model, period, objects))
    return ProcessMap(
        machine=machine,
        states=tuple(_states_of(machine, _read_live(model, objects), paces)),
        edges=tuple(_edges_of(machine, paces)),
    )


def read_live(model: type[WorkflowModel]) -> tuple[StateFigures, ...]:
    """Return how many objects of a model are in each state now, without what happened: one statement."""
    return tuple(_states_of(machine_of(model), _read_live(model, None), {}))


def _passages_of(
    model: type[WorkflowModel], period: Period, objects: QuerySet[Any] | None
) -> QuerySet[Passage, tuple[Any, ...]]:
    passages = Passage.objects.filter(content_type=ContentType.objects.get_for_model(model))
    if period.begin:
        passages = passages.filter(at__gte=period.begin)
    if period.end:
        passages = passages.filter(at__lt=period.end)
    if objects is not None:
        passages = passages.filter(object_id__in=objects.order_by().values("pk"))
    return passages.order_by().values_list("edge", "magnitude", "log_id", "spent_us")


def _read_paces(passages: QuerySet[Passage, tuple[Any, ...]]) -> dict[_Key, Pace]:
    """Return how often and how long, by transition, source and target; of a state by its name as source alone."""
    inner, parameters = passages.query.sql_with_params()
    rows: list[tuple[Any, ...]] = []
    with connections[passages.db].cursor() as cursor:
        cursor.execute(_PACES.format(passages=inner), parameters)
        rows = cursor.fetchall()
    paces: dict[_Key, Pace] = {}
    for transition, source, target, total, part, spent_us in rows:
        pace = paces.get((transition, source, target), Pace(count=int(total)))
        spent = None if spent_us is None else datetime.timedelta(microseconds=spent_us)
        median, p90 = (spent, pace.p90) if part == _MEDIAN else (pace.median, spent)
        paces[transition, source, target] = Pace(count=pace.count, median=median, p90=p90)
    return paces


def _read_live(model: type[WorkflowModel], objects: QuerySet[Any] | None) -> dict[str, _Live]:
    name = state_field_of(model).name
    rows = (model._base_manager.all() if objects is None else objects).order_by().values(name)
    is_open = Q(**{f"{name}__in": [state.value for state in machine_of(model).states if state.is_open]})
    counted = rows.annotate(
        objects_now=Count("*"),  # of the rows, so that an index on the state is enough
        middle_since=_MiddleSince("state_since", filter=is_open),
        first_since=Min("state_since", filter=is_open),
    )
    return {row[name]: _Live(row["objects_now"], row["middle_since"], row["first_since"]) for row in counted}


def _states_of(
    machine: Machine, live: Mapping[str, _Live], paces: Mapping[_Key, Pace]
) -> Iterator[StateFigures]:
    now = clock.now()
    for state in _with_former(machine.states, live):
        here = live.get(state.value, _Live())
        yield StateFigures(
            state=state,
            now=here.now,
            waiting_median=now - here.middle_since if here.middle_since else None,
            waiting_max=now - here.first_since if here.first_since else None,
            ended=paces.get((None, state.value, None), Pace()),
        )


def _with_former(states: Iterable[State], live: Mapping[str, _Live]) -> list[State]:
    """Return the states, and those in which objects still are although the machine has them no more."""
    known = list(states)
    values = {state.value for state in known}
    return known + [State(value=v, label=v, is_open=True) for v in sorted(live) if v not in values]


def _edges_of(machine: Machine, paces: Mapping[_Key, Pace]) -> Iterator[EdgeFigures]:
    known: list[_Key] = [(CREATION, None, machine.initial)]
    known += [(edge.transition.name, edge.source, edge.target) for edge in machine.edges()]
    logged = [key for key in paces if key[0] is not None]
    former = sorted((key for key in logged if key not in known), key=lambda key: tuple(map(str, key)))
    for transition, source, target in [*known, *former]:
        assert transition is not None
        assert target is not None
        key = (transition, source, target)
        yield EdgeFigures(*key, pace=paces.get(key, Pace()), is_of_the_machine=key in known)
