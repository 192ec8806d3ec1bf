"""Whoever and how many try at once: one winner, no cap exceeded, no deadlock."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connections
from django.db.models.signals import pre_save
from django_fsm.signals import post_transition, pre_transition

from backend.bulk.services.planning import start_run
from backend.bulk.services.running import run_slice
from backend.jobs.testing import list_jobs
from backend.leads.models import ContactView, Lead, LeadAssignment, LeadTip, RoutingDecision
from backend.leads.services.answers import claim
from backend.leads.services.contacts import reveal_contact
from backend.leads.tests.admin_pages import make_member
from backend.leads.tests.bulk_runs import make_leads, plan
from backend.leads.tests.factories import (
    chief,
    make_accepted_offer,
    make_claimable_lead,
    make_lead,
    make_market,
    make_provider,
    publish_terms,
)
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification, NotificationType
from workflows import TransitionRecord, TransitionRefused, clock
from workflows.errors import ReentrantTransition
from workflows.hash_chain import find_broken_links
from workflows.tests.rivals import start_rival

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

ATTEMPTS = 500


def try_often(number: int, lead_id: int, name: str, arguments: dict[str, Any], results: Any) -> None:
    """Run one transition of one lead again and again, in a process of its own; report how each attempt ended."""
    outcomes: Counter[str] = Counter()
    for _attempt in range(ATTEMPTS):
        try:
            getattr(Lead.objects.get(pk=lead_id), name)(by=chief(), **arguments)
            outcomes["won"] += 1
        except TransitionRefused as refused:
            outcomes[refused.code] += 1
    connections.close_all()
    results.put((number, outcomes))


def race(lead: Lead, *calls: tuple[str, dict[str, Any]]) -> list[Counter[str]]:
    """Let one process per call race for a lead; return how their attempts ended."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    connections.close_all()  # A child must not share its parent's connection.
    processes = [
        context.Process(target=try_often, args=(number, lead.pk, name, arguments, results))
        for number, (name, arguments) in enumerate(calls)
    ]
    for process in processes:
        process.start()
    outcomes = dict(results.get(timeout=120) for _process in processes)
    for process in processes:
        process.join(timeout=30)
        assert process.exitcode == 0
    return [outcomes[number] for number in range(len(calls))]


def transitions_of(lead: Lead) -> list[str]:
    records = TransitionRecord.objects.filter(machine="leads.lead", object_id=lead.pk).select_related("log")
    return [record.log.transition for record in records.order_by("sequence")]


class TestTwoProcesses:
    def test_verifying_the_same_lead_route_and_assign_it_once(self) -> None:
        lead = make_lead(make_market(providers=8))

        outcomes = race(lead, ("verify", {}), ("verify", {}))

        assert sum(outcomes, Counter()) == {"won": 1, "not_possible_from_state": 2 * ATTEMPTS - 1}
        assert transitions_of(lead) == ["create", "verify"]
        assert (RoutingDecision.objects.count(), LeadAssignment.objects.count()) == (1, 5)
        assert Notification.objects.exclude(type=NotificationType.SYSTEM).count() == 8

    def test_verifying_against_rejecting_a_new_lead_have_one_winner(self) -> None:
        lead = make_lead(make_market(providers=8))

        outcomes = race(lead, ("verify", {"expect": "new"}), ("reject", {"reason": "other", "expect": "new"}))

        assert sum(outcomes, Counter()) == {"won": 1, "stale": 2 * ATTEMPTS - 1}
        has_verified = outcomes[0]["won"] == 1
        assert transitions_of(lead) == ["create", "verify" if has_verified else "reject"]
        assert RoutingDecision.objects.count() == has_verified
        assert LeadAssignment.objects.count() == (5 if has_verified else 0)


def run_in_threads(
    work: Callable[[Sequence[Any]], None], items: Sequence[Any], *, threads: int
) -> list[Exception]:
    """Share items out to threads that start together; return what they raised."""
    errors: list[Exception] = []
    barrier = threading.Barrier(threads)

    def run(share: Sequence[Any]) -> None:
        barrier.wait(timeout=10)
        try:
            work(share)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run, args=(items[n::threads],)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    return errors


