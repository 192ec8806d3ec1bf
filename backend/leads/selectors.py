"""Reading leads and offers: what guards, services and pages ask."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection
from django.db.models import (
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from backend.leads.terms_in_force import duplicate_within_sql
from backend.matching.eligibility import judge_providers
from backend.matching.values import Request
from workflows import Actor, Explanation, clock, explain

if TYPE_CHECKING:
    from backend.leads.models import Lead, LeadAssignment, LeadTip
    from backend.users.models import ProviderProfile

__all__ = [
    "OFFERED",
    "STANDING",
    "OfferCounts",
    "count_offers",
    "count_offers_by_lead",
    "explain_claim",
    "find_duplicate_of",
    "find_originals",
    "hold_status",
    "is_accepted",
    "is_told",
    "list_failed_rules",
    "list_live_offers",
    "list_offered_before",
    "list_offers_of",
    "list_repeated",
    "list_sources",
    "list_tips_of",
    "list_waiting_leads",
    "offered_before",
    "request_of",
]

# States in which a lead is offered to providers.
OFFERED = ("verified", "quoted")

# States in which a lead still stands: a second one from the same contact is a duplicate of it.
STANDING = ("new", "verified", "quoted", "won")


@dataclass(frozen=True, slots=True)
class OfferCounts:
    """How many offers of a lead are open, are accepted (won ones too), and were made in all."""

    open: int
    accepted: int
    made: int

    @property
    def occupied(self) -> int:
        """Return how many places are taken."""
        return self.open + self.accepted


def count_offers(lead: Lead, *, without: LeadAssignment | None = None) -> OfferCounts:
    """Count the offers of a lead, perhaps without one of them: one statement."""
    offers = lead.assignments.order_by()
    if without is not None:
        offers = offers.exclude(pk=without.pk)
    statuses = list(offers.values_list("status", flat=True))
    return OfferCounts(
        open=statuses.count("offered"),
        accepted=statuses.count("accepted") + statuses.count("won"),
        made=len(statuses),
    )


def count_offers_by_lead(lead_ids: Collection[int]) -> dict[int, OfferCounts]:
    """Count the offers of each of many leads: one statement for all; a lead without offers has zeros."""
    offers = apps.get_model("leads", "LeadAssignment")._base_manager.filter(lead__in=lead_ids)
    rows = (
        offers.order_by()
        .values_list("lead")
        .annotate(
            open=Count("pk", filter=Q(status="offered")),
            accepted=Count("pk", filter=Q(status__in=("accepted", "won"))),
            made=Count("pk"),
        )
    )
    none = dict.fromkeys(lead_ids, OfferCounts(open=0, accepted=0, made=0))
    return none | {lead: OfferCounts(open_, accepted, made) for lead, open_, accepted, made in rows}


def list_live_offers(lead: Lead) -> QuerySet[LeadAssignment]:
    """Return the offers of a lead that are open or accepted, by provider: the order in which those are locked."""
    live = lead.assignments.filter(status__in=("offered", "accepted"))
    return live.select_related("provider").order_by("provider_id")


def list_offers_of(provider: ProviderProfile) -> QuerySet[LeadAssignment]:
    """Return the offers of a provider, the newest first, with what names them."""
    offers: QuerySet[LeadAssignment] = apps.get_model("leads", "LeadAssignment")._base_manager.filter(
        provider=provider
    )
    return offers.select_related("lead__category", "provider").order_by("-created_at", "-pk")


def list_tips_of(provider: ProviderProfile) -> QuerySet[LeadTip]:
    """Return what a provider may claim, the newest first: told of, open still, and neither offered nor claimed."""
    tips: QuerySet[LeadTip] = apps.get_model("leads", "LeadTip")._base_manager.filter(
        provider=provider, lead__status__in=OFFERED, lead__deadline_at__gt=clock.now()
    )
    unanswered = tips.exclude(lead__assignments__provider=provider)
    return unanswered.select_related("lead__category", "provider", "decision").order_by("-created_at", "-pk")


def request_of(lead: Lead, *, already_offered: frozenset[int] = frozenset()) -> Request:
    """Return a lead as its next routing sees it: what, where, when, in which language, for how much."""
    return Request(
        category_id=lead.category_id,
        latitude=lead.latitude,
        longitude=lead.longitude,
        budget=lead.budget,
        language=lead.language,
        urgency=lead.urgency,
        at=clock.now(),
        deadline=lead.deadline_at,
        key=lead.reference,
        client_user_id=lead.client_id,
        already_offered=already_offered,
        wave=lead.wave + 1,
    )


def offered_before(lead: Lead) -> frozenset[int]:
    """Return who was offered this lead in an earlier wave; before the first there is nothing to ask."""
    if not lead.wave:
        return frozenset()
    return frozenset(lead.assignments.values_list("provider_id", flat=True))


def list_offered_before(lead_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return who was offered each of these leads so far: one statement; a lead without offers is left out."""
    offers = apps.get_model("leads", "LeadAssignment")._base_manager.filter(lead__in=lead_ids)
    providers: dict[int, set[int]] = {}
    for lead_id, provider_id in offers.order_by().values_list("lead_id", "provider_id"):
        providers.setdefault(lead_id, set()).add(provider_id)
    return {lead_id: frozenset(ids) for lead_id, ids in providers.items()}


