"""The end of a lead: what becomes of its offers."""

from __future__ import annotations

from backend.leads import selectors
from backend.leads.models import Lead, LeadAssignment
from workflows import SystemActor

__all__ = ["award", "withdraw_all"]

CLOSING = SystemActor("closing")
ENDED = "The lead has ended."


def withdraw_all(lead: Lead) -> None:
    """Withdraw every offer of a lead that ends, accepted ones too; each provider is told."""
    for assignment in selectors.list_live_offers(lead):
        assignment.withdraw(by=CLOSING, reason=ENDED)


def award(lead: Lead, winner: LeadAssignment) -> None:
    """Let one offer win; every other that was open or accepted has lost."""
    for assignment in selectors.list_live_offers(lead):
        if assignment.pk == winner.pk:
            assignment.win(by=CLOSING)
        else:
            assignment.lose(by=CLOSING)
