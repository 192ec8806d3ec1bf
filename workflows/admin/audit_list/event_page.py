"""All that is on record of one event, and what happened around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from workflows.admin.audit_list.rows import Row
from workflows.hash_chain import Link, check_link
from workflows.models import TransitionRecord

__all__ = ["COMPANIONS_MAX", "EventDetail", "read_event"]

COMPANIONS_MAX = 50
"""Other events of the same request that the page of an event shows."""


@dataclass(frozen=True, slots=True)
class EventDetail:
    """One event; ``before`` and ``after`` are the log rows of its object's events beside it, or None.

    ``arguments`` are (name, value) as they were logged; ``companions`` the other events of its request, in order.
    """

    row: Row
    link: Link
    arguments: tuple[tuple[str, str], ...]
    before: int | None
    after: int | None
    companions: tuple[Row, ...]
    has_more_companions: bool


def read_event(
    record: TransitionRecord,
    *,
    seen: QuerySet[TransitionRecord],
    build: Callable[[Iterable[TransitionRecord]], list[Row]],
) -> EventDetail:
    """Return an event among those that are ``seen``: three statements, and those that name the objects."""
    link = check_link(record.pk)
    assert link is not None
    beside = _beside(record, seen)
    companions = _companions(record, seen)
    row, *others = build([record, *companions[:COMPANIONS_MAX]])
    return EventDetail(
        row=row,
        link=link,
        arguments=tuple((name, _in_words(value)) for name, value in sorted(record.arguments.items())),
        before=beside.get(record.sequence - 1),
        after=beside.get(record.sequence + 1),
        companions=tuple(others),
        has_more_companions=len(companions) > COMPANIONS_MAX,
    )


def _beside(record: TransitionRecord, seen: QuerySet[TransitionRecord]) -> dict[int, int]:
    """Return the log rows of the events right before and after, by their numbers."""
    of_the_object = seen.filter(machine=record.machine, object_id=record.object_id)
    numbers = [record.sequence - 1, record.sequence + 1]
    return dict(of_the_object.filter(sequence__in=numbers).values_list("sequence", "pk"))


def _companions(record: TransitionRecord, seen: QuerySet[TransitionRecord]) -> list[TransitionRecord]:
    if not record.request_id:
        return []
    others = seen.filter(request_id=record.request_id).exclude(pk=record.pk)
    return list(others.select_related("log__by").order_by("pk")[: COMPANIONS_MAX + 1])


def _in_words(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
