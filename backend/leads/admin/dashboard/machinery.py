"""The tiles of what works behind the scenes, whatever the category: audit, deliveries, receivers, jobs, workers."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.jobs.models import Job, Worker
from backend.jobs.selectors import QueueSummary, summarize_queue
from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.tiles import NOTHING, Line, Tile, format_count
from backend.notifications.models import Delivery, Receiver
from backend.notifications.selectors import count_dead, count_paused
from workflows.admin.durations import describe_age, describe_duration
from workflows.invariants.runs import find_latest_run, is_overdue
from workflows.models import AuditRun

__all__ = ["build_machinery_tiles"]

JOB_IS_LATE_AFTER = datetime.timedelta(minutes=5)
"""A job is taken within seconds; one that is due for so long tells of too few workers, or of none."""


def build_machinery_tiles(addresses: Addresses) -> list[Tile]:
    """Return the tiles of the audit, deliveries, receivers, jobs and workers whose lists the reader may open."""
    return [*_audit_tiles(addresses), *_delivery_tiles(addresses), *_job_tiles(addresses)]


def _audit_tiles(addresses: Addresses) -> Iterator[Tile]:
    if addresses.may_open(AuditRun):
        yield _audit(find_latest_run(), addresses)


def _audit(run: AuditRun | None, addresses: Addresses) -> Tile:
    violations = run.violations if run else 0
    overdue = _("It should run every hour") if is_overdue(run) else ""
    return Tile(
        "audit",
        _("Invariants"),
        Line(_verdict_of(run), _address_of(run) if run and violations else addresses.of(AuditRun)),
        _("What must hold in the whole database, as the latest audit found it. A worker audits every hour."),
        tuple(_audit_lines(run, addresses)) + ((Line(overdue),) if violations and overdue else ()),
        alarm=_("Look at once what is wrong") if violations else overdue,
        is_grave=bool(violations),
    )


def _verdict_of(run: AuditRun | None) -> str:
    if run is None:
        return NOTHING
    if not run.violations:
        return _("All hold")
    words = ngettext("%(count)s violation", "%(count)s violations", run.violations)
    return words % {"count": format_count(run.violations)}


def _audit_lines(run: AuditRun | None, addresses: Addresses) -> Iterator[Line]:
    if run is None:
        yield Line(_("Not audited yet"))
        return
    if run.news:
        words = ngettext("%(count)s of them new", "%(count)s of them new", run.news)
        yield Line(words % {"count": format_count(run.news)})
    age = describe_age(addresses.scope.now - run.started_at)
    yield Line(_("Audited %(ago)s") % {"ago": age}, _address_of(run))


def _address_of(run: AuditRun) -> str:
    return reverse("admin:workflows_auditrun_change", args=[run.pk])


def _delivery_tiles(addresses: Addresses) -> Iterator[Tile]:
    if addresses.may_open(Delivery):
        yield _dead_deliveries(count_dead(), addresses)
    if addresses.may_open(Receiver):
        yield _paused_receivers(count_paused(at=addresses.scope.now), addresses)


def _dead_deliveries(count: int, addresses: Addresses) -> Tile:
    return Tile(
        "dead-deliveries",
        _("Deliveries that died"),
        Line(format_count(count), addresses.of(Delivery, status__exact="dead")),
        _("Messages that did not arrive and are tried no more. They can be retried from their list."),
        alarm=_("They did not arrive") if count else "",
    )


def _paused_receivers(count: int, addresses: Addresses) -> Tile:
    return Tile(
        "paused-receivers",
        _("Receivers paused"),
        Line(format_count(count), addresses.of(Receiver, paused_until__gt=addresses.scope.now.isoformat())),
        _("Mail servers, SMS gateways and webhooks that failed again and again and are left alone a while."),
        alarm=_("Their deliveries wait") if count else "",
    )


def _job_tiles(addresses: Addresses) -> Iterator[Tile]:
    may_open_jobs, may_open_workers = addresses.may_open(Job), addresses.may_open(Worker)
    if not (may_open_jobs or may_open_workers):
        return
    queue = summarize_queue()
    if may_open_jobs:
        yield _failed_jobs(queue, addresses)
        yield _oldest_job(queue, addresses)
    if may_open_workers:
        yield _workers(queue, addresses)


def _failed_jobs(queue: QueueSummary, addresses: Addresses) -> Tile:
    return Tile(
        "failed-jobs",
        _("Jobs that failed"),
        Line(format_count(queue.failed), addresses.of(Job, status="failed")),
        _("Jobs that failed for good, after all their attempts. They can be retried from their list."),
        alarm=_("Somebody must look") if queue.failed else "",
    )


def _oldest_job(queue: QueueSummary, addresses: Addresses) -> Tile:
    waits = addresses.scope.now - queue.oldest_waits_since if queue.oldest_waits_since else None
    due = ngettext("%(count)s job is due", "%(count)s jobs are due", queue.waiting)
    address = addresses.of(Job, due="now")
    return Tile(
        "oldest-job",
        _("Oldest job waiting"),
        Line(NOTHING if waits is None else describe_duration(waits), address),
        _("How long the job has waited that is due and waits longest. Workers take a job within seconds."),
        (Line(due % {"count": format_count(queue.waiting)}, address),),
        alarm=_("Later than it should be") if waits and waits > JOB_IS_LATE_AFTER else "",
    )


def _workers(queue: QueueSummary, addresses: Addresses) -> Tile:
    silent = ngettext("%(count)s is silent", "%(count)s are silent", queue.workers_silent)
    silent_line = Line(
        silent % {"count": format_count(queue.workers_silent)}, addresses.of(Worker, alive="no")
    )
    return Tile(
        "workers",
        _("Workers alive"),
        Line(format_count(queue.workers_alive), addresses.of(Worker, alive="yes")),
        _("Processes that run jobs and have said lately that they live."),
        (silent_line,) if queue.workers_silent else (),
        alarm="" if queue.workers_alive else _("No job runs"),
    )
