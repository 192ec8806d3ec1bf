"""What a provider does: accepts, declines, claims, goes on holiday and comes back."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass

from backend.chaos.clients import Choices, Deed, pick
from backend.chaos.record import Attempt
from backend.leads.models import Lead, LeadAssignment, LeadTip
from backend.users.models import ProviderProfile

__all__ = ["provider_choices"]

SETTINGS = "/settings/notifications/"


def provider_choices(username: str) -> Choices:
    """Return what the provider with this login does, by weight."""
    one = _Provider(username)
    return {
        one.accept: 5,
        one.accept_twice: 2,
        one.decline: 3,
        one.accept_and_decline: 1,
        one.claim: 3,
        one.pause: 1,
        one.resume: 3,
    }


@dataclass(frozen=True)
class _Provider:
    username: str

    def accept(self, dice: random.Random) -> list[Deed]:
        offer = self._pick_offer(dice)
        return [_accept(offer)] if offer else []

    def accept_twice(self, dice: random.Random) -> list[Deed]:
        return self.accept(dice) * 2

    def decline(self, dice: random.Random) -> list[Deed]:
        offer = self._pick_offer(dice)
        return [_decline(offer)] if offer else []

    def accept_and_decline(self, dice: random.Random) -> list[Deed]:
        offer = self._pick_offer(dice)
        return [_accept(offer), _decline(offer)] if offer else []

    def claim(self, dice: random.Random) -> list[Deed]:
        tips = LeadTip.objects.filter(provider__user__username=self.username, lead__status="verified")
        tip = pick(tips.select_related("lead").order_by("pk"), dice)
        if not tip:
            return []
        attempt = Attempt(
            LeadAssignment.machine_label(),
            tip.lead_id,
            "claim",
            source="offered",
            target="accepted",
            claimer_id=tip.provider_id,
        )
        return [Deed(_path(tip.lead), {"answer": "claim"}, attempt)]

    def pause(self, dice: random.Random) -> list[Deed]:
        return self._move("pause", "active", "paused")

    def resume(self, dice: random.Random) -> list[Deed]:
        return self._move("resume", "paused", "active")

    def _pick_offer(self, dice: random.Random) -> LeadAssignment | None:
        offers = LeadAssignment.objects.filter(provider__user__username=self.username, status="offered")
        found: LeadAssignment | None = pick(offers.select_related("lead").order_by("pk"), dice)
        return found

    def _move(self, name: str, source: str, target: str) -> list[Deed]:
        profile = ProviderProfile.objects.get(user__username=self.username)
        return [Deed.of(profile, name, target, SETTINGS, part=name)] if profile.state == source else []


def _path(lead: Lead) -> str:
    return f"/provider/offers/{lead.reference}/"


def _accept(offer: LeadAssignment) -> Deed:
    return _may_be_told_again(Deed.of(offer, "accept", "accepted", _path(offer.lead), answer="accept"))


def _decline(offer: LeadAssignment) -> Deed:
    path = _path(offer.lead)
    return _may_be_told_again(
        Deed.of(offer, "decline", "declined", path, answer="decline", reason="too_busy", note="")
    )


def _may_be_told_again(deed: Deed) -> Deed:
    """Leave the number of the event open: whoever clicks again is told that it is done."""
    return dataclasses.replace(deed, attempt=dataclasses.replace(deed.attempt, sequence=0))