class TestEightThreads:
    def test_verifying_many_leads_into_few_providers_exceed_no_cap(self) -> None:
        category = make_market(providers=0)
        caps = [(3, 99), (7, 99), (20, 99), (99, 41), (60, 99), (80, 99)]
        providers = [
            make_provider(category, open_offers_max=some, leads_per_day_max=day) for some, day in caps
        ]
        leads = [make_lead(category).pk for _lead in range(200)]

        def verify(share: Sequence[int]) -> None:
            for key in share:
                Lead.objects.get(pk=key).verify(by=chief())

        errors = run_in_threads(verify, leads, threads=8)

        assert errors == []
        assert Lead.objects.filter(status="verified").count() == 200
        open_offers = Counter(
            LeadAssignment.objects.filter(status="offered").values_list("provider_id", flat=True)
        )
        assert [open_offers[provider.pk] for provider in providers] == [min(cap) for cap in caps]
        for provider in providers:
            assert ProviderLoad.objects.get(provider=provider).open_offers == open_offers[provider.pk]
        for decision in RoutingDecision.objects.all():
            assert decision.assignments.count() == decision.offered_count
        assert find_broken_links("leads.lead") == find_broken_links("leads.leadassignment") == []

    def test_accepting_the_last_places_fill_them_and_no_more(self) -> None:
        lead = make_lead(make_market(providers=5))
        lead.verify(by=chief())
        offers = list(lead.assignments.values_list("pk", flat=True))
        refused: list[str] = []

        def accept(share: Sequence[int]) -> None:
            for key in share:
                try:
                    LeadAssignment.objects.get(pk=key).accept(by=chief())
                except TransitionRefused as error:
                    refused.append(error.code)

        assert run_in_threads(accept, offers, threads=5) == []
        assert Counter(lead.assignments.values_list("status", flat=True)) == {"accepted": 3, "offered": 2}
        assert refused == ["blocked", "blocked"]

    def test_accepting_the_last_place_give_it_to_one_and_tell_the_others(self) -> None:
        publish_terms(accepted_max=1, accepted_enough=1)
        lead = make_lead(make_market(providers=4))
        lead.verify(by=chief())
        offers = list(lead.assignments.values_list("pk", flat=True))
        notifications = Notification.objects.count()
        sentences: list[str] = []

        def accept(share: Sequence[int]) -> None:
            for key in share:
                try:
                    offer = LeadAssignment.objects.select_related("provider__user").get(pk=key)
                    offer.accept(by=offer.provider.user)
                except TransitionRefused as error:
                    sentences.extend(check.message for check in error.reasons)

        assert run_in_threads(accept, offers, threads=4) == []
        statuses = lead.assignments.values_list("status", "version")
        assert Counter(statuses) == {("accepted", 2): 1, ("offered", 1): 3}
        assert sentences == ["All 1 places are taken by other providers."] * 3
        assert Notification.objects.count() == notifications
        loads = ProviderLoad.objects.values_list("open_offers", flat=True)
        assert Counter(loads) == {0: 1, 1: 3}

    def test_assigning_the_last_place_by_hand_give_it_to_one(self) -> None:
        publish_terms(places=3)
        lead = make_lead(make_market(providers=2))
        lead.verify(by=chief())
        providers = [make_provider(lead.category) for _dispatcher in range(4)]
        refused: list[str] = []

        def assign(share: Sequence[Any]) -> None:
            for provider in share:
                try:
                    Lead.objects.get(pk=lead.pk).assign_by_hand(
                        by=chief(), provider=provider, reason="Asked."
                    )
                except TransitionRefused as error:
                    refused.extend(check.message for check in error.reasons)

        assert run_in_threads(assign, providers, threads=4) == []
        assert refused == ["All 3 places are taken."] * 3
        (offer,) = lead.assignments.filter(decision__is_by_hand=True)
        loads = ProviderLoad.objects.filter(provider__in=providers)
        assert dict(loads.values_list("provider", "open_offers")) == {
            provider.pk: int(provider == offer.provider) for provider in providers
        }

    def test_assigning_many_leads_to_one_provider_by_hand_exceed_no_cap(self) -> None:
        category = make_market(providers=0)
        leads = [make_lead(category) for _lead in range(16)]
        for lead in leads:
            lead.verify(by=chief())
        provider = make_provider(category, open_offers_max=5)
        refused: list[str] = []

        def assign(share: Sequence[Lead]) -> None:
            for lead in share:
                try:
                    Lead.objects.get(pk=lead.pk).assign_by_hand(
                        by=chief(), provider=provider, reason="Asked."
                    )
                except TransitionRefused as error:
                    refused.extend(check.code for check in error.reasons)

        assert run_in_threads(assign, leads, threads=8) == []
        assert refused == ["provider_may_have_it"] * 11
        assert ProviderLoad.objects.get(provider=provider).open_offers == 5
        assert LeadAssignment.objects.count() == RoutingDecision.objects.filter(is_by_hand=True).count() == 5

    def test_assigning_by_hand_while_others_accept_leaves_no_offer_that_nobody_could_accept(self) -> None:
        publish_terms(places=4, accepted_max=3)
        lead = make_lead(make_market(providers=3))
        lead.verify(by=chief())
        offers = [(offer.accept, {}) for offer in LeadAssignment.objects.select_related("lead", "provider")]
        chosen = {"provider": make_provider(lead.category), "reason": "Asked."}
        refused: list[str] = []

        def act(share: Sequence[Any]) -> None:
            for call, given in share:
                try:
                    call(by=chief(), **given)
                except TransitionRefused as error:
                    refused.extend(check.message for check in error.reasons)

        calls = [*offers, (Lead.objects.get(pk=lead.pk).assign_by_hand, chosen)]
        assert run_in_threads(act, calls, threads=4) == []
        statuses = Counter(lead.assignments.values_list("status", flat=True))
        # Whoever came first: with three accepted there is no offer by hand, else it was made before the third.
        assert statuses["accepted"] == 3
        assert refused == ([] if statuses["offered"] else ["3 providers have accepted already."])

    def test_claiming_the_last_place_give_it_to_one(self) -> None:
        lead, _provider = make_claimable_lead()
        for _rival in range(3):
            rival = make_provider(lead.category)
            candidate = {"provider": rival.pk, "rank": 7, "score": 0.1}
            decision = lead.decisions.get(wave=1)
            decision.candidates.append(candidate)
            decision.save()
            LeadTip.objects.create(lead=lead, provider=rival, decision=decision)
        refused: list[str] = []

        def take(share: Sequence[LeadTip]) -> None:
            for tip in share:
                try:
                    claim(lead, provider=tip.provider, by=tip.provider.user)
                except TransitionRefused as error:
                    refused.extend(check.code for check in error.reasons)

        tips = list(lead.tips.select_related("provider__user"))
        assert run_in_threads(take, tips, threads=4) == []
        assert lead.assignments.filter(was_claimed=True).count() == 1
        assert lead.assignments.filter(status="accepted").count() == 3
        assert refused == ["place_can_be_claimed"] * 3

    def test_marking_each_of_two_leads_a_duplicate_of_the_other_closes_one_of_them(self) -> None:
        category = make_market(providers=0)
        pairs = [(make_lead(category).pk, make_lead(category).pk) for _pair in range(5)]
        refusals: list[str] = []

        def mark(share: Sequence[tuple[int, int]]) -> None:
            for lead, original in share:
                try:
                    Lead.objects.get(pk=lead).mark_duplicate(by=chief(), of=Lead.objects.get(pk=original))
                except TransitionRefused as refused:
                    refusals.append(refused.code)

        # Each of the two threads has the same pairs in the same order, one the other way round.
        turned = [both for pair in pairs for both in (pair, pair[::-1])]
        errors = run_in_threads(mark, turned, threads=2)

        assert errors == []
        assert len(refusals) == len(pairs)
        for pair in pairs:
            states = Lead.objects.filter(pk__in=pair).values_list("status", flat=True)
            assert sorted(states) == ["duplicate", "new"]

    def test_declining_together_offer_each_place_to_somebody_else(self) -> None:
        lead = make_lead(make_market(providers=12))
        lead.verify(by=chief())
        offers = list(lead.assignments.values_list("pk", flat=True))

        def decline(share: Sequence[int]) -> None:
            for key in share:
                LeadAssignment.objects.get(pk=key).decline(by=chief(), reason="too_busy")

        assert run_in_threads(decline, offers, threads=5) == []
        assert Counter(lead.assignments.values_list("status", flat=True)) == {"declined": 5, "offered": 5}
        lead.refresh_from_db()
        assert (lead.wave, lead.decisions.count(), lead.version) == (6, 6, 7)


