"""What happened to an object, read from the audit log for people."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from workflows import clock
from workflows.admin.durations import describe_age, describe_duration
from workflows.audit import CREATION
from workflows.machine import Argument, Machine, Tone, Transition
from workflows.models import TransitionRecord, WorkflowModel
from workflows.registry import machine_of

__all__ = ["EVENTS_MAX", "Event", "Timeline", "Way", "describe_event", "read_timeline"]

EVENTS_MAX = 50
"""Events that are read unless all are asked for."""
LATEST = 6
"""Events that are seen without unfolding the earlier ones."""
_TEXTS = ("note", "text", "comment", "message")
"""Arguments whose value is somebody's own words, shown in quotes without a label."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline.

    ``source`` is empty for a creation, and where the state stayed as it was; ``details`` are the arguments in
    words; ``after`` is the time spent in the previous state, "" for a creation.
    """

    label: str
    source: str
    source_tone: Tone
    target: str
    tone: Tone
    reason: str
    quotes: tuple[str, ...]
    details: tuple[str, ...]
    at: datetime.datetime
    ago: str
    actor: str
    channel: str
    after: str


@dataclass(frozen=True, slots=True)
class Way:
    """The way an object has gone: states with when each was last entered, and edges."""

    entered: Mapping[str, str]
    taken: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events, newest first; ``total`` counts those that were not read too."""

    events: tuple[Event, ...]
    total: int
    way: Way

    @property
    def latest(self) -> tuple[Event, ...]:
        """Return the events that are seen at once."""
        return self.events[:LATEST]

    @property
    def earlier(self) -> tuple[Event, ...]:
        """Return the events that are seen when unfolded."""
        return self.events[LATEST:]

    @property
    def is_complete(self) -> bool:
        """Return whether no event was left out."""
        return len(self.events) >= self.total


Step = tuple[str, str | None, str, datetime.datetime]
"""Transition's name, source, target, when."""


def read_timeline(instance: WorkflowModel, *, limit: int | None = EVENTS_MAX) -> Timeline:
    """Read what happened to an object: one statement, a second one only where events are left out.

    ``limit`` None reads all.
    """
    records = TransitionRecord.objects.filter(machine=instance.machine_label(), object_id=instance.pk)
    newest = list(records.select_related("log__by").order_by("-sequence")[:limit])
    machine = machine_of(type(instance))
    now = clock.now()
    total = max((record.sequence for record in newest), default=0)
    if len(newest) < total:
        names = ("log__transition", "log__source_state", "log__state")
        rows = records.order_by().values_list(*names).annotate(last_at=Max("log__timestamp"))
        steps: Iterable[Step] = list(rows)
    else:
        steps = [(r.log.transition, r.log.source_state, r.log.state, r.log.timestamp) for r in newest]
    return Timeline(
        events=tuple(describe_event(record, machine, now=now) for record in newest),
        total=total,
        way=_way_of(steps),
    )


def _way_of(steps: Iterable[Step]) -> Way:
    entered: dict[str, datetime.datetime] = {}
    taken = set()
    for name, source, target, at in steps:
        if source is not None:
            taken.add((name, source, target))
        if source != target:
            entered[target] = max(at, entered.get(target, at))
    return Way(entered={state: _short(at) for state, at in entered.items()}, taken=frozenset(taken))


def _short(at: datetime.datetime) -> str:
    return formats.date_format(timezone.localtime(at), "j M H:i")


def describe_event(record: TransitionRecord, machine: Machine | None, *, now: datetime.datetime) -> Event:
    """Return an event in words, as it was logged where the machine has no such thing any more (None: is gone)."""
    log = record.log
    transition = next((t for t in machine.transitions if t.name == log.transition), None) if machine else None
    states = {state.value: state for state in machine.states} if machine else {}
    target = states.get(log.state)
    source = "" if log.source_state in (None, log.state) else str(log.source_state)
    spent = record.time_in_previous_state
    return Event(
        label=_label_of(log.transition, transition),
        source=str(states[source].label) if source in states else source,
        source_tone=states[source].tone if source in states else Tone.NEUTRAL,
        target=str(target.label) if target else log.state,
        tone=target.tone if target else Tone.NEUTRAL,
        reason=_reason_of(record, transition),
        quotes=tuple(str(record.arguments[name]) for name in _TEXTS if record.arguments.get(name)),
        details=tuple(_details_of(record, transition)),
        at=log.timestamp,
        ago=describe_age(now - log.timestamp),
        actor=_actor_of(record),
        channel=record.get_channel_display(),
        after="" if spent is None else describe_duration(spent),
    )


def _label_of(name: str, transition: Transition | None) -> str:
    if name == CREATION:
        return _("Created")
    return str(transition.label) if transition else name


def _actor_of(record: TransitionRecord) -> str:
    kind, _colon, key = record.actor.partition(":")
    if kind == "system":
        return _("system: %s") % key
    user = record.log.by
    if user is None:
        return _("user %s, deleted since") % key
    return str(user.get_full_name() or user.get_username())


def _reason_of(record: TransitionRecord, transition: Transition | None) -> str:
    for argument in transition.arguments if transition else ():
        if argument.name == "reason":
            return _value_in_words(argument, record.arguments.get("reason", record.reason))
    return record.reason


def _details_of(record: TransitionRecord, transition: Transition | None) -> Iterator[str]:
    """Yield what was given beside reason and words: ``Original: lead 17``; of a flag only that it was set."""
    for argument in transition.arguments if transition else ():
        value = record.arguments.get(argument.name)
        if argument.name in ("reason", *_TEXTS) or value in (None, "", False):
            continue
        yield argument.label if value is True else f"{argument.label}: {_value_in_words(argument, value)}"


def _value_in_words(argument: Argument, value: Any) -> str:
    annotation = argument.annotation
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        labels = {member.value: str(getattr(member, "label", member.name)) for member in annotation}
        return labels.get(value, str(value))
    if isinstance(value, Mapping) and "pk" in value:
        return f"{annotation._meta.verbose_name} {value['pk']}"
    return str(value or "")
