"""What must hold of leads, decisions and offers: each planted violation is found, and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from backend.leads.invariants import INVARIANTS
from backend.leads.models import Lead, LeadAssignment, TermsVersion
from backend.leads.services import answers
from backend.leads.tests.factories import (
    QUOTES,
    TIMER,
    chief,
    make_accepted_offer,
    make_category,
    make_claimable_lead,
    make_lead,
    make_provider,
    make_verified_lead,
    publish_terms,
)
from backend.users.models import ProviderProfile
from workflows import clock
from workflows.invariants.tests.planting import (
    drop_constraint,
    drop_index,
    find_violated,
    find_violators,
    plant,
)

pytestmark = pytest.mark.django_db

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
Violator = Lead | LeadAssignment | ProviderProfile | TermsVersion


def rewrite_event(machine: str, pk: int, sequence: int, change: str) -> None:
    plant(
        f"UPDATE django_fsm_log_statelog AS s SET {change} FROM workflows_transitionrecord AS r"
        " WHERE r.log_id = s.id AND r.machine = %s AND r.object_id = %s AND r.sequence = %s",
        machine,
        pk,
        sequence,
    )


def make_open_offer() -> LeadAssignment:
    return make_verified_lead().assignments.get()


def verify_twice() -> Lead:
    lead = make_verified_lead(providers=6)
    lead.assignments.first().decline(by=chief(), reason="too_busy")
    rewrite_event("leads.lead", lead.pk, 3, "transition = 'verify'")
    return lead


def win_twice() -> Lead:
    lead = make_verified_lead(providers=2)
    plant("UPDATE leads_leadassignment SET status = 'won' WHERE lead_id = %s", lead.pk)
    plant("UPDATE leads_lead SET status = 'won' WHERE id = %s", lead.pk)
    return lead


def win_without_an_offer() -> Lead:
    lead = make_verified_lead()
    plant("UPDATE leads_lead SET status = 'won' WHERE id = %s", lead.pk)
    return lead


def win_an_offer_alone() -> Lead:
    offer = make_accepted_offer()
    plant("UPDATE leads_leadassignment SET status = 'won' WHERE id = %s", offer.pk)
    return offer.lead


def outlive_its_deadline() -> Lead:
    lead = make_lead()
    plant("UPDATE leads_lead SET deadline_at = now() - interval '16 minutes' WHERE id = %s", lead.pk)
    return lead


def lose_its_decision() -> Lead:
    lead = make_verified_lead(providers=0)
    plant("DELETE FROM leads_routingdecision WHERE lead_id = %s", lead.pk)
    return lead


def decide_twice() -> Lead:
    lead = make_verified_lead(providers=0)
    (decision,) = lead.decisions.all()
    decision.pk, decision.wave = None, 2
    decision.save()
    return lead


def forget_a_wave() -> Lead:
    lead = make_verified_lead()
    plant("UPDATE leads_lead SET wave = 0 WHERE id = %s", lead.pk)
    return lead


def rewrite_propensity(path: str, value: str) -> int:
    """Return the key of a decision with eight candidates for five places, one of whose propensities was overwritten."""
    decision = make_verified_lead(providers=8).decisions.get()
    plant(
        "UPDATE leads_routingdecision SET candidates = jsonb_set(candidates, %s, %s) WHERE id = %s",
        path,
        value,
        decision.pk,
    )
    return decision.pk


def be_more_than_certain() -> int:
    return rewrite_propensity("{propensity,7}", "1.5")


def ask_whom_it_could_not() -> int:
    return rewrite_propensity("{propensity,4}", "0")


def promise_more_than_the_places() -> int:
    return rewrite_propensity("{propensity,7}", "0.9")


def claim_more_offers_than_made() -> int:
    decision = make_verified_lead().decisions.get()
    plant("UPDATE leads_routingdecision SET offered_count = 2 WHERE id = %s", decision.pk)
    return decision.pk


def make_more_offers_than_decided() -> int:
    decision = make_verified_lead().decisions.get()
    plant("UPDATE leads_routingdecision SET offered_count = 0 WHERE id = %s", decision.pk)
    return decision.pk


def fall_short_without_a_reason() -> int:
    decision = make_verified_lead().decisions.get()
    drop_constraint("leads_routingdecision", "shortfall_has_its_reason")
    plant("UPDATE leads_routingdecision SET shortfall = '' WHERE id = %s", decision.pk)
    return decision.pk


def name_a_decision_of_another_lead() -> LeadAssignment:
    offer, other = make_open_offer(), make_verified_lead().decisions.get()
    plant("UPDATE leads_leadassignment SET decision_id = %s WHERE id = %s", other.pk, offer.pk)
    return offer


def offer_twice() -> LeadAssignment:
    first, second = make_verified_lead(providers=2).assignments.order_by("pk")
    drop_constraint("leads_leadassignment", "lead_is_offered_once_to_a_provider")
    plant("UPDATE leads_leadassignment SET provider_id = %s WHERE id = %s", first.provider_id, second.pk)
    return second


def offer_unverified() -> LeadAssignment:
    offer = make_open_offer()
    rewrite_event("leads.lead", offer.lead_id, 2, "transition = 'wish'")
    return offer


def keep_an_offer_of_a_closed_lead() -> LeadAssignment:
    offer = make_accepted_offer()
    plant("UPDATE leads_lead SET status = 'expired' WHERE id = %s", offer.lead_id)
    return offer


def offer_in_silence() -> LeadAssignment:
    offer = make_open_offer()
    plant("DELETE FROM notifications_notification WHERE recipient_id = %s", offer.provider.user_id)
    return offer


def tell_another_of_the_offer() -> LeadAssignment:
    offer = make_open_offer()
    plant(
        "UPDATE notifications_notification SET recipient_id = %s WHERE recipient_id = %s",
        chief().pk,
        offer.provider.user_id,
    )
    return offer


def outlive_its_time() -> LeadAssignment:
    offer = make_open_offer()
    plant(
        "UPDATE leads_leadassignment SET expires_at = now() - interval '16 minutes' WHERE id = %s", offer.pk
    )
    return offer


def offer_a_place_too_many() -> Lead:
    """Six offers of a lead with five places; the last was inserted by hand."""
    lead = make_verified_lead(providers=5)
    sneak_in(lead, "offered")
    return lead


def accept_once_too_often() -> Lead:
    """Four that accepted, where three may; there is a fifth that is open."""
    lead = make_verified_lead(providers=5)
    for offer in lead.assignments.all()[:3]:
        offer.accept(by=chief())
    sneak_in(lead, "offered", "accepted")
    return lead


def sneak_in(lead: Lead, *states: str) -> None:
    """Insert an offer past the application, with a log that goes with it."""
    provider, model = make_provider(lead.category), lead.assignments.first()
    plant(
        "INSERT INTO leads_leadassignment (lead_id, provider_id, decision_id, status, version, state_since, rank,"
        " score, was_claimed, starts_at, expires_at, created_at)"
        " SELECT lead_id, %s, decision_id, %s, %s, now(), 9, 0, false, now(), expires_at, now()"
        " FROM leads_leadassignment WHERE id = %s",
        provider.pk,
        states[-1],
        len(states),
        model.pk,
    )
    offer = LeadAssignment.objects.get(provider=provider)
    for number, (source, target) in enumerate(zip([None, *states], states, strict=False), start=1):
        plant(
            "WITH log AS (INSERT INTO django_fsm_log_statelog (timestamp, source_state, state, transition, object_id,"
            " content_type_id) SELECT now(), %s, %s, 'forge', %s, content_type_id FROM django_fsm_log_statelog"
            " WHERE id = (SELECT log_id FROM workflows_transitionrecord WHERE machine = 'leads.leadassignment' LIMIT 1)"
            " RETURNING id) INSERT INTO workflows_transitionrecord (log_id, machine, object_id, sequence, actor,"
            " channel, request_id, reason, arguments, previous_hash, hash)"
            " SELECT id, 'leads.leadassignment', %s, %s, 'system:test', 'command', '', '', '{}', '', '' FROM log",
            source,
            target,
            offer.pk,
            offer.pk,
            number,
        )


def count_an_open_offer_too_many() -> ProviderProfile:
    provider = make_accepted_offer().provider
    plant("UPDATE matching_providerload SET open_offers = 1 WHERE provider_id = %s", provider.pk)
    return provider


def forget_an_offer_in_the_count() -> ProviderProfile:
    provider = make_open_offer().provider
    plant("DELETE FROM matching_providerload WHERE provider_id = %s", provider.pk)
    return provider


def have_two_versions_in_force() -> TermsVersion:
    first = publish_terms(places=4)
    with clock.at(clock.now() + DAY):
        publish_terms(places=3)
    drop_index("one_version_is_in_force")
    plant("UPDATE leads_termsversion SET status = 'in_force' WHERE id = %s", first.pk)
    return first


def have_no_terms_of_the_market() -> TermsVersion:
    version = publish_terms(places=4)
    publish_terms(make_category(), places=3)
    plant("UPDATE leads_termsversion SET status = 'past' WHERE id = %s", version.pk)
    return version


def publish_without_a_time() -> TermsVersion:
    version = publish_terms(places=4)
    plant("UPDATE leads_termsversion SET published_at = NULL WHERE id = %s", version.pk)
    return version


def publish_an_exception_that_says_nothing() -> TermsVersion:
    version = publish_terms(make_category(), places=4)
    plant("UPDATE leads_termsversion SET places = NULL WHERE id = %s", version.pk)
    return version


def publish_a_market_without_places() -> TermsVersion:
    version = publish_terms(places=4)
    drop_constraint("leads_termsversion", "terms_fit_their_scope")
    plant("UPDATE leads_termsversion SET places = NULL WHERE id = %s", version.pk)
    return version


PLANTS: dict[str, list[Callable[[], Violator | int]]] = {
    "leads.lead_is_verified_once": [verify_twice],
    "leads.won_lead_has_one_winner": [win_twice, win_without_an_offer, win_an_offer_alone],
    "leads.lead_ends_in_time": [outlive_its_deadline],
    "leads.each_wave_has_its_decision": [lose_its_decision, decide_twice, forget_a_wave],
    "leads.decision_made_its_offers": [
        claim_more_offers_than_made,
        make_more_offers_than_decided,
        fall_short_without_a_reason,
    ],
    "leads.propensities_are_probabilities": [
        be_more_than_certain,
        ask_whom_it_could_not,
        promise_more_than_the_places,
    ],
    "leads.offer_is_of_its_decisions_lead": [name_a_decision_of_another_lead],
    "leads.provider_is_offered_a_lead_once": [offer_twice],
    "leads.offered_lead_was_verified": [offer_unverified],
    "leads.closed_lead_has_no_live_offer": [keep_an_offer_of_a_closed_lead],
    "leads.offer_was_told_to_its_provider": [offer_in_silence, tell_another_of_the_offer],
    "leads.offer_ends_in_time": [outlive_its_time],
    "leads.places_are_within_the_terms": [offer_a_place_too_many],
    "leads.acceptances_are_within_the_terms": [accept_once_too_often],
    "leads.capacity_is_what_offers_say": [count_an_open_offer_too_many, forget_an_offer_in_the_count],
    "leads.one_version_of_the_terms_is_in_force": [have_two_versions_in_force, have_no_terms_of_the_market],
    "leads.published_terms_are_complete": [
        publish_without_a_time,
        publish_an_exception_that_says_nothing,
        publish_a_market_without_places,
    ],
}


class TestEachInvariant:
    @pytest.mark.parametrize(
        ("name", "violate"), [(name, violate) for name, plants in PLANTS.items() for violate in plants]
    )
    def test_finds_what_violates_it_alone(self, name: str, violate: Callable[[], Violator | int]) -> None:
        make_verified_lead(providers=2).assignments.first().accept(by=chief())
        assert find_violators(name) == ()
        violator = violate()
        assert find_violators(name) == (violator if isinstance(violator, int) else violator.pk,)

    def test_is_proven_here(self) -> None:
        assert {one.name for one in INVARIANTS} == set(PLANTS)


class TestLivesAsTheyAreLived:
    def test_violate_nothing(self) -> None:
        make_lead()
        lead, provider = make_claimable_lead()
        answers.claim(lead, provider=provider, by=provider.user)
        won = make_accepted_offer()
        won.lead.record_quote(by=QUOTES, assignment=won)
        won.lead.award(by=chief(), assignment=won)
        closed = make_verified_lead(providers=3)
        closed.reject(by=chief(), reason="not_genuine")
        closed.reopen(by=chief(), reason="It was genuine.")
        closed.verify(by=chief(), is_another_job=True)
        revised = make_verified_lead(providers=2)
        revised.revise(
            by=chief(), category=make_category(), latitude=52.5, longitude=13.4, language="en", budget=None
        )
        chosen = make_verified_lead(providers=1)
        chosen.assign_by_hand(by=chief(), provider=make_provider(chosen.category), reason="It asked for it.")
        with clock.at(clock.now() + 40 * DAY):
            make_verified_lead(providers=0)
            closed.expire(by=TIMER)
        assert find_violated() == set()


class TestPlaces:
    """Places are held to the terms of the time, not to those of today."""

    NAMES = ("leads.places_are_within_the_terms", "leads.acceptances_are_within_the_terms")

    def find(self) -> list[tuple[int, ...]]:
        return [find_violators(name) for name in self.NAMES]

    def test_may_be_fewer_now_than_were_taken_then(self) -> None:
        lead = make_verified_lead(providers=5)
        for offer in lead.assignments.all()[:3]:
            offer.accept(by=chief())
        with clock.at(clock.now() + DAY):
            publish_terms(places=2, accepted_max=1, accepted_enough=1)
        assert self.find() == [(), ()]

    def test_may_have_been_more_then_than_there_are_now(self) -> None:
        publish_terms(places=6)
        with clock.at(clock.now() + DAY):
            make_verified_lead(providers=6)
        with clock.at(clock.now() + 2 * DAY):
            publish_terms(places=5)
        assert self.find() == [(), ()]

    def test_were_too_few_when_terms_came_that_allow_as_many(self) -> None:
        lead = offer_a_place_too_many()
        with clock.at(clock.now() + DAY):
            publish_terms(places=6)
        assert self.find() == [(lead.pk,), ()]

    def test_of_terms_that_were_just_replaced_still_count(self) -> None:
        publish_terms(places=6)
        with clock.at(clock.now() + DAY):
            publish_terms(places=5)
            make_verified_lead(providers=5)
        with clock.at(clock.now() + DAY + HOUR / 2):
            sneak_in(Lead.objects.get(), "offered")
        assert self.find() == [(), ()]

    def test_of_a_category_go_by_its_own_terms(self) -> None:
        lead = make_verified_lead(providers=4)
        publish_terms(lead.category, places=4)
        with clock.at(clock.now() + DAY):
            sneak_in(lead, "offered")
            rewrite_event(
                "leads.leadassignment",
                LeadAssignment.objects.latest("pk").pk,
                1,
                "timestamp = now() + interval '1 day'",
            )
        assert self.find() == [(lead.pk,), ()]

    def test_of_a_lead_that_was_in_another_category_then_go_by_the_largest(self) -> None:
        lead = make_verified_lead(providers=5)
        publish_terms(make_category(), places=6)
        sneak_in(lead, "offered")
        assert self.find() == [(lead.pk,), ()]
        rewrite_event("leads.lead", lead.pk, 2, "transition = 'revise'")
        assert self.find() == [(), ()]
