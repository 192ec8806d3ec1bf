"""From what a run left to its results: everything counted, everything checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count
from procrastinate.contrib.django.models import ProcrastinateEvent

from backend.chaos import checks
from backend.chaos.receivers import Taken
from backend.chaos.results import Results
from backend.chaos.run import Limits, Ran
from backend.chaos.stage import Stage
from backend.chaos.stalls import Stall, measure_stalls
from backend.jobs.models import Job
from backend.notifications.models import Delivery
from workflows import TransitionRecord
from workflows.invariants import Finding, examine_all

__all__ = ["judge"]

IDS_SHOWN = 10


def judge(ran: Ran, stage: Stage, *, seconds: float, seed: int, limits: Limits) -> Results:
    """Return the results of a run, once nothing is on its way any more."""
    invariants = tuple(examine_all(ids_max=IDS_SHOWN))
    stalls = _measure_stalls(ran)
    return Results(
        seed=seed,
        seconds=seconds,
        outcomes=ran.record.count_outcomes(),
        stalls=stalls,
        transitions=TransitionRecord.objects.exclude(log__transition="create").count(),
        acknowledged=len(set(ran.record.acknowledged())),
        deliveries=_count_deliveries(),
        taken_twice=_count_repeats(stage.mail, stage.webhooks),
        jobs=dict(Job.objects.order_by("status").values_list("status").annotate(count=Count("pk"))),
        starts={program.name: program.starts for program in stage.programs},
        lost=_count_lost(stage),
        invariants=len(invariants),
        drain_s=ran.drain_s,
        findings=list(_find(ran, stage, invariants, stalls, limits)),
    )


def _find(
    ran: Ran, stage: Stage, invariants: tuple[Finding, ...], stalls: list[Stall], limits: Limits
) -> Iterator[str]:
    yield from (f"Still on their way after {ran.drain_s:.0f} s: {n} {kind}." for kind, n in ran.left.items())
    yield from (f"A client broke, which says nothing of the server: {error}" for error in ran.broken)
    yield from checks.check_acknowledged(ran.record)
    yield from checks.check_asked_for(ran.record)
    yield from checks.check_invariants(invariants)
    yield from checks.check_routing()
    yield from checks.check_deliveries(mail=stage.mail, webhooks=stage.webhooks)
    yield from checks.check_jobs()
    yield from checks.check_programs(stage.programs)
    yield from checks.check_stalls(stalls, limit_s=limits.stall_s)


def _measure_stalls(ran: Ran) -> list[Stall]:
    finished = ProcrastinateEvent.objects.filter(type="succeeded").values_list("at", flat=True)
    return measure_stalls(
        ran.struck,
        acknowledged_at=ran.record.acknowledged_at,
        jobs_at=(at.timestamp() for at in finished if at is not None),
        until=ran.until,
    )


def _count_deliveries() -> dict[str, int]:
    rows = Delivery.objects.order_by("channel", "status").values_list("channel", "status")
    return {f"{channel} {status}": count for (channel, status), count in Counter(rows).items()}


def _count_repeats(*receivers: Taken) -> int:
    return sum(count - 1 for taken in receivers for count in taken.times.values())


def _count_lost(stage: Stage) -> dict[str, int]:
    return {
        "commits": stage.database_wire.lost_requests,
        "answers to commits": stage.database_wire.lost_answers,
        "answers to mails": stage.mail_wire.lost_answers,
        "answers to webhooks": stage.webhook_wire.lost_answers,
    }
