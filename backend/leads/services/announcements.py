"""What people are told of leads and offers: who, of which event, in which words, with which page."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.matching.rules import get_rule
from backend.notifications.models import NotificationType
from backend.notifications.services import Message, notify
from backend.users.selectors import list_staff_in
from workflows import Channel, current_event
from workflows.actors import current_acting

__all__ = [
    "offer_page",
    "remind_clients",
    "remind_providers",
    "remind_staff",
    "tell_client_of_quote",
    "tell_of_revision",
    "tell_provider_of_award",
    "tell_provider_of_withdrawal",
    "tell_providers",
    "tell_staff_of_import",
    "tell_staff_of_import_shortfall",
    "tell_staff_of_new_lead",
    "tell_staff_of_shortfall",
]

Entry = Mapping[str, Any]
"""One candidate of a decision: see ``RoutingDecision``."""


def offer_page(lead: Lead) -> str:
    """Return the path of the page on which a provider sees this lead, whether offered, claimable or accepted."""
    return f"/provider/offers/{lead.reference}/"


def tell_providers(decisions: Sequence[RoutingDecision], assignments: Iterable[LeadAssignment]) -> None:
    """Tell the providers of decisions: those with an offer, and those that may claim a place."""
    ends: dict[int, dict[int, datetime.datetime]] = {decision.lead_id: {} for decision in decisions}
    for one in assignments:
        ends[one.lead_id][one.provider_id] = one.expires_at
    notify([message for one in decisions for message in _messages_of(one, ends[one.lead_id])])


def _messages_of(decision: RoutingDecision, ends: Mapping[int, datetime.datetime]) -> Iterator[Message]:
    """Yield the messages of a decision; ``ends`` says by provider until when an offer makes sense."""
    offer = _("An offer for you: %(title)s, %(where)s"), _("%(category)s. Accept it or leave it to others.")
    chance = (
        _("A lead that you may claim: %(title)s, %(where)s"),
        _("%(category)s. If a place becomes free, it is yours to claim."),
    )
    lead = decision.lead
    offered, told = (
        [entry for entry in decision.candidates if entry["outcome"] == outcome]
        for outcome in ("offered", "told")
    )
    yield from _messages(lead, offered, NotificationType.LEAD_ASSIGNED, offer, ends=ends)
    yield from _messages(lead, told, NotificationType.LEAD_VERIFIED, chance, ends={})


def tell_client_of_quote(lead: Lead, assignment: LeadAssignment) -> None:
    """Tell the client that a provider sent a quote; a client without a login is told over the contact, later."""
    if lead.client_id is None:
        return
    notify(
        [
            Message(
                recipient_id=lead.client_id,
                type=NotificationType.QUOTE_RECEIVED,
                event=current_event(lead),
                subject=_("A quote from %(provider)s") % {"provider": assignment.provider},
                path=f"/requests/{lead.reference}/",
            )
        ]
    )


def tell_provider_of_award(assignment: LeadAssignment, *, has_won: bool) -> None:
    """Tell a provider whether the client chose it."""
    sentence = _("You have won %(title)s.") if has_won else _("%(title)s went to another provider.")
    _tell_provider(assignment, NotificationType.QUOTE_RESPONSE, sentence % {"title": assignment.lead.title})


def tell_provider_of_withdrawal(assignment: LeadAssignment, reason: str) -> None:
    """Tell a provider that something it counted on is gone."""
    sentence = _("No longer on offer: %(title)s") % {"title": assignment.lead.title}
    _tell_provider(assignment, NotificationType.SYSTEM_UPDATE, sentence, body=reason)


def remind_providers(offers: Iterable[LeadAssignment]) -> None:
    """Remind providers of offers that are about to expire."""
    notify(
        Message(
            recipient_id=offer.provider.user_id,
            type=NotificationType.REMINDER,
            event=f"{offer.machine_label()}:{offer.pk}:reminder",
            subject=_("Still open for you: %(title)s") % {"title": offer.lead.title},
            body=_("The offer ends on %(when)s (UTC).") % {"when": f"{offer.expires_at:%-d %b %Y %H:%M}"},
            path=offer_page(offer.lead),
            expires_at=offer.expires_at,
        )
        for offer in offers
    )


def remind_clients(leads: Iterable[Lead]) -> None:
    """Remind clients of quotes that wait for an answer; one without a login is told over the contact, later."""
    notify(
        Message(
            recipient_id=lead.client_id,
            type=NotificationType.REMINDER,
            event=f"{lead.machine_label()}:{lead.pk}:{lead.version}:reminder",
            subject=_("Quotes wait for your answer: %(title)s") % {"title": lead.title},
            path=f"/requests/{lead.reference}/",
        )
        for lead in leads
        if lead.client_id is not None
    )


def remind_staff(leads: Sequence[Lead]) -> None:
    """Remind those who verify of new leads that wait too long, the oldest first, in one message."""
    oldest = leads[0]
    facts = {"count": len(leads), "since": f"{oldest.created_at:%-d %b %Y %H:%M}"}
    _tell_staff(
        "leads.verify_lead",
        type_=NotificationType.REMINDER,
        event=f"{oldest.machine_label()}:{oldest.pk}:{oldest.version}:reminder",
        subject=ngettext(
            "%(count)d new lead waits to be verified", "%(count)d new leads wait to be verified", len(leads)
        )
        % facts,
        body=_("The oldest came in on %(since)s (UTC): %(title)s.") % {**facts, "title": oldest.title},
        path="/admin/leads/lead/?status__exact=new",
    )


def tell_of_revision(lead: Lead, offers: Iterable[LeadAssignment]) -> None:
    """Tell the providers whose offers stay that the request is another one now."""
    notify(
        Message(
            recipient_id=offer.provider.user_id,
            type=NotificationType.SYSTEM_UPDATE,
            event=current_event(lead),
            subject=_("The request has changed: %(title)s") % {"title": lead.title},
            body=_("Look at it again: category, place, budget or language are not what they were."),
            path=offer_page(lead),
        )
        for offer in offers
    )


def tell_staff_of_new_lead(lead: Lead) -> None:
    """Tell those who verify that a new lead waits for them."""
    _tell_staff(
        "leads.verify_lead",
        event=f"{lead._meta.label_lower}:{lead.pk}:{lead.version}",
        subject=_("New: %(title)s (%(reference)s)") % {"title": lead.title, "reference": lead.reference},
        path=f"/admin/leads/lead/{lead.pk}/change/",
    )


def tell_staff_of_import(source: str, *, run: str, created: int) -> None:
    """Tell those who verify of a whole import, once: nobody reads thousands of messages."""
    _tell_staff(
        "leads.verify_lead",
        event=f"import:{run}",
        subject=_("%(count)d leads imported from %(source)s") % {"count": created, "source": source},
        path="/admin/leads/lead/?status__exact=new",
    )


def tell_staff_of_import_shortfall(source: str, *, run: str, verified: int, lacking: int) -> None:
    """Tell those who dispatch how many leads of an import found nobody, once for all of them."""
    _tell_staff(
        "leads.reroute_lead",
        event=f"import:{run}:shortfall",
        subject=_("%(lacking)d of %(verified)d leads of %(source)s found no provider")
        % {"lacking": lacking, "verified": verified, "source": source},
        path="/admin/leads/lead/?status__exact=verified",
    )


def tell_staff_of_shortfall(decision: RoutingDecision) -> None:
    """Tell those who dispatch that a lead found nobody, with the counts by rule.

    A run over many leads tells them once, at its end.
    """
    if current_acting().channel in (Channel.IMPORT, Channel.BULK):
        return
    _tell_staff(
        "leads.reroute_lead",
        event=current_event(decision.lead),
        subject=_("No provider for %(reference)s") % {"reference": decision.lead.reference},
        body=_counts_in_words(decision),
        path=f"/admin/leads/lead/{decision.lead_id}/change/",
    )


def _counts_in_words(decision: RoutingDecision) -> str:
    """Return whom routing looked at, and what excluded them: ``12 looked at: 9 too far, 3 full``."""
    if not decision.candidates_count:
        return _("Nobody near offers this category.")
    counts = sorted(decision.excluded_counts.items(), key=lambda pair: (-pair[1], pair[0]))
    excluded = ", ".join(f"{count} {get_rule(code).summary}" for code, count in counts)
    return _("%(all)d looked at: %(excluded)s") % {"all": decision.candidates_count, "excluded": excluded}


def _messages(
    lead: Lead,
    entries: Sequence[Entry],
    type_: NotificationType,
    sentences: tuple[str, str],
    *,
    ends: Mapping[int, datetime.datetime],
) -> Iterator[Message]:
    """Yield one message for each candidate of a decision; ``sentences`` are subject and text.

    ``ends`` says by provider until when it makes sense; for the others as long as the lead may be offered.
    """
    facts = {"title": lead.title, "where": lead.place_name or _("near you"), "category": lead.category}
    subject, body = (sentence % facts for sentence in sentences)
    event, path = current_event(lead), offer_page(lead)
    for entry in entries:
        yield Message(
            recipient_id=entry["user"],
            type=type_,
            event=event,
            subject=subject,
            body=body,
            path=path,
            expires_at=ends.get(entry["provider"], lead.deadline_at),
        )


def _tell_provider(
    assignment: LeadAssignment, type_: NotificationType, subject: str, *, body: str = ""
) -> None:
    message = Message(
        recipient_id=assignment.provider.user_id,
        type=type_,
        event=current_event(assignment),
        subject=subject,
        body=body,
        path=offer_page(assignment.lead),
    )
    notify([message])


def _tell_staff(
    permission: str,
    *,
    event: str,
    subject: str,
    path: str,
    body: str = "",
    type_: NotificationType = NotificationType.SYSTEM,
) -> None:
    notify(
        Message(
            recipient_id=user_id,
            type=type_,
            event=event,
            subject=subject,
            body=body,
            path=path,
        )
        for user_id in list_staff_in(permission)
    )
