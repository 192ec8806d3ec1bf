"""What can be done with the offers of a lead, where they are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.http import urlencode

from backend.leads.models import LeadAssignment
from workflows import machine_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from backend.users.models import User

__all__ = ["OfferAction", "list_offer_actions"]


@dataclass(frozen=True, slots=True)
class OfferAction:
    """A link to the question of one transition of one offer, from which one comes back."""

    text: str
    url: str
    is_dangerous: bool


def list_offer_actions(
    offer: LeadAssignment, *, user: User | AnonymousUser, back: str
) -> tuple[OfferAction, ...]:
    """Return what the user may do with an offer in its state; whether it can be done now, its question says.

    Reads nothing: guards of many offers would cost statements for each of them.
    """
    machine = machine_of(LeadAssignment)
    seen: dict[str, str | int] = {"expect": offer.state, "expect_version": offer.version, "next": back}
    return tuple(
        OfferAction(
            text=str(transition.label),
            url=f"{reverse('admin:leads_leadassignment_transition', args=[offer.pk, transition.name])}"
            f"?{urlencode(seen)}",
            is_dangerous=transition.is_dangerous,
        )
        for transition in machine.transitions_from(offer.state)
        if transition.permission and user.has_perms([transition.permission])
    )
