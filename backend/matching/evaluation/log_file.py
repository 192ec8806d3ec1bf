"""A CSV file of requests, read into rows in the order in which they were opened."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backend.matching.evaluation.errors import LogRefused, SplitRefused

__all__ = ["COLUMNS", "FACTS", "LoggedRequest", "Outcome", "parse_instant", "parse_split", "read_log"]

# What is known of a request when it is opened, and may be looked at to rank for it.
FACTS = (
    "category",
    "subcategory",
    "symptom",
    "location",
    "requester",
    "first_group",
)
# What only its end tells.  Reassignments, reopenings and the deadline met or missed are of that kind too; urgency,
# priority and channel are known at the start but told nothing on the data this was tried on.  None is read.
OUTCOME = ("group", "provider", "resolved_at")
COLUMNS = ("opened_at", *FACTS, *OUTCOME)

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: who resolved it, in which group, and how long that took."""

    provider: str
    group: str
    days_open: float


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One row.  ``facts`` is all that a ranking may see of it before ``resolved_day``.

    Days are counted from 1970-01-01 UTC, with fractions.  Without a ``resolved_day`` the outcome never becomes
    known: the request is judged, but nothing is learned from it.
    """

    opened_day: float
    facts: Mapping[str, str]
    provider: str
    group: str
    resolved_day: float | None

    @property
    def outcome(self) -> Outcome:
        """Return what became known when it was resolved.  Raises: ValueError when that never happened."""
        if self.resolved_day is None:
            raise ValueError("The outcome of a request that was never resolved is not known.")
        return Outcome(self.provider, self.group, self.resolved_day - self.opened_day)


def read_log(path: Path, *, hidden: Collection[str] = ()) -> tuple[LoggedRequest, ...]:
    """Read a file, oldest request first; rows without a provider are left out.

    What is ``hidden`` of the facts is empty in every row, as if nobody knew it.

    Raises: LogRefused when it cannot be read, lacks columns, has no usable row, or a date is none.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            requests = _read_rows(csv.DictReader(file), name=path.name, hidden=hidden)
    except OSError as error:
        raise LogRefused(f"Cannot read {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise LogRefused(f"Cannot read {path.name} as CSV in UTF-8: {error}.") from error
    if not requests:
        raise LogRefused(f"{path.name} has no row with a provider: there is nothing to learn or judge.")
    return tuple(sorted(requests, key=lambda request: request.opened_day))


def parse_split(text: str, requests: Sequence[LoggedRequest]) -> int:
    """Return how many of the requests lie before the split: a date (with time or not), or a fraction of them.

    Raises: SplitRefused when it is neither, or leaves nothing on one side.
    """
    try:
        fraction = float(text)
    except ValueError:
        count = _count_before(text, requests)
    else:
        if not 0 < fraction < 1:
            raise SplitRefused(f"Cannot split at {text}: a fraction lies between 0 and 1, such as 0.8.")
        count = int(len(requests) * fraction)
    if not 0 < count < len(requests):
        raise SplitRefused(
            f"Cannot split at {text}: {count:,} of {len(requests):,} requests lie before it, and both sides need some. "
            f"The log runs from {_format_day(requests[0])} to {_format_day(requests[-1])}."
        )
    return count


def parse_instant(text: str) -> float:
    """Return an ISO date, or date with time, as days since 1970; in UTC unless it says otherwise.

    Raises: ValueError when it is none.
    """
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() / SECONDS_PER_DAY


def _read_rows(reader: csv.DictReader[str], *, name: str, hidden: Collection[str]) -> list[LoggedRequest]:
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise LogRefused(f"{name} lacks the column(s) {', '.join(missing)}; needed are {', '.join(COLUMNS)}.")
    rows: Iterable[dict[str, str]] = reader
    return [
        _parse_row(row, place=f"{name}, line {reader.line_num}", hidden=hidden)
        for row in rows
        if row["provider"]
    ]


def _parse_row(row: Mapping[str, str | None], *, place: str, hidden: Collection[str]) -> LoggedRequest:
    opened_day = _parse_day(row["opened_at"] or "", column="opened_at", place=place)
    resolved = row["resolved_at"]
    resolved_day = _parse_day(resolved, column="resolved_at", place=place) if resolved else None
    if resolved_day is not None and resolved_day < opened_day:
        raise LogRefused(f"{place}: resolved_at {resolved} lies before opened_at {row['opened_at']}.")
    facts = {column: "" if column in hidden else row[column] or "" for column in FACTS}
    return LoggedRequest(opened_day, facts, row["provider"] or "", row["group"] or "", resolved_day)


def _parse_day(text: str, *, column: str, place: str) -> float:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise LogRefused(f"{place}: {column} {text!r} is no date such as 2016-02-29 11:29:00.") from error


def _count_before(text: str, requests: Sequence[LoggedRequest]) -> int:
    try:
        day = parse_instant(text)
    except ValueError as error:
        raise SplitRefused(
            f"Cannot split at {text!r}: give a date such as 2016-04-18, or a fraction such as 0.8."
        ) from error
    return sum(request.opened_day < day for request in requests)


def _format_day(request: LoggedRequest) -> str:
    return f"{datetime.fromtimestamp(request.opened_day * SECONDS_PER_DAY, UTC):%Y-%m-%d}"
