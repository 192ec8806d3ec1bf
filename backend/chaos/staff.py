"""What staff do: verify (once, twice at a time, against a rejection), reject, reopen, assign, reroute, close."""

from __future__ import annotations

import random

from backend.chaos.clients import Choices, Deed, pick
from backend.leads.models import Lead, LeadAssignment
from backend.users.models import ProviderProfile

__all__ = ["DISPATCHER_CHOICES", "VERIFIER_CHOICES"]


def _lead_path(lead: Lead, name: str) -> str:
    return f"/admin/leads/lead/{lead.pk}/transition/{name}/"


def _pick_lead(dice: random.Random, *states: str) -> Lead | None:
    # The oldest first, so that several people meet at the same ones.
    found: Lead | None = pick(Lead.objects.filter(status__in=states).order_by("version", "id"), dice)
    return found


def _verify(lead: Lead) -> Deed:
    return Deed.of(lead, "verify", "verified", _lead_path(lead, "verify"))


def _reject(lead: Lead) -> Deed:
    return Deed.of(lead, "reject", "rejected", _lead_path(lead, "reject"), reason="not_genuine", note="")


def verify(dice: random.Random) -> list[Deed]:
    """Verify a new lead."""
    lead = _pick_lead(dice, "new")
    return [_verify(lead)] if lead else []


def verify_twice(dice: random.Random) -> list[Deed]:
    """Click twice: the same form, at the same time."""
    return verify(dice) * 2


def verify_and_reject(dice: random.Random) -> list[Deed]:
    """Be two people, one of whom verifies a lead while the other rejects it."""
    lead = _pick_lead(dice, "new")
    return [_verify(lead), _reject(lead)] if lead else []


def reject(dice: random.Random) -> list[Deed]:
    """Reject a new or a verified lead."""
    lead = _pick_lead(dice, "new", "verified")
    return [_reject(lead)] if lead else []


def reopen(dice: random.Random) -> list[Deed]:
    """Reopen a rejected lead."""
    lead = _pick_lead(dice, "rejected")
    return [Deed.of(lead, "reopen", "new", _lead_path(lead, "reopen"), reason="A mistake")] if lead else []


def reroute(dice: random.Random) -> list[Deed]:
    """Route a verified lead again: most often it has no place left, and that is said."""
    lead = _pick_lead(dice, "verified")
    return [Deed.of(lead, "reroute", "verified", _lead_path(lead, "reroute"))] if lead else []


def assign_by_hand(dice: random.Random) -> list[Deed]:
    """Offer a verified lead to a provider of one's choice."""
    lead = _pick_lead(dice, "verified")
    provider = pick(ProviderProfile.objects.order_by("pk"), dice, among=100)
    if not lead or not provider:
        return []
    path = _lead_path(lead, "assign_by_hand")
    return [Deed.of(lead, "assign_by_hand", "verified", path, provider=provider.pk, reason="Asked for it")]


def cancel(dice: random.Random) -> list[Deed]:
    """Close a verified lead."""
    lead = _pick_lead(dice, "verified")
    if not lead:
        return []
    path = _lead_path(lead, "cancel")
    return [Deed.of(lead, "cancel", "cancelled", path, reason="no_longer_needed", note="")]


def accept_for_provider(dice: random.Random) -> list[Deed]:
    """Accept an offer for its provider, who has telephoned."""
    return _answer(dice, "accept", "accepted")


def withdraw(dice: random.Random) -> list[Deed]:
    """Take an open offer back."""
    return _answer(dice, "withdraw", "withdrawn", reason="Asked for by telephone")


def _answer(dice: random.Random, name: str, target: str, **arguments: object) -> list[Deed]:
    offer = pick(LeadAssignment.objects.filter(status="offered").order_by("pk"), dice)
    if not offer:
        return []
    path = f"/admin/leads/leadassignment/{offer.pk}/transition/{name}/"
    return [Deed.of(offer, name, target, path, **arguments)]


VERIFIER_CHOICES: Choices = {verify: 6, verify_twice: 3, verify_and_reject: 2, reject: 1, reopen: 2}
DISPATCHER_CHOICES: Choices = {assign_by_hand: 4, reroute: 2, cancel: 1, accept_for_provider: 2, withdraw: 2}
