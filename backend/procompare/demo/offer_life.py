"""What becomes of the offers of the demo market: answers, silence, quotes, and the client's choice."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.leads.models import CloseReason, DeclineReason, Lead, LeadAssignment
from backend.procompare.demo.chance import draw
from backend.procompare.demo.stage import TIMER, Stage
from backend.procompare.demo.timing import OFFICE_TIME_ZONE, later
from backend.users.models import ProviderProfile, User
from workflows import Channel, SystemActor, TransitionBlocked, clock

__all__ = ["OfferLife"]

QUOTES = SystemActor("quotes")

ANSWERS = {"accepts": 0.62, "declines": 0.2, "is silent": 0.18}
DECLINES = {
    DeclineReason.TOO_BUSY: 5,
    DeclineReason.BUDGET: 3,
    DeclineReason.TOO_FAR: 2,
    DeclineReason.NOT_MY_WORK: 2,
    DeclineReason.OTHER: 1,
}
CHOICES = {"awards": 0.76, "cancels": 0.09, "does nothing": 0.15}
QUOTING_SHARE = 0.5
WITHDRAWN_SHARE = 0.02
# The sweep that ends offers comes by every few minutes.
SWEEP = datetime.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OfferLife:
    """Puts what becomes of each offer into the agenda.

    ``live`` are the offers that are open or accepted, by their lead and their own id; ``quoted`` of those the ids
    of the ones whose providers sent a quote.  ``last`` is the last offer known of each lead.
    """

    stage: Stage
    live: dict[int, dict[int, LeadAssignment]] = field(default_factory=lambda: defaultdict(dict))
    quoted: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    last: dict[int, int] = field(default_factory=dict)

    def follow(self, lead: Lead) -> None:
        """Draw what becomes of every offer of a lead that was made since the last time."""
        made_since = LeadAssignment.objects.filter(
            lead_id=lead.pk, status=LeadAssignment.Status.OFFERED, pk__gt=self.last.get(lead.pk, 0)
        )
        for offer in made_since.order_by("decision_id", "rank"):
            self.live[lead.pk][offer.pk] = offer
            self.last[lead.pk] = max(self.last.get(lead.pk, 0), offer.pk)
            self._plan_answer(lead, offer)

    def forget(self, lead: Lead) -> None:
        """Forget the offers of a lead that has ended: they have ended with it."""
        self.live.pop(lead.pk, None)
        self.quoted.pop(lead.pk, None)

    def reroute(self, lead: Lead) -> None:
        """The dispatcher looks for more providers, where the lead has places free."""
        if not lead.is_offered:
            return
        try:
            with self.stage.on(Channel.ADMIN):
                lead.reroute(by=self.stage.staff["dispatcher"])
        except TransitionBlocked:
            return  # The button is not there.
        self.follow(lead)

    def speak(self, lead: Lead, say: Callable[[User], object]) -> None:
        """Act for the client: the client itself, or the dispatcher for one without an account."""
        with self.stage.on(Channel.PAGE if lead.client_id else Channel.ADMIN):
            say(lead.client or self.stage.staff["dispatcher"])

    def _plan_answer(self, lead: Lead, offer: LeadAssignment) -> None:
        time_zone = self.stage.providers[offer.provider_id].time_zone
        steps = {"accepts": self._accept, "declines": self._decline}
        step = steps.get(draw(self.stage.chance, ANSWERS))
        answered_at = later(self.stage.chance, clock.now(), mean_h=13, time_zone=time_zone)
        if step is not None and answered_at < offer.expires_at:
            self.stage.agenda.add(answered_at, lambda: self._answer(lead, offer, step))
        else:
            self._plan_expiry(lead, offer)

    def _plan_expiry(self, lead: Lead, offer: LeadAssignment) -> None:
        swept_at = offer.expires_at + self.stage.chance.random() * SWEEP
        self.stage.agenda.add(swept_at, lambda: self._expire(lead, offer))

    def _answer(
        self, lead: Lead, offer: LeadAssignment, step: Callable[[Lead, LeadAssignment], None]
    ) -> None:
        """Take the step, if the offer is still open; one whose provider was sent away is left to expire."""
        if offer.pk not in self.live[lead.pk]:
            return
        present = (ProviderProfile.Status.ACTIVE, ProviderProfile.Status.PAUSED)
        if self.stage.providers[offer.provider_id].status in present:
            step(lead, offer)
        else:
            self._plan_expiry(lead, offer)

    def _accept(self, lead: Lead, offer: LeadAssignment) -> None:
        try:
            with self.stage.on(Channel.PAGE):
                offer.accept(by=self.stage.owners[offer.provider_id])
        except TransitionBlocked:
            self._plan_expiry(lead, offer)  # Others were faster.
            return
        chance, now = self.stage.chance, clock.now()
        if chance.random() < QUOTING_SHARE:
            time_zone = self.stage.providers[offer.provider_id].time_zone
            quoted_at = later(chance, now, mean_h=10, time_zone=time_zone)
            self.stage.agenda.add(quoted_at, lambda: self._quote(lead, offer))
        elif chance.random() < WITHDRAWN_SHARE / (1 - QUOTING_SHARE):
            days = datetime.timedelta(days=2)
            self.stage.agenda.add(now + days, lambda: self._withdraw(lead, offer))

    def _decline(self, lead: Lead, offer: LeadAssignment) -> None:
        with self.stage.on(Channel.PAGE):
            owner = self.stage.owners[offer.provider_id]
            offer.decline(by=owner, reason=draw(self.stage.chance, DECLINES))
        del self.live[lead.pk][offer.pk]
        self.follow(lead)

    def _expire(self, lead: Lead, offer: LeadAssignment) -> None:
        if offer.pk not in self.live[lead.pk]:
            return
        with self.stage.on(Channel.TIMER):
            offer.expire(by=TIMER)
        del self.live[lead.pk][offer.pk]
        self.follow(lead)

    def _withdraw(self, lead: Lead, offer: LeadAssignment) -> None:
        if offer.pk not in self.live[lead.pk]:
            return
        with self.stage.on(Channel.ADMIN):
            offer.withdraw(by=self.stage.staff["dispatcher"], reason="The provider asked for it.")
        del self.live[lead.pk][offer.pk]

    def _quote(self, lead: Lead, offer: LeadAssignment) -> None:
        """A provider sends its quote; the first one sets the client thinking."""
        if offer.pk not in self.live[lead.pk]:
            return
        with self.stage.on(Channel.PAGE):
            lead.record_quote(by=QUOTES, assignment=offer)
        self.quoted[lead.pk].append(offer.pk)
        if len(self.quoted[lead.pk]) == 1:
            chosen_at = later(self.stage.chance, clock.now(), mean_h=22, time_zone=OFFICE_TIME_ZONE)
            self.stage.agenda.add(chosen_at, lambda: self._choose(lead))

    def _choose(self, lead: Lead) -> None:
        """The client gives the job to one of those who quoted, gives up, or forgets about it."""
        choice = draw(self.stage.chance, CHOICES)
        if lead.status != Lead.Status.QUOTED or choice == "does nothing":
            return
        if choice == "cancels":
            reason = CloseReason.NO_LONGER_NEEDED
            self.speak(lead, lambda client: lead.cancel(by=client, reason=reason))
        else:
            winner = self.live[lead.pk][self.stage.chance.choice(self.quoted[lead.pk])]
            self.speak(lead, lambda client: lead.award(by=client, assignment=winner))
        self.forget(lead)
