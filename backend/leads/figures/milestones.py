"""How far leads and offers came, as conditions: a figure counts by them, and the list behind it filters by them.

What was once reached counts, whatever came afterwards: an offer that was accepted and then withdrawn was accepted.
The audit log says so; a state alone tells only where a thing is now.
"""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.utils.translation import gettext_lazy as _
from django_fsm_log.models import StateLog

from backend.leads.figures.scope import Span
from backend.leads.models import Lead, LeadAssignment
from backend.leads.selectors import OFFERED

__all__ = [
    "CLOSED_BY_PROVIDER",
    "Answer",
    "Stage",
    "answer_of_offer",
    "first_accepted_in",
    "first_verified_in",
    "has_no_offer",
    "has_reached",
    "lacks_providers",
    "type_id_of",
]


class Stage(TextChoices):
    """The stages of a lead that goes well, in their order."""

    VERIFIED = "verified", _("Verified")
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    QUOTED = "quoted", _("Quoted")
    WON = "won", _("Won")


class Answer(TextChoices):
    """What became of an offer: each has exactly one."""

    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    ENDED = "ended", _("Ended unanswered")


CLOSED_BY_PROVIDER = (Answer.ACCEPTED, Answer.DECLINED, Answer.EXPIRED)
"""The answers that a provider gave, or left out."""


def type_id_of(model: type[Lead] | type[LeadAssignment]) -> int:
    """Return the number under which the log keeps the events of a model; it is read once per process."""
    return ContentType.objects.get_for_model(model).pk


def has_reached(stage: Stage) -> Q:
    """Return the condition that a lead has once come so far."""
    conditions = {
        Stage.VERIFIED: lambda: Q(Exists(_verifications().filter(object_id=OuterRef("pk")))),
        Stage.OFFERED: lambda: Q(Exists(_offers_of_outer_lead())),
        Stage.ACCEPTED: lambda: Q(Exists(_offers_of_outer_lead().filter(_was_accepted()))),
        Stage.QUOTED: lambda: Q(Exists(_events(Lead, state="quoted").filter(object_id=OuterRef("pk")))),
        Stage.WON: lambda: Q(status=Lead.Status.WON),
    }
    return conditions[stage]()


def has_no_offer() -> Q:
    """Return the condition that a lead is to be offered, and no offer of it is open or accepted."""
    live = _offers_of_outer_lead().filter(status__in=["offered", "accepted"])
    return Q(status__in=OFFERED) & ~Q(Exists(live))


def lacks_providers() -> Q:
    """Return the condition that a lead's last wave made fewer offers than it wanted: it is tried again."""
    return Q(status__in=OFFERED, retry_at__isnull=False)


def first_verified_in(span: Span) -> Q:
    """Return the condition that a lead was verified in a span, and never before it."""
    events = _verifications()
    inside = events.filter(timestamp__gte=span.since, timestamp__lt=span.until).values("object_id")
    return Q(pk__in=inside) & ~Q(pk__in=events.filter(timestamp__lt=span.since).values("object_id"))


def first_accepted_in(span: Span) -> Q:
    """Return the condition that a provider accepted or claimed a lead in a span, and none did before it."""
    events = _events(LeadAssignment, state="accepted")
    inside = events.filter(timestamp__gte=span.since, timestamp__lt=span.until)
    return Q(pk__in=_leads_of(inside)) & ~Q(pk__in=_leads_of(events.filter(timestamp__lt=span.since)))


def answer_of_offer() -> Case:
    """Return what became of an offer, as an expression to annotate offers with."""
    return Case(
        When(status="offered", then=Value(Answer.OPEN)),
        When(status="declined", then=Value(Answer.DECLINED)),
        When(status="expired", then=Value(Answer.EXPIRED)),
        When(_was_accepted(), then=Value(Answer.ACCEPTED)),
        default=Value(Answer.ENDED),
        output_field=CharField(),
    )


def _was_accepted() -> Q:
    """Return the condition that an offer was once accepted; the log is asked only where the state does not tell."""
    accepted = _events(LeadAssignment, state="accepted").filter(object_id=OuterRef("pk"))
    return Q(status__in=["accepted", "won"]) | (Q(status__in=["withdrawn", "lost"]) & Q(Exists(accepted)))


def _offers_of_outer_lead() -> QuerySet[LeadAssignment]:
    offers: QuerySet[LeadAssignment] = LeadAssignment._base_manager.filter(lead=OuterRef("pk"))
    return offers.order_by()


def _leads_of(events: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    offers = LeadAssignment._base_manager.filter(pk__in=events.values("object_id"))
    return offers.order_by().values("lead")


def _verifications() -> QuerySet[Any, Any]:
    # A reroute ends in the same state.
    return _events(Lead, state="verified").filter(transition="verify")


def _events(model: type[Lead] | type[LeadAssignment], *, state: str) -> QuerySet[Any, Any]:
    """Return the events by which objects came into a state."""
    events: QuerySet[Any, Any] = StateLog.objects.filter(content_type=type_id_of(model), state=state)
    return events