def list_failed_rules(lead: Lead, provider_id: int) -> tuple[str, ...]:
    """Return the codes of all rules by which a provider may not have a lead now: two statements."""
    request = request_of(lead, already_offered=offered_before(lead))
    return judge_providers(request, [provider_id])[provider_id].failed


def is_told(lead: Lead, provider_id: int) -> bool:
    """Return whether a provider was told of a lead: it may claim a place."""
    return lead.tips.filter(provider_id=provider_id).exists()


def explain_claim(lead: Lead, provider: ProviderProfile, *, by: Actor) -> Explanation:
    """Return whether a provider may claim a place on a lead now, and of every condition whether it holds."""
    draft = apps.get_model("leads", "LeadAssignment")(
        lead=lead, provider=provider, was_claimed=True, expires_at=lead.deadline_at
    )
    return next(one for one in explain(draft, by=by) if one.transition.name == "claim")


def list_waiting_leads(provider: ProviderProfile) -> QuerySet[Lead]:
    """Return the open leads that lack providers, in the categories of one, and were not offered to it; oldest first."""
    leads: QuerySet[Lead] = apps.get_model("leads", "Lead")._base_manager.filter(
        status__in=OFFERED,
        retry_at__isnull=False,
        deadline_at__gt=clock.now(),
        category__in=provider.offered_categories.values("category"),
    )
    return leads.exclude(assignments__provider=provider).order_by("created_at", "pk")


def hold_status(lead: Lead) -> str:
    """Return a lead's state as the database has it, and hold it there until the end of the transaction."""
    rows = type(lead)._base_manager.select_for_update(no_key=True)
    return str(rows.filter(pk=lead.pk).values_list("status", flat=True).get())


def is_accepted(assignment: LeadAssignment) -> bool:
    """Return whether the offer is accepted, as the database has it now."""
    return type(assignment)._base_manager.filter(pk=assignment.pk, status="accepted").exists()


def find_duplicate_of(lead: Lead) -> Lead | None:
    """Return the earliest standing lead that this one repeats, or None: one statement."""
    facts = {
        "pk": lead.pk,
        "created_at": lead.created_at,
        "category": lead.category_id,
        "contact__email_key": lead.contact.email_key,
        "contact__phone_key": lead.contact.phone_key,
    }
    repeated = list_repeated(lambda name: Value(facts[name]))
    return repeated.order_by("created_at", "pk").first()


def find_originals(leads: Collection[Lead]) -> dict[int, str]:
    """Return which of these leads repeat another one, each with the reference of the earliest: one statement."""
    rows: QuerySet[Lead] = apps.get_model("leads", "Lead")._base_manager.filter(
        pk__in=[one.pk for one in leads]
    )
    earliest = list_repeated(OuterRef).order_by("created_at", "pk").values("reference")[:1]
    found = rows.annotate(original=Subquery(earliest)).values_list("pk", "original")
    # Asked for those alone that have one, the statement would look for it twice.
    return {pk: original for pk, original in found if original is not None}


def list_repeated(fact: Callable[[str], Any]) -> QuerySet[Lead]:
    """Return the standing leads that another one repeats: same contact, same category, within the terms' days.

    ``fact`` gives what that other lead holds in a field, as an expression: ``Value(…)``, or ``OuterRef`` to ask it of
    a whole list.  Of two new leads the later is the duplicate; one that was verified stands, though it came in later.
    """
    same_email = Q(contact__email_key=fact("contact__email_key")) & ~Q(contact__email_key="")
    same_phone = Q(contact__phone_key=fact("contact__phone_key")) & ~Q(contact__phone_key="")
    came_first = Q(created_at__lt=fact("created_at")) | Q(created_at=fact("created_at"), pk__lt=fact("pk"))
    within = duplicate_within_sql()
    leads: QuerySet[Lead] = apps.get_model("leads", "Lead")._base_manager.all()
    # The time is asked so that no index can answer: of a category, a month has thousands of leads, of a contact few.
    return (
        leads.alias(
            since=ExpressionWrapper(F("created_at") - within, output_field=DateTimeField()),
            until=ExpressionWrapper(F("created_at") + within, output_field=DateTimeField()),
        )
        .filter(
            same_email | same_phone,
            came_first | ~Q(status="new"),
            category=fact("category"),
            status__in=STANDING,
            since__lte=fact("created_at"),
            until__gte=fact("created_at"),
        )
        .exclude(pk=fact("pk"))
    )


# Each step asks an index for the next value: the table itself, of however many leads, is not read.
_SOURCES = """
WITH RECURSIVE known AS (
    (SELECT source FROM leads_lead ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT lead.source FROM leads_lead AS lead WHERE lead.source > known.source ORDER BY lead.source LIMIT 1)
    FROM known WHERE known.source IS NOT NULL
)
SELECT source FROM known WHERE source IS NOT NULL
"""


def list_sources() -> list[str]:
    """Return the sources from which leads have come in, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES)
        return [source for (source,) in cursor.fetchall()]
