"""The list of leads: what each one's next step is, or what it waits for, read with the list itself."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Case, Count, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads import guards
from backend.leads.models import Lead, LeadAssignment
from backend.leads.selectors import list_repeated
from workflows import clock
from workflows.admin.next_step import show_step

__all__ = ["describe_next_step", "with_next_step"]


def with_next_step(leads: QuerySet[Any]) -> QuerySet[Any]:
    """Add what the next step is told from: no statement more, whatever the number of rows."""
    annotated: QuerySet[Any] = leads.annotate(
        open_offers=_count_offers("offered"),
        accepted_offers=_count_offers("accepted"),
        is_repeated=Case(
            When(status="new", then=Exists(list_repeated(OuterRef))),
            default=Value(value=False),
            output_field=BooleanField(),
        ),
    )
    return annotated


def describe_next_step(lead: Any) -> SafeString:
    """Return the next step of a lead of :func:`with_next_step`; "" when it has ended."""
    step, is_ready = _next_step(lead)
    return show_step(step, is_ready=is_ready) if step else SafeString("")


def _next_step(lead: Any) -> tuple[str, bool]:
    """Return the step and whether it can be taken now."""
    if lead.status == Lead.Status.NEW:
        waits = _what_verify_waits_for(lead)
        return (_("Verify: waits for “%s”") % "”, “".join(waits), False) if waits else (_("Verify"), True)
    if lead.status == Lead.Status.VERIFIED:
        return _offers_in_words(lead)
    if lead.status == Lead.Status.QUOTED:
        return _("Award: waits for the client"), False
    return "", False


def _what_verify_waits_for(lead: Any) -> list[str]:
    """Return the guards of Verify that do not hold, in their words."""
    failed = (
        (lead.contact.confirmed_at is None, guards.contact_is_confirmed),
        (lead.is_repeated, guards.is_not_a_duplicate),
        (not lead.category.is_served, guards.category_is_served),
        (lead.deadline_at <= clock.now(), guards.deadline_has_not_passed),
    )
    return [str(guard.label) for has_failed, guard in failed if has_failed]


def _offers_in_words(lead: Any) -> tuple[str, bool]:
    if lead.accepted_offers:
        count = lead.accepted_offers
        text = ngettext("Waits for a quote: %d has accepted", "Waits for quotes: %d have accepted", count)
        return text % count, False
    if lead.open_offers:
        count = lead.open_offers
        return ngettext("Waits for %d answer", "Waits for %d answers", count) % count, False
    if lead.retry_at:
        return _("Waits for a provider: tried again by %(when)s") % {"when": f"{lead.retry_at:%H:%M}"}, False
    return _("Reroute: nobody has an offer"), True


def _count_offers(status: str) -> Coalesce:
    counts = (
        LeadAssignment._base_manager.filter(lead=OuterRef("pk"), status=status)
        .order_by()
        .values("lead")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(counts), 0)
