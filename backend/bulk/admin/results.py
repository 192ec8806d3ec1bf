"""What became of each object of a run: by outcome and reason, page by page, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from backend.bulk.admin.wording import describe_reason
from backend.bulk.choices import Outcome
from backend.bulk.models import BulkItem, BulkRun
from backend.bulk.selectors import Figures, Reason
from workflows.admin.audit_list.export import neutralise
from workflows.admin.audit_list.rows import ObjectName, name_objects
from workflows.admin.audit_list.visibility import sight_of

__all__ = ["Results", "Tab", "build_results", "name_all", "write_csv"]

PAGE_SIZE = 50
CHUNK = 1_000
COLUMNS = ["object_id", "object", "outcome", "reason", "message", "attempts", "done_at"]


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to narrow the results: ``query`` is what it adds to the address."""

    label: str
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One object: its name with its page, and what became of it."""

    item: BulkItem
    object: ObjectName


@dataclass(frozen=True, slots=True)
class Results:
    """One page of results, and what they can be narrowed by."""

    tabs: list[Tab]
    reasons: list[Tab]
    lines: list[Line]
    page: Page[BulkItem]
    query: str


def build_results(
    run: BulkRun, request: HttpRequest, figures: Figures, reasons: list[Reason], site: admin.AdminSite
) -> Results:
    """Return the page of results that a request asks for."""
    outcome, reason = request.GET.get("outcome", ""), request.GET.get("reason", "")
    page = Paginator(narrow(run, request), PAGE_SIZE).get_page(request.GET.get("page"))
    names = name_all(run, [item.object_id for item in page], request=request, site=site)
    return Results(
        tabs=list(_tabs(figures, outcome)),
        reasons=list(_reason_tabs(run, reasons, outcome, reason)),
        lines=[Line(item, names[item.object_id]) for item in page],
        page=page,
        query=urlencode({name: value for name, value in (("outcome", outcome), ("reason", reason)) if value}),
    )


def narrow(run: BulkRun, request: HttpRequest) -> QuerySet[BulkItem]:
    """Return the items that a request asks for, in their order."""
    items: QuerySet[BulkItem] = run.items.order_by("id")
    wanted = {name: request.GET[name] for name in ("outcome", "reason") if request.GET.get(name)}
    return items.filter(**wanted)


def name_all(
    run: BulkRun, ids: Iterable[int], *, request: HttpRequest, site: admin.AdminSite
) -> dict[int, ObjectName]:
    """Return the name of each object, with the address of its page for whoever may see it: one statement.

    Whoever may not look at the objects reads their numbers only.
    """
    wanted, sight = list(ids), sight_of(request.user)
    if run.machine not in sight.models:
        return {pk: ObjectName(f"#{pk}") for pk in wanted}
    keys = ((run.machine, pk) for pk in wanted)
    names = name_objects(keys, request=request, site=site, sight=sight)
    return {pk: name for (_machine, pk), name in names.items()}


def write_csv(run: BulkRun, request: HttpRequest, site: admin.AdminSite) -> Iterator[bytes]:
    """Yield the results as a CSV file, as one snapshot of the database has them, while they are read."""
    yield ("\ufeff" + _row(COLUMNS)).encode()
    with transaction.atomic():
        items = narrow(run, request).iterator(chunk_size=CHUNK)
        while chunk := list(islice(items, CHUNK)):
            names = name_all(run, [item.object_id for item in chunk], request=request, site=site)
            yield "".join(_row(_cells(item, names[item.object_id].text)) for item in chunk).encode()


def _cells(item: BulkItem, name: str) -> list[object]:
    done_at = item.done_at.isoformat() if item.done_at else ""
    return [item.object_id, name, item.outcome, item.reason, item.message, item.attempts, done_at]


def _row(cells: Iterable[object]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow([neutralise(cell) for cell in cells])
    return text.getvalue()


def _tabs(figures: Figures, chosen: str) -> Iterator[Tab]:
    counts: dict[Any, int] = {
        Outcome.MOVED: figures.moved,
        Outcome.STAYS: figures.stays,
        Outcome.FAILED: figures.failed,
        Outcome.WAITING: figures.waiting,
    }
    yield Tab("", figures.total, "", is_chosen=not chosen)
    for outcome, count in counts.items():
        if not count and chosen != outcome:
            continue
        yield Tab(str(outcome.label), count, urlencode({"outcome": outcome}), is_chosen=chosen == outcome)


def _reason_tabs(run: BulkRun, reasons: list[Reason], outcome: str, chosen: str) -> Iterator[Tab]:
    for reason in reasons:
        label = describe_reason(run, reason.reason, reason.message, has_one_message=reason.has_one_message)
        query = urlencode({"outcome": reason.outcome, "reason": reason.reason})
        is_chosen = (outcome, chosen) == (reason.outcome, reason.reason)
        yield Tab(f"{Outcome(reason.outcome).label}: {label}", reason.count, query, is_chosen)
