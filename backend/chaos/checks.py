"""Whether everything is as it must be after all that: each check returns what is wrong, in sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Count, F

from backend.chaos.receivers import Taken
from backend.chaos.record import Attempt, Record
from backend.chaos.stalls import Stall
from backend.chaos.supervisor import Program
from backend.jobs.models import Job
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.notifications.models import Delivery
from workflows import Channel, TransitionRecord
from workflows.invariants import Finding

__all__ = [
    "check_acknowledged",
    "check_asked_for",
    "check_deliveries",
    "check_invariants",
    "check_jobs",
    "check_programs",
    "check_routing",
    "check_stalls",
]

Event = tuple[str, int, int, str, str | None, str]
"""Machine, object, number, transition, source, target."""


def check_acknowledged(record: Record) -> Iterator[str]:
    """Find what was acknowledged and is not in the log exactly once, along its edge.

    Where the server also says that what was done before is done, one event answers for several acknowledgements.
    """
    events, offers = _Events(), _claimed_offers()
    numbered = Counter(one for one in record.acknowledged() if one.sequence)
    for attempt, count in numbered.items():
        found = events.count(attempt, attempt.object_id)
        if count > 1 or found != 1:
            yield f"Acknowledged {count} times, {found} times in the log: {attempt}."
    for attempt in {one for one in record.acknowledged() if not one.sequence}:
        object_id = (
            offers.get((attempt.object_id, attempt.claimer_id)) if attempt.claimer_id else attempt.object_id
        )
        found = events.count(attempt, object_id)
        if found != 1:
            yield f"Acknowledged, and {found} times in the log: {attempt}."


class _Events:
    """The whole log, by object."""

    def __init__(self) -> None:
        self._by_object: defaultdict[tuple[str, int], list[Event]] = defaultdict(list)
        rows = TransitionRecord.objects.values_list(
            "machine", "object_id", "sequence", "log__transition", "log__source_state", "log__state"
        )
        for event in rows:
            self._by_object[event[0], event[1]].append(event)

    def count(self, attempt: Attempt, object_id: int | None) -> int:
        """Count the events that an attempt would have made."""
        if object_id is None:
            return 0
        # A place that was offered and taken meanwhile is "yours" as well, says the page to whoever claims it.
        names = ("claim", "accept") if attempt.claimer_id else (attempt.transition,)
        edges = {(name, attempt.source, attempt.target) for name in names}
        return sum(
            event[3:] in edges and attempt.sequence in (0, event[2])
            for event in self._by_object[attempt.machine, object_id]
        )


def _claimed_offers() -> dict[tuple[int, int], int]:
    rows = LeadAssignment.objects.values_list("lead", "provider", "pk")
    return {(lead, provider): offer for lead, provider, offer in rows}


def check_asked_for(record: Record) -> Iterator[str]:
    """Find what happened by a person's hand although no client asked for it."""
    asked, claimers = set(), set()
    for attempt, _outcome in record.attempts:
        asked.add((attempt.machine, attempt.object_id, attempt.transition))
        claimers.add((attempt.object_id, attempt.claimer_id))
    claims = {offer for key, offer in _claimed_offers().items() if key in claimers}
    rows = TransitionRecord.objects.exclude(log__transition="create").filter(
        channel__in=[Channel.ADMIN, Channel.PAGE], actor__startswith="user:"
    )
    for event in rows.values_list("machine", "object_id", "log__transition"):
        if event not in asked and not (event[2] == "claim" and event[1] in claims):
            yield f"Nobody asked for {event[2]} of {event[0]} {event[1]}."


def check_invariants(findings: Iterable[Finding]) -> Iterator[str]:
    """Say which invariants are violated."""
    for finding in findings:
        if not finding.holds:
            ids = ", ".join(map(str, finding.ids))
            yield f"{finding.count} × {finding.invariant.code} {finding.invariant.name} (ids {ids})."


def check_routing() -> Iterator[str]:
    """Find leads whose decisions are not one per wave, and decisions whose offers are not those that they name.

    The invariants R1 and R2 say so too, from the log; this counts rows, so that both must be wrong to be silent.
    """
    waves = Lead.objects.annotate(decided=Count("decisions")).exclude(decided=F("wave"))
    for lead in waves:
        yield f"Lead {lead.pk} has had {lead.wave} waves and {lead.decided} decisions."
    offered = defaultdict(set)
    for decision, provider in LeadAssignment.objects.filter(was_claimed=False).values_list(
        "decision", "provider"
    ):
        offered[decision].add(provider)
    for decision in RoutingDecision.objects.only("pk", "candidates"):
        named = {one["provider"] for one in decision.candidates if one["outcome"] == "offered"}
        if named != offered[decision.pk]:
            yield f"Decision {decision.pk} names {sorted(named)} and has offers to {sorted(offered[decision.pk])}."


def check_deliveries(*, mail: Taken, webhooks: Taken) -> Iterator[str]:
    """Find deliveries without an end, delivered ones that nobody took, and what was taken that nobody sent."""
    unended = Delivery.objects.exclude(status__in=["delivered", "skipped", "dead"])
    for delivery in unended:
        yield f"Delivery {delivery.pk} has not ended: it is {delivery.status}."
    for channel, taken in (("email", mail), ("webhook", webhooks)):
        sent = Delivery.objects.filter(channel=channel)
        delivered = {str(key) for key in sent.filter(status="delivered").values_list("key", flat=True)}
        known = {str(key) for key in sent.values_list("key", flat=True)}
        for key in sorted(delivered - set(taken.times)):
            yield f"Delivered by {channel} on record, and not taken: {key}."
        for key in sorted(set(taken.times) - known):
            yield f"Taken by {channel}, and on no record: {key}."


def check_jobs() -> Iterator[str]:
    """Find jobs that failed for good; not the ticks of timers, for which the next ones make up."""
    failed = Job.objects.filter(status="failed").exclude(args__has_key="timestamp")
    for job in failed.values_list("pk", "task_name", "error__error_class", "error__message"):
        yield f"Job {job[0]} ({job[1]}) failed for good: {job[2]}: {job[3]}"


def check_programs(programs: Iterable[Program]) -> Iterator[str]:
    """Say which programs ended although nobody had killed them or told them to stop."""
    for program in programs:
        ended = program.starts - 1 - program.ends_asked
        if ended > 0:
            yield f"The {program.name} ended {ended} times by itself; see {program.log_path}."


def check_stalls(stalls: Iterable[Stall], *, limit_s: float) -> Iterator[str]:
    """Say after which faults nothing moved for too long."""
    for stall in stalls:
        if stall.transition_s > limit_s:
            yield f"After “{stall.kind}” no transition was acknowledged for {stall.transition_s:.1f} s."
        if stall.job_s > limit_s:
            yield f"After “{stall.kind}” no job finished for {stall.job_s:.1f} s."
