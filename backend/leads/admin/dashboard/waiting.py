"""The tiles of leads that wait now."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.dashboard.tiles import Line, Tile, format_count
from backend.leads.figures.waiting import WaitingLeads, summarize_waiting
from backend.leads.terms_in_force import read_terms_book
from workflows.admin.durations import describe_duration

__all__ = ["build_waiting_tiles"]


def build_waiting_tiles(addresses: Addresses) -> list[Tile]:
    """Return the tiles of leads that wait for staff, and for a provider."""
    waiting = summarize_waiting(addresses.scope)
    return [_new_leads(waiting, addresses), _without_offer(waiting, addresses), _lacking(waiting, addresses)]


def _new_leads(waiting: WaitingLeads, addresses: Addresses) -> Tile:
    verify_within = read_terms_book().market.verify_within
    limit = describe_duration(verify_within)
    is_late = waiting.oldest and addresses.scope.now - waiting.oldest.since > verify_within
    return Tile(
        "new-leads",
        _("New leads waiting"),
        Line(format_count(waiting.new), addresses.leads(status__exact="new")),
        _("Leads in the state New, which nobody has verified or closed. Each should be within %(time)s.")
        % {"time": limit},
        _oldest_lines(waiting, addresses),
        alarm=_("Waits longer than %(time)s") % {"time": limit} if is_late else "",
    )


def _oldest_lines(waiting: WaitingLeads, addresses: Addresses) -> tuple[Line, ...]:
    if not waiting.oldest:
        return ()
    waits = describe_duration(addresses.scope.now - waiting.oldest.since)
    words = _("Oldest: %(lead)s, for %(time)s") % {"lead": waiting.oldest.reference, "time": waits}
    return (Line(words, reverse("admin:leads_lead_change", args=[waiting.oldest.pk])),)


def _without_offer(waiting: WaitingLeads, addresses: Addresses) -> Tile:
    return Tile(
        "without-offer",
        _("Leads without an offer"),
        Line(format_count(waiting.without_offer), addresses.leads(offers="none")),
        _("Verified or quoted leads of which no offer is open or accepted: no provider is at work on them."),
        alarm=_("Nobody works on them") if waiting.without_offer else "",
    )


def _lacking(waiting: WaitingLeads, addresses: Addresses) -> Tile:
    lines: tuple[Line, ...] = ()
    if waiting.next_try_at:
        when = f"{timezone.localtime(waiting.next_try_at):%-d %b %H:%M}"
        lines = (Line(_("Next try by %(when)s") % {"when": when}),)
    return Tile(
        "lacking",
        _("Leads that lack providers"),
        Line(format_count(waiting.lacking), addresses.leads(offers="lacking")),
        _(
            "Leads whose last wave made fewer offers than it wanted. They are tried again by themselves: when a"
            " provider appears or has room, and every hour."
        ),
        lines,
    )
