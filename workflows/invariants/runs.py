"""Runs of the audit, kept: what each found, what is new in it, and which was the latest."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.db import transaction

from workflows import clock
from workflows.invariants.examination import Finding, examine_all
from workflows.models import AuditRun

__all__ = [
    "IDS_KEPT_MAX",
    "Tell",
    "find_latest_run",
    "find_news",
    "forget_old_runs",
    "is_overdue",
    "run_audit",
]

IDS_KEPT_MAX = 1000
"""Ids that a run keeps of one invariant; what is violated more often has one cause, and is not mended by hand."""

Tell = Callable[[AuditRun, Mapping[str, int]], None]
"""Told of a run, and by the name of an invariant how many new violations of it there are."""

KEPT_FOR = datetime.timedelta(days=90)
OVERDUE_AFTER = datetime.timedelta(hours=2)
"""It runs every hour: after two somebody must look why it does not."""


def run_audit(*, tell: Tell | None = None) -> AuditRun:
    """Examine every invariant and keep what came of it; ``tell`` is called when something is new.

    It is called in the transaction that keeps the run: what is kept but not told would never be new again.
    """
    started_at = clock.now()
    findings = list(examine_all(ids_max=IDS_KEPT_MAX))
    results = [_describe(found) for found in findings]
    with transaction.atomic():
        news = find_news(results, previous=find_latest_run())
        run = AuditRun.objects.create(
            started_at=started_at,
            took=datetime.timedelta(milliseconds=sum(found.took_ms for found in findings)),
            violations=sum(found.count for found in findings),
            news=sum(news.values()),
            results=results,
        )
        if news and tell is not None:
            tell(run, news)
    return run


def find_latest_run() -> AuditRun | None:
    """Return the run that began last, or None when there was none: one statement."""
    return AuditRun.objects.order_by("-started_at", "-pk").first()


def is_overdue(run: AuditRun | None) -> bool:
    """Return whether the latest run is too long ago, or there was none."""
    return run is None or run.started_at < clock.now() - OVERDUE_AFTER


def find_news(results: Iterable[Mapping[str, Any]], *, previous: AuditRun | None) -> dict[str, int]:
    """Return by invariant how many of its violations the run before did not find; those without any are left out.

    Where that one did not keep all ids, new are as many as there are more.
    """
    before = {result["name"]: result for result in previous.results} if previous else {}
    news = {result["name"]: _count_news(result, before.get(result["name"])) for result in results}
    return {name: count for name, count in news.items() if count}


def forget_old_runs() -> int:
    """Delete runs of long ago and return how many: one statement."""
    deleted, _by_model = AuditRun.objects.filter(started_at__lt=clock.now() - KEPT_FOR).delete()
    return deleted


def _describe(found: Finding) -> dict[str, Any]:
    return {
        "name": found.invariant.name,
        "code": found.invariant.code,
        "count": found.count,
        "ids": list(found.ids),
        "took_ms": round(found.took_ms, 1),
    }


def _count_news(result: Mapping[str, Any], before: Mapping[str, Any] | None) -> int:
    count: int = result["count"]
    if before is None:
        return count
    known: Collection[int] = before["ids"]
    known_count: int = before["count"]
    if known_count > len(known) or count > len(result["ids"]):
        return max(0, count - known_count)
    return len(set(result["ids"]) - set(known))
