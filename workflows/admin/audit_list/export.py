"""The audit list as a CSV file: written while it is read, so that its length costs no memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.db.models import QuerySet

from workflows.admin.audit_list.rows import Row
from workflows.models import TransitionRecord

__all__ = ["CHUNK", "COLUMNS", "neutralise", "write_csv"]

CHUNK = 2_000
"""Events that are in memory at a time."""
_BYTE_ORDER_MARK = "\ufeff"
# What spreadsheets take for the beginning of a formula; the wide forms are, in East Asian ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# Names as programs want them: the file is for spreadsheets and scripts alike, and the same in every language.
COLUMNS: dict[str, Callable[[Row], object]] = {
    "log_id": lambda row: row.record.pk,
    "at": lambda row: row.event.at.isoformat(),
    "machine": lambda row: row.record.machine,
    "object_id": lambda row: row.record.object_id,
    "object": lambda row: row.object.text,
    "number": lambda row: row.record.sequence,
    "transition": lambda row: row.record.log.transition,
    "label": lambda row: row.event.label,
    "source": lambda row: row.record.log.source_state,
    "target": lambda row: row.record.log.state,
    "actor": lambda row: row.record.actor,
    "actor_name": lambda row: row.event.actor,
    "channel": lambda row: row.record.channel,
    "reason": lambda row: row.record.reason,
    "arguments": lambda row: _as_json(row.record),
    "previous_state_s": lambda row: _seconds(row.record),
    "request_id": lambda row: row.record.request_id,
    "hash": lambda row: row.record.hash,
}


def write_csv(
    ordered: QuerySet[TransitionRecord], build: Callable[[Iterable[TransitionRecord]], list[Row]]
) -> Iterator[bytes]:
    """Yield a CSV file of the events in their order, as one snapshot of the database has them.

    UTF-8 with a mark by which spreadsheets know it.  The transaction around it keeps the cursor on the server:
    without one PostgreSQL would first copy the whole answer.
    """
    yield (_BYTE_ORDER_MARK + _lines([list(COLUMNS)])).encode()
    with transaction.atomic():
        records = ordered.iterator(chunk_size=CHUNK)
        while chunk := list(islice(records, CHUNK)):
            yield _lines([cell(row) for cell in COLUMNS.values()] for row in build(chunk)).encode()


def neutralise(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: a text that could begin one gets an apostrophe first."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _lines(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([neutralise(cell) for cell in row] for row in rows)
    return text.getvalue()


def _as_json(record: TransitionRecord) -> str:
    return json.dumps(record.arguments, ensure_ascii=False, sort_keys=True) if record.arguments else ""


def _seconds(record: TransitionRecord) -> float | None:
    spent = record.time_in_previous_state
    return None if spent is None else spent.total_seconds()
