"""When what providers were told of leads makes no sense any more: asked right before each message is sent.

What is about nothing that is found here is sent: nothing speaks against it.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backend.leads.guards import find_obstacle_to_accept
from backend.leads.models import Lead, LeadAssignment
from backend.leads.selectors import count_offers
from backend.leads.terms_in_force import read_terms
from backend.notifications import relevance
from backend.notifications.models import Notification, NotificationType
from workflows import clock

__all__ = ["register_checks", "why_claim_is_over", "why_offer_is_over", "why_reminder_is_over"]


def register_checks() -> None:
    """Have these asked of the types that this app produces; whatever else it tells stays true."""
    relevance.register(NotificationType.LEAD_ASSIGNED, why_offer_is_over)
    relevance.register(NotificationType.LEAD_VERIFIED, why_claim_is_over)
    relevance.register(NotificationType.REMINDER, why_reminder_is_over)


def why_offer_is_over(notification: Notification) -> str:
    """Return why an offer need not be announced any more: it was answered or taken back, or others were faster."""
    offer = _offers_to(notification).filter(lead_id=_object_of(notification)).first()
    return _why_not_acceptable(offer)


def why_claim_is_over(notification: Notification) -> str:
    """Return why a lead need not be pointed out any more: the provider was offered it, or has nothing to claim."""
    lead = Lead._base_manager.filter(pk=_object_of(notification)).first()
    if lead is None:
        return ""
    if not lead.is_offered or lead.deadline_at <= clock.now():
        return _("The lead is no longer on offer.")
    if _offers_to(notification).filter(lead=lead).exists():
        return _("The lead was offered to the provider meanwhile.")
    if not lead.tips.filter(provider__user=notification.recipient_id).exists():
        return _("The request has changed: the provider may not claim it any more.")
    return _obstacle_in_words(lead)


def why_reminder_is_over(notification: Notification) -> str:
    """Return why somebody need not be reminded any more: the provider has answered, the client has chosen."""
    machine, key = notification.event.split(":")[:2]
    if machine == LeadAssignment.machine_label():
        return _why_not_acceptable(_offers_to(notification).filter(pk=key).first())
    quoted = Lead._base_manager.filter(pk=key, client=notification.recipient_id)
    if quoted.exclude(status=Lead.Status.QUOTED).exists():
        return _("The quotes were answered.")
    return ""


def _why_not_acceptable(offer: LeadAssignment | None) -> str:
    if offer is None:
        return ""
    if offer.status != LeadAssignment.Status.OFFERED:
        return _("The offer is no longer open.")
    return _obstacle_in_words(offer.lead)


def _obstacle_in_words(lead: Lead) -> str:
    obstacle = find_obstacle_to_accept(lead, count_offers(lead), terms=read_terms(lead.category_id))
    return str(obstacle.message) if obstacle else ""


def _offers_to(notification: Notification) -> QuerySet[LeadAssignment]:
    offers: QuerySet[LeadAssignment] = LeadAssignment._base_manager.filter(
        provider__user=notification.recipient_id
    )
    return offers.select_related("lead")


def _object_of(notification: Notification) -> int:
    """Return the number of the object that an event such as ``leads.lead:17:2`` is about."""
    return int(notification.event.split(":")[1])
