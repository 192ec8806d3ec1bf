"""What becomes of the offers of the demo market: answers, silence, quotes, and the client's choice."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.leads.models import DeclineReason, Lead, LeadAssignment
from backend.leads.models.lead import CloseReason
from backend.procompare.demo.chance import draw
from backend.procompare.demo.stage import TIMER, Stage
from backend.procompare.demo.timing import later
from backend.users.models import ProviderProfile, User
from workflows import Channel, SystemActor, TransitionBlocked, clock

__all__ = ["OfferLife"]

QUOTES = SystemActor("quotes")

ANSWERS = {"accepts": 0.42, "declines": 0.28, "is silent": 0.3}
DECLINES = {
    DeclineReason.TOO_BUSY: 5,
    DeclineReason.BUDGET: 3,
    DeclineReason.TOO_FAR: 2,
    DeclineReason.NOT_MY_WORK: 2,
    DeclineReason.OTHER: 1,
}
CHOICES = {"awards": 0.66, "cancels": 0.12, "does nothing": 0.22}
QUOTING_SHARE = 0.8
WITHDRAWN_SHARE = 0.02
# The sweep that ends offers comes by every few minutes.
SWEEP = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OfferLife:
    """Puts what becomes of each offer into the agenda.

    ``followed`` are the offers that it knows, ``quoted`` those whose providers sent a quote, by lead.
    """

    stage: Stage
    followed: set[int] = field(default_factory=set)
    quoted: dict[int, list[int]] = field(default_factory=dict)

    def follow(self, lead: Lead) -> None:
        """Draw what becomes of every offer of a lead that was made since the last time."""
        new = lead.assignments.filter(status=LeadAssignment.Status.OFFERED).exclude(pk__in=self.followed)
        for offer in new.select_related("provider").order_by("decision__wave", "rank"):
            self.followed.add(offer.pk)
            self._plan_answer(offer)

    def reroute(self, pk: int) -> None:
        """The dispatcher looks for more providers, where the lead has places free."""
        lead = Lead.objects.get(pk=pk)
        if not lead.is_offered:
            return
        try:
            with self.stage.on(Channel.ADMIN):
                lead.reroute(by=self.stage.staff["dispatcher"])
        except TransitionBlocked:
            return  # The button is not there.
        self.follow(lead)

    def speaker_for(self, lead: Lead) -> User:
        """Return who acts for the client: the client, or the dispatcher for one without an account."""
        return lead.client or self.stage.staff["dispatcher"]

    def _plan_answer(self, offer: LeadAssignment) -> None:
        chance, now = self.stage.chance, clock.now()
        pk, time_zone = offer.pk, offer.provider.time_zone
        steps: dict[str, Callable[[], None]] = {
            "accepts": lambda: self._accept(pk),
            "declines": lambda: self._decline(pk),
        }
        step = steps.get(draw(chance, ANSWERS))
        answered_at = later(chance, now, mean_h=9, time_zone=time_zone)
        if step is not None and answered_at < offer.expires_at:
            self.stage.agenda.add(answered_at, step)
        else:
            self._plan_expiry(offer)

    def _plan_expiry(self, offer: LeadAssignment) -> None:
        swept_at = offer.expires_at + self.stage.chance.random() * SWEEP
        self.stage.agenda.add(swept_at, lambda: self._expire(offer.pk))

    def _offer(self, pk: int) -> LeadAssignment | None:
        """Return an offer that is open still; one whose provider is away is left to expire."""
        offer = LeadAssignment.objects.select_related("lead", "provider").get(pk=pk)
        if offer.status != LeadAssignment.Status.OFFERED:
            return None
        if offer.provider.status not in (ProviderProfile.Status.ACTIVE, ProviderProfile.Status.PAUSED):
            self._plan_expiry(offer)
            return None
        return offer

    def _accept(self, pk: int) -> None:
        offer = self._offer(pk)
        if offer is None:
            return
        try:
            with self.stage.on(Channel.PAGE):
                offer.accept(by=self.stage.users[offer.provider_id])
        except TransitionBlocked:
            self._plan_expiry(offer)  # Others were faster.
            return
        chance, now = self.stage.chance, clock.now()
        if chance.random() < QUOTING_SHARE:
            quoted_at = later(chance, now, mean_h=20, time_zone=offer.provider.time_zone)
            self.stage.agenda.add(quoted_at, lambda: self._quote(pk))
        elif chance.random() < WITHDRAWN_SHARE / (1 - QUOTING_SHARE):
            self.stage.agenda.add(now + datetime.timedelta(days=2), lambda: self._withdraw(pk))

    def _decline(self, pk: int) -> None:
        offer = self._offer(pk)
        if offer is None:
            return
        with self.stage.on(Channel.PAGE):
            offer.decline(by=self.stage.users[offer.provider_id], reason=draw(self.stage.chance, DECLINES))
        self.follow(offer.lead)

    def _expire(self, pk: int) -> None:
        offer = LeadAssignment.objects.select_related("lead").get(pk=pk)
        if offer.status != LeadAssignment.Status.OFFERED:
            return
        with self.stage.on(Channel.TIMER):
            offer.expire(by=TIMER)
        self.follow(offer.lead)

    def _withdraw(self, pk: int) -> None:
        offer = LeadAssignment.objects.get(pk=pk)
        if offer.status == LeadAssignment.Status.ACCEPTED:
            with self.stage.on(Channel.ADMIN):
                offer.withdraw(by=self.stage.staff["dispatcher"], reason="The provider asked for it.")

    def _quote(self, pk: int) -> None:
        """A provider sends its quote; the first one sets the client thinking."""
        offer = LeadAssignment.objects.select_related("lead").get(pk=pk)
        if offer.status != LeadAssignment.Status.ACCEPTED:
            return
        lead = offer.lead
        with self.stage.on(Channel.PAGE):
            lead.record_quote(by=QUOTES, assignment=offer)
        quoted = self.quoted.setdefault(lead.pk, [])
        quoted.append(pk)
        if len(quoted) == 1:
            time_zone = self.stage.chance.choice(("Europe/Berlin", "Europe/London"))
            decided_at = later(self.stage.chance, clock.now(), mean_h=70, time_zone=time_zone)
            self.stage.agenda.add(decided_at, lambda: self._choose(lead.pk))

    def _choose(self, pk: int) -> None:
        """The client gives the job to one of those who quoted, gives up, or forgets about it."""
        lead = Lead.objects.select_related("client").get(pk=pk)
        choice = draw(self.stage.chance, CHOICES)
        if lead.status != Lead.Status.QUOTED or choice == "does nothing":
            return
        accepted = LeadAssignment.Status.ACCEPTED
        offers = list(lead.assignments.filter(pk__in=self.quoted[pk], status=accepted).order_by("rank"))
        with self.stage.on(Channel.PAGE if lead.client else Channel.ADMIN):
            if choice == "cancels":
                lead.cancel(by=self.speaker_for(lead), reason=CloseReason.NO_LONGER_NEEDED)
            elif offers:
                lead.award(by=self.speaker_for(lead), assignment=self.stage.chance.choice(offers))
