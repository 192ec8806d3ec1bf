"""What becomes of the requests of the demo market, from submission to their end."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

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

__all__ = ["LeadLife"]

CONFIRMATION = SystemActor("confirmation")

REJECTIONS = {CloseReason.NOT_GENUINE: 4, CloseReason.UNREACHABLE: 4, CloseReason.OUT_OF_SCOPE: 2}
CANCELLATIONS = {CloseReason.NO_LONGER_NEEDED: 4, CloseReason.OTHER: 1}
REOPENING_REASONS = ("The client called: it is meant seriously.", "Closed by mistake.")


@dataclass(frozen=True, slots=True)
class LeadLife:
    """Puts the life of each request into the agenda; what comes next depends on what came before."""

    stage: Stage
    offers: OfferLife
    submission: Submission
    plans: dict[int, RequestPlan] = field(default_factory=dict)
    reopened: set[int] = field(default_factory=set)

    def plan(self, plan: RequestPlan) -> None:
        """Have a request submitted when its time comes."""
        self.stage.agenda.add(plan.submitted_at, lambda: self._submit(plan))

    def _submit(self, plan: RequestPlan) -> None:
        lead = self.submission.submit(plan)
        self.plans[lead.pk] = plan
        if plan.confirms:
            confirmed_at = clock.now() + datetime.timedelta(minutes=self.stage.chance.uniform(2, 90))
            self.stage.agenda.add(confirmed_at, lambda: self._confirm(lead.pk))
        if plan.fate in (Fate.GENUINE, Fate.REJECTED):
            self._plan_office(lead.pk, self._review, mean_h=14)
        self.stage.agenda.add(lead.deadline_at, lambda: self._expire(lead.pk))

    def _confirm(self, pk: int) -> None:
        """The client enters the code; some leads are verified at once by that."""
        lead = Lead.objects.select_related("contact", "category").get(pk=pk)
        confirm_contact(lead, by=None)
        is_waiting = lead.status == Lead.Status.NEW and self.plans[pk].fate is Fate.GENUINE
        if not is_waiting or self.stage.chance.random() >= 0.3:
            return
        try:
            with self.stage.on(Channel.PAGE):
                lead.verify(by=CONFIRMATION)
        except TransitionBlocked:
            return  # Staff will look at it.
        self._go_on(lead)

    def _review(self, pk: int) -> None:
        """The verifier looks at a new lead: a repetition is marked, the rest verified or rejected."""
        lead = Lead.objects.select_related("contact", "category").get(pk=pk)
        if lead.status != Lead.Status.NEW:
            return
        original = None if pk in self.reopened else selectors.find_duplicate_of(lead)
        with self.stage.on(Channel.ADMIN):
            if original is not None:
                lead.mark_duplicate(by=self.stage.staff["verifier"], of=original)
            elif self.plans[pk].fate is Fate.REJECTED and pk not in self.reopened:
                lead.reject(by=self.stage.staff["verifier"], reason=draw(self.stage.chance, REJECTIONS))
            elif not lead.category.is_served:
                lead.reject(
                    by=self.stage.staff["verifier"],
                    reason=CloseReason.OUT_OF_SCOPE,
                    note="Not served at present.",
                )
            else:
                lead.verify(
                    by=self.stage.staff["verifier"],
                    vouched=lead.contact.confirmed_at is None,
                    is_another_job=pk in self.reopened,
                )
        if lead.status == Lead.Status.VERIFIED:
            self._go_on(lead)
        elif lead.category.is_served:
            self._perhaps_reopen(lead, share=0.12)

    def _go_on(self, lead: Lead) -> None:
        """Follow the offers of a verified lead; some clients think better of it, and some leads are looked at again."""
        self.offers.follow(lead)
        chance, now = self.stage.chance, clock.now()
        if chance.random() < 0.06:
            given_up_at = later(chance, now, mean_h=90, time_zone=self.plans[lead.pk].time_zone)
            self.stage.agenda.add(given_up_at, lambda: self._cancel(lead.pk))
        if chance.random() < 0.02:
            self._plan_office(lead.pk, self._reject_late, mean_h=40)
        if chance.random() < 0.08:
            self._plan_office(lead.pk, self.offers.reroute, mean_h=80)

    def _cancel(self, pk: int) -> None:
        lead = Lead.objects.select_related("client").get(pk=pk)
        if lead.is_offered:
            with self.stage.on(Channel.PAGE if lead.client else Channel.ADMIN):
                lead.cancel(by=self.offers.speaker_for(lead), reason=draw(self.stage.chance, CANCELLATIONS))

    def _reject_late(self, pk: int) -> None:
        lead = Lead.objects.get(pk=pk)
        if lead.status == Lead.Status.VERIFIED:
            with self.stage.on(Channel.ADMIN):
                lead.reject(
                    by=self.stage.staff["verifier"],
                    reason=CloseReason.UNREACHABLE,
                    note="Three providers could not reach the client.",
                )

    def _expire(self, pk: int) -> None:
        """The timer ends what is still open at its deadline; a reopened lead has a later one."""
        lead = Lead.objects.get(pk=pk)
        is_open = lead.status == Lead.Status.NEW or lead.is_offered
        if not is_open or lead.deadline_at > clock.now():
            return
        with self.stage.on(Channel.TIMER):
            lead.expire(by=TIMER)
        self._perhaps_reopen(lead, share=0.1)

    def _perhaps_reopen(self, lead: Lead, *, share: float) -> None:
        if self.stage.chance.random() < share:
            self._plan_office(lead.pk, self._reopen, mean_h=30)

    def _reopen(self, pk: int) -> None:
        lead = Lead.objects.get(pk=pk)
        with self.stage.on(Channel.ADMIN):
            lead.reopen(by=self.stage.staff["verifier"], reason=self.stage.chance.choice(REOPENING_REASONS))
        self.reopened.add(pk)
        self._plan_office(pk, self._review, mean_h=6)
        self.stage.agenda.add(lead.deadline_at, lambda: self._expire(pk))

    def _plan_office(self, pk: int, action: Callable[[int], None], *, mean_h: float) -> None:
        """Have staff do something with a lead, in office hours."""
        at = later(
            self.stage.chance, clock.now(), mean_h=mean_h, time_zone=OFFICE_TIME_ZONE, hours=OFFICE_HOURS
        )
        self.stage.agenda.add(at, lambda: action(pk))
