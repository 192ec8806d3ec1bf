"""The rules of the model test: everything that people and timers do, in any order, by anybody, twice."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from backend.catalog.models import Category
from backend.jobs.testing import list_jobs, run_due_jobs
from backend.leads.models import Lead, LeadAssignment, LeadContact, TermsVersion
from backend.leads.services import timers
from backend.leads.services.answers import claim
from backend.leads.services.contacts import confirm_contact
from backend.leads.services.intake import submit_lead
from backend.leads.services.publishing import draft_terms
from backend.leads.tests.model import invariants
from backend.leads.tests.model.calls import Calls, assert_nothing_is_due
from backend.leads.tests.model.expected_history import is_waiting_in_vain
from backend.leads.tests.model.expected_market import DONE, PROVIDER_MOVES
from backend.leads.tests.model.expected_values import OFFERED, ExpectedLead, ExpectedTerms
from backend.leads.tests.model.world import CITIES
from backend.users.models import ProviderProfile
from workflows import Channel, SystemActor, acting, clock

NUMBER = st.integers(0, 6)
PAIR = st.integers(0, 1)
# Staff and providers who may, most of the time; somebody else for the rest.
WHO = st.sampled_from(["chief"] * 9 + ["stranger", "rival", "timer"])
ANSWERER = st.sampled_from(["owner"] * 5 + ["chief"] * 4 + ["stranger", "rival", "timer"])
# Up to a tick, an hour (leads look again), a day (limits count anew), an offer's time, a lead's.
PAUSES = [
    datetime.timedelta(minutes=5),
    datetime.timedelta(hours=1),
    datetime.timedelta(hours=20),
    datetime.timedelta(hours=50),
    datetime.timedelta(days=31),
]
TERMS = st.fixed_dictionaries(
    {"places": st.integers(1, 4)},
    optional={
        "accepted_max": st.integers(1, 3),
        "accepted_enough": st.integers(1, 2),
        "told_max": st.integers(0, 2),
        "offers_max": st.integers(2, 6),
        "waves_max": st.integers(2, 5),
    },
)

# The market's own terms, and some whose limits are reached within a few steps.
BEGINNINGS = [
    None,
    {"places": 3, "accepted_max": 1, "accepted_enough": 1, "told_max": 2},
    {"places": 2, "accepted_max": 2, "accepted_enough": 1, "offers_max": 4, "waves_max": 3},
]

has_leads = precondition(lambda self: self.market.leads)
has_offers = precondition(lambda self: self.market.offers)


class LeadsMachine(Calls):
    """What may be called, by whom, with what."""

    # Rules.

    @initialize(category=PAIR, city=PAIR, terms=st.sampled_from(BEGINNINGS))
    def begin(self, category: int, city: int, terms: dict[str, int] | None) -> None:
        if terms is not None:
            self.draft(None, terms, True, "chief")
        lead = self._submit(category, city, "a", is_confirmed=True)
        self._verify(lead, "chief", vouched=False, is_another_job=False)

    @rule(category=PAIR, city=PAIR, contact=st.sampled_from("aab"), is_confirmed=st.booleans())
    def submit(self, category: int, city: int, contact: str, is_confirmed: bool) -> None:
        self._submit(category, city, contact, is_confirmed=is_confirmed)

    @has_leads
    @rule(lead=NUMBER, who=WHO, vouched=st.booleans(), is_another_job=st.booleans())
    def verify(self, lead: int, who: str, vouched: bool, is_another_job: bool) -> None:
        self._verify(self._lead(lead, "new"), who, vouched=vouched, is_another_job=is_another_job)

    @has_leads
    @rule(lead=NUMBER, who=WHO)
    def reroute(self, lead: int, who: str) -> None:
        expected = self._lead(lead, *OFFERED)
        outcome = self.market.reroute(expected, who)
        self._run(Lead.reroute, self._copy(Lead, expected.id), who, outcome)

    @has_leads
    @rule(lead=NUMBER, provider=NUMBER, who=WHO, override=st.booleans())
    def assign_by_hand(self, lead: int, provider: int, who: str, override: bool) -> None:
        expected, provider_id = self._lead(lead, *OFFERED), self.world.provider_ids[provider]
        outcome = self.market.assign_by_hand(expected, who, provider_id, override=override)
        given = {
            "provider": self._copy(ProviderProfile, provider_id),
            "reason": "called",
            "override": override,
        }
        self._run(Lead.assign_by_hand, self._copy(Lead, expected.id), who, outcome, **given)

    @has_leads
    @rule(lead=NUMBER, category=PAIR, city=PAIR, who=WHO)
    def revise(self, lead: int, category: int, city: int, who: str) -> None:
        expected, category_id = self._lead(lead, *OFFERED), self.world.categories[category]
        outcome = self.market.revise(expected, who, category_id, city)
        self.history.revised = {expected.id: (category_id, city)}
        latitude, longitude = CITIES[city]
        given = {"category": self._copy(Category, category_id), "latitude": latitude, "longitude": longitude}
        self._run(Lead.revise, self._copy(Lead, expected.id), who, outcome, language="en", **given)

    @has_leads
    @rule(lead=NUMBER, who=WHO, name=st.sampled_from(["reject", "cancel", "reopen", "reopen"]))
    def end_or_reopen(self, lead: int, who: str, name: str) -> None:
        expected = self._lead(lead, *(("rejected", "duplicate", "expired") if name == "reopen" else OFFERED))
        outcome = self.market.close(expected, who, name)
        given = {"reason": "other"}
        self._run(getattr(Lead, name), self._copy(Lead, expected.id), who, outcome, **given)

    @has_leads
    @rule(lead=NUMBER, original=NUMBER, who=WHO)
    def mark_duplicate(self, lead: int, original: int, who: str) -> None:
        expected, of = self._lead(lead, "new", "verified"), self._lead(original)
        outcome = self.market.mark_duplicate(expected, who, of)
        if outcome == DONE:
            expected.duplicate_of = of.id
        given = {"of": self._copy(Lead, of.id)}
        self._run(Lead.mark_duplicate, self._copy(Lead, expected.id), who, outcome, **given)

    @has_leads
    @rule(lead=NUMBER)
    def confirm(self, lead: int) -> None:
        expected = self._lead(lead, "new")
        with self._step():
            is_news = confirm_contact(self._copy(Lead, expected.id), by=None)
            assert is_news is not expected.is_confirmed
            expected.is_confirmed = True

    @has_offers
    @rule(offer=NUMBER, who=ANSWERER)
    def accept(self, offer: int, who: str) -> None:
        self._answer(offer, who, "accept")

    @has_offers
    @rule(offer=NUMBER, who=ANSWERER)
    def decline(self, offer: int, who: str) -> None:
        self._answer(offer, who, "decline")

    @has_offers
    @rule(offer=NUMBER, who=WHO)
    def withdraw(self, offer: int, who: str) -> None:
        self._answer(offer, who, "withdraw")

    @has_offers
    @rule(offer=NUMBER, who=st.sampled_from(["timer", "timer", "chief"]))
    def expire(self, offer: int, who: str) -> None:
        self._answer(offer, who, "expire")

    def _answer(self, offer: int, who: str, name: str) -> None:
        offer_id = self._offer(offer, "offered")
        outcome = self.market.answer(offer_id, who, name)
        given = {"decline": {"reason": "too_busy"}, "withdraw": {"reason": "a slip"}}.get(name, {})
        owner = self.market.offers[offer_id][1].provider
        call, copy = getattr(LeadAssignment, name), self._copy(LeadAssignment, offer_id)
        self._run(call, copy, who, outcome, owner=owner, **given)

    @has_leads
    @rule(lead=NUMBER, provider=NUMBER, who=st.sampled_from(["owner", "owner", "owner", "chief", "rival"]))
    def claim(self, lead: int, provider: int, who: str) -> None:
        told = [one for one in self.market.leads.values() if one.told] or [*self.market.leads.values()]
        expected = told[lead % len(told)]
        able = sorted(expected.told) or list(self.world.provider_ids)
        provider_id = able[provider % len(able)]
        outcome = self.market.claim(expected, who, provider_id)
        given = {"provider": self._copy(ProviderProfile, provider_id)}
        self._run(claim, self._copy(Lead, expected.id), who, outcome, owner=provider_id, **given)

    @has_offers
    @rule(
        offer=NUMBER,
        lead=NUMBER,
        is_its_own=st.sampled_from([True] * 7 + [False]),
        who=st.sampled_from(["quotes"] * 5 + ["chief"]),
    )
    def quote(self, offer: int, lead: int, is_its_own: bool, who: str) -> None:
        self._choose("record_quote", offer, None if is_its_own else lead, who)

    @has_offers
    @rule(offer=NUMBER, lead=NUMBER, is_its_own=st.sampled_from([True] * 7 + [False]), who=WHO)
    def award(self, offer: int, lead: int, is_its_own: bool, who: str) -> None:
        self._choose("award", offer, None if is_its_own else lead, who)

    @has_offers
    @rule(offer=NUMBER, who=WHO)
    def come_to_terms(self, offer: int, who: str) -> None:
        """From an open offer to the award, as it goes when all goes well."""
        offer_id = self._offer(offer, "offered")
        self._answer(offer, "owner", "accept")
        if self.market.offers[offer_id][1].state == "accepted":
            for name, by in (("record_quote", "quotes"), ("award", who)):
                self._choose_offer(name, offer_id, by)

    @rule(provider=NUMBER, who=ANSWERER, number=NUMBER)
    def move_provider(self, provider: int, who: str, number: int) -> None:
        provider_id = self.world.provider_ids[provider]
        names = sorted(PROVIDER_MOVES)
        state = self.market.providers[provider_id].state
        possible = [one for one in names if state in PROVIDER_MOVES[one][0]] if number < 6 else []
        name = (possible or names)[number % len(possible or names)]
        outcome = self.market.move_provider(provider_id, who, name)
        given = {} if name == "resume" else {"reason": "so"}
        call, copy = getattr(ProviderProfile, name), self._copy(ProviderProfile, provider_id)
        self._run(call, copy, who, outcome, owner=provider_id, **given)

    @rule(provider=NUMBER, open_max=st.integers(0, 3), day_max=st.integers(0, 5))
    def change_limits(self, provider: int, open_max: int, day_max: int) -> None:
        with self._step():
            profile = ProviderProfile.objects.get(pk=self.world.provider_ids[provider])
            profile.open_offers_max, profile.leads_per_day_max = open_max, day_max
            profile.save()
            expected = self.market.providers[profile.pk]
            expected.open_max, expected.day_max = open_max, day_max

    @rule(category=st.sampled_from([None, 0, 1]), terms=TERMS, is_published=st.booleans(), who=WHO)
    def draft(self, category: int | None, terms: dict[str, int], is_published: bool, who: str) -> None:
        category_id = None if category is None else self.world.categories[category]
        with self._step():
            of = None if category_id is None else self._copy(Category, category_id)
            version = draft_terms(of, why="A try", **terms)
            with acting(by=self.world.people["chief"], channel=Channel.COMMAND):
                version.save()
            present = self.market.in_force(category_id)
            said = present.said if present else {}
            based_on = present.id if present else None
            if category_id is None:
                said = self.market.terms_of(None)
            self.market.terms[version.pk] = ExpectedTerms(version.pk, category_id, said | terms, based_on)
        if is_published:
            self._publish(version.pk, who)

    @precondition(lambda self: self.market.terms)
    @rule(version=NUMBER, who=WHO)
    def publish(self, version: int, who: str) -> None:
        versions = list(self.market.terms)
        self._publish(versions[version % len(versions)], who)

    @rule(pause=st.sampled_from(PAUSES), ticks=st.booleans())
    def let_time_pass(self, pause: datetime.timedelta, ticks: bool) -> None:
        self.now += pause
        self.market.now = self.now
        if ticks:
            self._tick()

    @rule()
    def run_jobs(self) -> None:
        with self._step():
            announced = {job["provider_id"] for job in list_jobs("leads.offer_waiting_leads")}
            assert self.history.freed <= announced, "can take more, and no waiting lead is tried with it"
            self.history.freed.clear()
            run_due_jobs()
        for lead in self._list_waiting():
            in_vain = (
                self.market.eligible(lead) & announced if is_waiting_in_vain(self.market, lead) else set()
            )
            assert not in_vain, f"lead {lead.id} was not offered to {in_vain}, who can take more"

    @precondition(lambda self: self.last_done)
    @rule()
    def repeat(self) -> None:
        """Call once more what was done last, as somebody who still sees the page from before."""
        assert self.last_done is not None
        call, version, given = self.last_done
        self._expect("stale", lambda: call(**given, expect_version=version))

    # After each step, and at the end.

    @invariant()
    def invariants_hold(self) -> None:
        if self.is_whole:
            with clock.at(self.now):
                invariants.assert_hold(invariants.list_for_each_step())

    def teardown(self) -> None:
        try:
            if self.is_whole:
                self._tick()
                self.run_jobs()
                with clock.at(self.now):
                    invariants.assert_hold(invariants.list_for_the_end())
        finally:
            self.undone.undo()

    # What the rules are made of.

    def _submit(self, category: int, city: int, contact: str, *, is_confirmed: bool) -> ExpectedLead:
        number, category_id = len(self.market.leads) + 1, self.world.categories[category]
        latitude, longitude = CITIES[city]
        with self._step():
            request = Lead(
                category=self._copy(Category, category_id),
                title="A dripping tap",
                latitude=latitude,
                longitude=longitude,
                # By it the draws of chance are made: the same example is to draw the same.
                reference=f"L-{number}",
            )
            with acting(by=SystemActor("test"), channel=Channel.COMMAND):
                lead = submit_lead(request, LeadContact(name=contact, email=f"{contact}@example.com"))
            if is_confirmed:
                confirm_contact(lead, by=None)
            expected = ExpectedLead(
                lead.pk,
                category_id,
                city,
                contact,
                self.now,
                self.now + datetime.timedelta(days=30),
                is_confirmed,
            )
            self.market.leads[lead.pk] = expected
        return expected

    def _verify(self, lead: ExpectedLead, who: str, *, vouched: bool, is_another_job: bool) -> None:
        outcome = self.market.verify(lead, who, vouched=vouched, is_another_job=is_another_job)
        given = {"vouched": vouched, "is_another_job": is_another_job}
        self._run(Lead.verify, self._copy(Lead, lead.id), who, outcome, **given)

    def _choose(self, name: str, offer: int, lead: int | None, who: str) -> None:
        offer_id = self._offer(offer, "accepted")
        expected = self.market.offers[offer_id][0] if lead is None else self._lead(lead, *OFFERED)
        outcome = self.market.choose(expected, who, name, offer_id)
        given = {"assignment": self._copy(LeadAssignment, offer_id)}
        self._run(getattr(Lead, name), self._copy(Lead, expected.id), who, outcome, **given)

    def _choose_offer(self, name: str, offer_id: int, who: str) -> None:
        lead = self.market.offers[offer_id][0]
        outcome = self.market.choose(lead, who, name, offer_id)
        given = {"assignment": self._copy(LeadAssignment, offer_id)}
        self._run(getattr(Lead, name), self._copy(Lead, lead.id), who, outcome, **given)

    def _publish(self, version: int, who: str) -> None:
        outcome = self.market.publish(self.market.terms[version], who)
        self._run(TermsVersion.publish, self._copy(TermsVersion, version), who, outcome)

    def _tick(self) -> None:
        """Let the timers run: afterwards nothing is due any more, and no lead waits that could be offered."""
        with self._step():
            swept = [timers.expire_offers(), timers.expire_leads()]
        due = {one.id for one in self._list_waiting(due_at=self.now)}
        with self._step():
            swept.append(timers.retry_waiting_leads())
            timers.remind_providers_of_offers()
            timers.remind_staff_of_new_leads()
            timers.remind_clients_of_quotes()
        assert [one.failed for one in swept] == [0, 0, 0]
        assert_nothing_is_due(self.market)
        in_vain = [one for one in due if is_waiting_in_vain(self.market, self.market.leads[one])]
        assert in_vain == [], "looked again, and did not offer it to those who may have it"
