"""The list of offers: whom each one waits for, told from the offer and its lead."""

from __future__ import annotations

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backend.leads.models import Lead, LeadAssignment
from workflows import clock
from workflows.admin.next_step import show_step

__all__ = ["describe_next_step_of_offer"]


def describe_next_step_of_offer(offer: LeadAssignment) -> SafeString:
    """Return what an offer waits for; "" when it has ended."""
    if offer.status == LeadAssignment.Status.OFFERED:
        return _answer(offer)
    if offer.status != LeadAssignment.Status.ACCEPTED:
        return SafeString("")
    if offer.lead.status == Lead.Status.QUOTED:
        return show_step(_("Award: waits for the client"), is_ready=False)
    return show_step(_("Waits for a quote"), is_ready=False)


def _answer(offer: LeadAssignment) -> SafeString:
    now = clock.now()
    if offer.expires_at <= now:
        return show_step(_("Expires now"), is_ready=False)
    if offer.starts_at > now:
        when = f"{timezone.localtime(offer.starts_at):%-d %b %H:%M}"
        return show_step(_("Opens %(when)s") % {"when": when}, is_ready=False)
    when = f"{timezone.localtime(offer.expires_at):%-d %b %H:%M}"
    return show_step(_("Answer due %(when)s") % {"when": when}, is_ready=False)