class TestRivalInTheMiddle:
    def test_of_routing_is_refused_and_the_lead_is_routed_once(self) -> None:
        """A reject that is tried from inside ``verify`` finds the lead held."""
        lead = make_lead(make_market(providers=3))
        refusals: list[str] = []

        def rival(**saved: Any) -> None:
            with pytest.raises(ReentrantTransition) as refused:
                Lead.objects.get(pk=lead.pk).reject(by=chief(), reason="other")
            refusals.append(str(refused.value))

        post_transition.connect(rival, sender=Lead)
        try:
            lead.verify(by=chief())
        finally:
            post_transition.disconnect(rival, sender=Lead)

        assert refusals == [f"Cannot run 'reject' on {lead!r} while its 'verify' is running."]
        assert (transitions_of(lead), lead.assignments.count()) == (["create", "verify"], 3)

    def test_in_another_connection_waits_and_then_finds_what_happened(self) -> None:
        lead = make_lead(make_market(providers=3))
        outcomes: list[str] = []
        rivals: list[threading.Thread] = []

        def try_to_verify() -> None:
            try:
                Lead.objects.get(pk=lead.pk).verify(by=chief(), expect="new")
                outcomes.append("won")
            except TransitionRefused as refused:
                outcomes.append(refused.code)

        def come_in_between(**saved: Any) -> None:
            rivals.append(start_rival(try_to_verify))
            assert rivals[0].is_alive(), "the rival did not wait for the lock"

        post_transition.connect(come_in_between, sender=Lead)
        try:
            lead.verify(by=chief())
        finally:
            post_transition.disconnect(come_in_between, sender=Lead)
        rivals[0].join(timeout=30)

        assert outcomes == ["stale"]
        assert transitions_of(lead) == ["create", "verify"]
        assert clock.now() >= Lead.objects.get(pk=lead.pk).state_since

    def test_of_a_duplicate_is_not_marked_as_a_duplicate_of_it(self) -> None:
        """Two leads, each marked as a duplicate of the other: the second waits, and is refused."""
        one, other = make_lead(), make_lead()
        refused: list[str] = []
        rivals: list[threading.Thread] = []

        def mark_the_other_way_round() -> None:
            try:
                Lead.objects.get(pk=other.pk).mark_duplicate(by=chief(), of=Lead.objects.get(pk=one.pk))
            except TransitionRefused as error:
                refused.extend(check.message for check in error.reasons)

        def come_in_between(instance: Lead, **announced: Any) -> None:
            if instance.pk == one.pk:
                rivals.append(start_rival(mark_the_other_way_round))

        pre_transition.connect(come_in_between, sender=Lead)
        try:
            one.mark_duplicate(by=chief(), of=other)
        finally:
            pre_transition.disconnect(come_in_between, sender=Lead)
        rivals[0].join(timeout=30)

        assert refused == [f"{one.reference} is a duplicate itself: name its original."]
        assert dict(Lead.objects.values_list("pk", "duplicate_of")) == {one.pk: other.pk, other.pk: None}

    def test_with_the_same_slice_of_a_bulk_run_passes_over_what_has_its_turn(self) -> None:
        make_leads(1)
        run = plan(make_member("verifier"))
        start_run(run, by=run.starter, arguments={})
        (job,) = list_jobs("bulk.run_slice")
        has_passed: list[bool] = []

        def come_in_between(**saved: Any) -> None:
            rival = start_rival(lambda: run_slice(**job))
            has_passed.append(not rival.is_alive())

        post_transition.connect(come_in_between, sender=Lead)
        try:
            run_slice(**job)
        finally:
            post_transition.disconnect(come_in_between, sender=Lead)

        assert has_passed == [True]
        assert list(run.items.values_list("outcome", "attempts")) == [("moved", 1)]

    def test_taking_an_offer_back_waits_until_its_contact_was_shown_and_that_is_on_record(self) -> None:
        offer = make_accepted_offer()
        rivals: list[threading.Thread] = []

        def take_back() -> None:
            LeadAssignment.objects.get(pk=offer.pk).withdraw(by=chief(), reason="a mistake")

        def come_in_between(**saved: Any) -> None:
            rivals.append(start_rival(take_back))
            assert rivals[0].is_alive(), "the rival did not wait for the lock"

        pre_save.connect(come_in_between, sender=ContactView)
        try:
            reveal_contact(offer, by=offer.provider.user)
        finally:
            pre_save.disconnect(come_in_between, sender=ContactView)
        rivals[0].join(timeout=30)

        offer.refresh_from_db()
        assert (offer.status, ContactView.objects.count()) == ("withdrawn", 1)

    def test_claiming_the_same_place_for_the_same_provider_waits_and_is_told_that_it_has_it(self) -> None:
        """A double click on a page without a version: the second is refused in words."""
        lead, provider = make_claimable_lead()
        sentences: list[str] = []
        rivals: list[threading.Thread] = []

        def click_again() -> None:
            try:
                claim(lead, provider=provider, by=provider.user)
            except TransitionRefused as error:
                sentences.append(str(error))

        def come_in_between(instance: LeadAssignment, **saved: Any) -> None:
            # When the offer is made, and not when the rival makes its own.
            if instance._state.adding and threading.current_thread() is threading.main_thread():
                rivals.append(start_rival(click_again))

        pre_save.connect(come_in_between, sender=LeadAssignment)
        try:
            offer = claim(lead, provider=provider, by=provider.user)
        finally:
            pre_save.disconnect(come_in_between, sender=LeadAssignment)
        rivals[0].join(timeout=30)

        assert sentences == ["This lead was offered to you already: answer that offer."]
        assert list(lead.assignments.filter(was_claimed=True).values_list("pk", "status")) == [
            (offer.pk, "accepted")
        ]
