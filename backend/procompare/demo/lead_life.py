"""What becomes of the requests of the demo market, from submission to their end."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from backend.leads import selectors
from backend.leads.models import CloseReason, Lead
from backend.leads.services.contacts import confirm_contact
from backend.procompare.demo.chance import draw
from backend.procompare.demo.offer_life import OfferLife
from backend.procompare.demo.requests import Fate, RequestPlan
from backend.procompare.demo.stage import TIMER, Stage
from backend.procompare.demo.submission import Submission
from backend.procompare.demo.timing import OFFICE_HOURS, OFFICE_TIME_ZONE, later
from workflows import Channel, SystemActor, TransitionBlocked, clock

__all__ = ["LeadLife", "plan_lead"]

CONFIRMATION = SystemActor("confirmation")

REJECTIONS = {CloseReason.NOT_GENUINE: 4, CloseReason.UNREACHABLE: 4, CloseReason.OUT_OF_SCOPE: 2}
CANCELLATIONS = {CloseReason.NO_LONGER_NEEDED: 4, CloseReason.OTHER: 1}
REOPENING_REASONS = ("The client called: it is meant seriously.", "Closed by mistake.")


def plan_lead(stage: Stage, offers: OfferLife, submission: Submission, plan: RequestPlan) -> None:
    """Have a request submitted when its time comes; its life goes on from there."""

    def submit() -> None:
        LeadLife(stage, offers, plan, submission.submit(plan), is_served=submission.is_served(plan)).begin()

    stage.agenda.add(plan.submitted_at, submit)


@dataclass(slots=True)
class LeadLife:
    """The life of one lead: each step puts what may come next into the agenda."""

    stage: Stage
    offers: OfferLife
    request: RequestPlan
    lead: Lead
    is_served: bool
    is_confirmed: bool = False
    is_reopened: bool = False

    def begin(self) -> None:
        """Go on after the submission: the client confirms, staff look at it, or its time runs out."""
        if self.request.confirms:
            confirmed_at = clock.now() + datetime.timedelta(minutes=self.stage.chance.uniform(2, 90))
            self.stage.agenda.add(confirmed_at, self._confirm)
        if self.request.fate in (Fate.GENUINE, Fate.REJECTED):
            self._plan_office(self._review, mean_h=14)
        self.stage.agenda.add(self.lead.deadline_at, self._expire)

    def _confirm(self) -> None:
        """The client enters the code; some leads are verified at once by that."""
        confirm_contact(self.lead, by=None)
        self.is_confirmed = True
        is_waiting = self.lead.status == Lead.Status.NEW and self.request.fate is Fate.GENUINE
        if not is_waiting or self.stage.chance.random() >= 0.3:
            return
        try:
            with self.stage.on(Channel.PAGE):
                self.lead.verify(by=CONFIRMATION)
        except TransitionBlocked:
            return  # Staff will look at it.
        self._go_on()

    def _review(self) -> None:
        """The verifier looks at a new lead: a repetition is marked, the rest verified or rejected."""
        if self.lead.status != Lead.Status.NEW:
            return
        with self.stage.on(Channel.ADMIN):
            self._decide()
        if self.lead.status == Lead.Status.VERIFIED:
            self._go_on()
        elif self.is_served:
            self._perhaps_reopen(share=0.12)

    def _decide(self) -> None:
        lead, verifier = self.lead, self.stage.staff["verifier"]
        original = self._find_original()
        if original is not None:
            lead.mark_duplicate(by=verifier, of=original)
        elif not self.is_served:
            lead.reject(by=verifier, reason=CloseReason.OUT_OF_SCOPE, note="Not served at present.")
        elif self.request.fate is Fate.REJECTED and not self.is_reopened:
            lead.reject(by=verifier, reason=draw(self.stage.chance, REJECTIONS))
        else:
            lead.verify(by=verifier, vouched=not self.is_confirmed, is_another_job=self.is_reopened)

    def _find_original(self) -> Lead | None:
        """Return the lead that this one repeats; one that was reopened is another job."""
        if not self.request.is_repeated or self.is_reopened:
            return None
        return selectors.find_duplicate_of(self.lead)

    def _go_on(self) -> None:
        """Follow the offers; some clients think better of it, and some leads are looked at again."""
        self.offers.follow(self.lead)
        chance = self.stage.chance
        if chance.random() < 0.06:
            at = later(chance, clock.now(), mean_h=90, time_zone=self.request.time_zone)
            self.stage.agenda.add(at, self._cancel)
        if chance.random() < 0.02:
            self._plan_office(self._reject_late, mean_h=40)
        if chance.random() < 0.08:
            self._plan_office(lambda: self.offers.reroute(self.lead), mean_h=80)

    def _cancel(self) -> None:
        if self.lead.is_offered:
            reason = draw(self.stage.chance, CANCELLATIONS)
            self.offers.speak(self.lead, lambda client: self.lead.cancel(by=client, reason=reason))
            self.offers.forget(self.lead)

    def _reject_late(self) -> None:
        if self.lead.status != Lead.Status.VERIFIED:
            return
        with self.stage.on(Channel.ADMIN):
            self.lead.reject(
                by=self.stage.staff["verifier"],
                reason=CloseReason.UNREACHABLE,
                note="Three providers could not reach the client.",
            )
        self.offers.forget(self.lead)

    def _expire(self) -> None:
        """The timer ends what is still open at its deadline; a reopened lead has a later one."""
        is_open = self.lead.status == Lead.Status.NEW or self.lead.is_offered
        if not is_open or self.lead.deadline_at > clock.now():
            return
        with self.stage.on(Channel.TIMER):
            self.lead.expire(by=TIMER)
        self.offers.forget(self.lead)
        self._perhaps_reopen(share=0.1)

    def _perhaps_reopen(self, *, share: float) -> None:
        if self.stage.chance.random() < share:
            self._plan_office(self._reopen, mean_h=30)

    def _reopen(self) -> None:
        with self.stage.on(Channel.ADMIN):
            reason = self.stage.chance.choice(REOPENING_REASONS)
            self.lead.reopen(by=self.stage.staff["verifier"], reason=reason)
        self.is_reopened = True
        self._plan_office(self._review, mean_h=6)
        self.stage.agenda.add(self.lead.deadline_at, self._expire)

    def _plan_office(self, action: Callable[[], None], *, mean_h: float) -> None:
        """Have staff do something, in office hours."""
        now = clock.now()
        at = later(self.stage.chance, now, mean_h=mean_h, time_zone=OFFICE_TIME_ZONE, hours=OFFICE_HOURS)
        self.stage.agenda.add(at, action)
