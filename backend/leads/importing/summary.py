"""What a run has done, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Summary", "format_summary"]


@dataclass(slots=True)
class Summary:
    """The counts of one run; every row read is created, a duplicate, imported already, or refused.

    ``refused_by`` counts problems by column and reason, ``blocked_by`` leads by the guard that held them back
    (one lead may be held by several), ``not_verified`` leads by another code of refusal.
    ``failed`` says of single leads what went wrong when they were verified.
    """

    read: int = 0
    created: int = 0
    placeholders: int = 0
    assumed_places: int = 0
    duplicates: int = 0
    already_imported: int = 0
    refused: int = 0
    refused_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    verified: int = 0
    without_provider: int = 0
    blocked: int = 0
    blocked_by: Counter[str] = field(default_factory=Counter)
    not_verified: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    assignments: int = 0
    notifications: int = 0
    seconds: float = 0.0


def format_summary(summary: Summary) -> str:
    """Return the summary as a table of two columns."""
    lines = list(_lines(summary))
    width = max(len(words) for words, _count in lines)
    return "\n".join(f"{words:<{width}}  {count:>9}" for words, count in lines)


def _lines(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "read", f"{summary.read:,}"
    yield "created", f"{summary.created:,}"
    if summary.placeholders:
        yield "  with a placeholder for the contact", f"{summary.placeholders:,}"
    if summary.assumed_places:
        yield "  at the default place", f"{summary.assumed_places:,}"
    yield "duplicate", f"{summary.duplicates:,}"
    yield "already imported", f"{summary.already_imported:,}"
    yield "refused", f"{summary.refused:,}"
    for (column, reason), count in summary.refused_by.most_common():
        yield f"  {column}: {reason}" if column else f"  {reason}", f"{count:,}"
    yield "verified", f"{summary.verified:,}"
    if summary.without_provider:
        yield "  of them without a provider", f"{summary.without_provider:,}"
    yield "blocked", f"{summary.blocked:,}"
    for code, count in summary.blocked_by.most_common():
        yield f"  blocked by guard: {code}", f"{count:,}"
    for code, count in summary.not_verified.most_common():
        yield f"  not verified: {code}", f"{count:,}"
    if summary.failed:
        yield "failed", f"{len(summary.failed):,}"
    yield "assignments", f"{summary.assignments:,}"
    yield "notifications", f"{summary.notifications:,}"
    yield "seconds", f"{summary.seconds:,.1f}"
