"""Routing: a verified lead is routed once and assigned once, and every reason is kept."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.leads import selectors
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.leads.services.lead_assignment import LeadAssignmentService
from backend.leads.tests.factories import (
    QUOTES,
    TIMER,
    chief,
    make_category,
    make_lead,
    make_market,
    make_provider,
    make_staff,
    make_staff_in_group,
    make_verified_lead,
    publish_terms,
)
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification, NotificationType
from workflows import Channel, TransitionBlocked, TransitionRecord, acting, clock

pytestmark = pytest.mark.django_db


def notified(kind: NotificationType) -> int:
    return Notification.objects.filter(type=kind).count()


class TestVerify:
    def test_offers_the_lead_to_the_best_and_tells_the_next(self) -> None:
        lead = make_verified_lead(providers=30)

        decision = lead.decisions.get()
        assert (decision.wave, decision.offered_count, decision.told_count) == (1, 5, 20)
        assert (decision.eligible_count, decision.shortfall) == (30, "")
        offered = [entry["provider"] for entry in decision.candidates if entry["outcome"] == "offered"]
        assert [entry["rank"] for entry in decision.candidates] == list(range(1, 31))
        assert offered == list(lead.assignments.order_by("rank").values_list("provider_id", flat=True))
        assert (notified(NotificationType.LEAD_ASSIGNED), notified(NotificationType.LEAD_VERIFIED)) == (5, 20)

    def test_writes_one_log_row_for_the_lead(self) -> None:
        lead = make_verified_lead(providers=3)
        records = TransitionRecord.objects.filter(machine="leads.lead", object_id=lead.pk)
        assert [record.log.transition for record in records.order_by("sequence")] == ["create", "verify"]

    def test_tells_nobody_twice(self) -> None:
        make_verified_lead(providers=30)
        recipients = Notification.objects.exclude(type=NotificationType.SYSTEM).values_list("recipient_id")
        assert len(recipients) == len(set(recipients)) == 25

    def test_links_below_the_frontend(self, settings) -> None:
        settings.FRONTEND_URL = "https://market.example/"
        make_verified_lead()
        note = Notification.objects.get(type=NotificationType.LEAD_ASSIGNED)
        lead = Lead.objects.get()
        assert note.link == f"https://market.example/provider/offers/{lead.reference}/"

    def test_happens_on_the_transition_and_never_on_save(self) -> None:
        lead = make_verified_lead(providers=3)
        lead.title = "Another title"
        lead.save()
        Lead.objects.get(pk=lead.pk).save()
        assert (lead.decisions.count(), lead.assignments.count()) == (1, 3)

    def test_reserves_the_capacity_of_those_offered_and_of_no_other(self) -> None:
        lead = make_verified_lead(providers=8)
        loaded = ProviderLoad.objects.filter(open_offers=1).values_list("provider_id", flat=True)
        assert set(loaded) == set(lead.assignments.values_list("provider_id", flat=True))

    def test_ends_no_offer_later_than_the_lead(self) -> None:
        deadline = clock.now() + datetime.timedelta(hours=3)
        lead = make_verified_lead(deadline_at=deadline)
        assert lead.assignments.get().expires_at == deadline

    def test_by_staff_who_vouch_needs_no_confirmed_contact(self) -> None:
        lead = make_lead(is_confirmed=False)
        with pytest.raises(TransitionBlocked, match="Nobody has confirmed the contact yet"):
            lead.verify(by=make_staff("verify_lead"))
        lead.verify(by=make_staff("verify_lead"), vouched=True)
        assert lead.status == "verified"

    def test_of_an_unserved_category_waits(self) -> None:
        category = make_category()
        category.is_served = False
        category.save()
        with pytest.raises(TransitionBlocked, match="is not served at present"):
            make_lead(category).verify(by=chief())

    def test_of_a_second_request_names_the_first(self) -> None:
        first = make_lead(email="Ann+shop@Example.com")
        second = make_lead(first.category, email="ann@example.COM")
        with pytest.raises(TransitionBlocked, match=f"{first.reference} from the same contact"):
            second.verify(by=chief())
        second.verify(by=chief(), is_another_job=True)
        assert second.status == "verified"

    def test_of_a_second_request_by_phone_names_the_first_too(self) -> None:
        first = make_lead(phone="+49 30 901820")
        second = make_lead(first.category, phone="0049-30-901820".replace("00", "+", 1))
        with pytest.raises(TransitionBlocked, match=first.reference):
            second.verify(by=chief())

    def test_forgets_a_first_request_after_thirty_days(self) -> None:
        with clock.at(clock.now() - datetime.timedelta(days=31)):
            first = make_lead(email="ann@example.com")
        make_lead(first.category, email="ann@example.com").verify(by=chief())

    def test_blocked_reports_every_reason_and_changes_nothing(self) -> None:
        first = make_lead(email="ann@example.com")
        first.category.is_served = False
        first.category.save()
        second = make_lead(first.category, email="ann@example.com", is_confirmed=False)
        with pytest.raises(TransitionBlocked) as refused:
            second.verify(by=chief())
        assert [reason.code for reason in refused.value.reasons] == [
            "contact_is_confirmed",
            "is_not_a_duplicate",
            "category_is_served",
        ]
        assert (Lead.objects.get(pk=second.pk).status, RoutingDecision.objects.count()) == ("new", 0)


class TestStatements:
    """The same number whatever the number of providers: `docs/architecture.md` names each of them."""

    def count(self, *, providers: int) -> int:
        lead, staff = make_lead(make_market(providers=providers)), make_staff("verify_lead")
        with CaptureQueriesContext(
            connection,
        ) as statements:
            lead.verify(by=staff)
        assert lead.assignments.count() == 5
        return len(statements)

    def test_of_one_verify_do_not_grow_with_the_market(self) -> None:
        self.count(providers=5)  # Fills the cache of content types.
        counts = [self.count(providers=providers) for providers in (25, 60)]
        assert notified(NotificationType.LEAD_VERIFIED) == 40
        assert counts == [21, 21]


class TestShortfall:
    def test_of_a_lead_that_finds_nobody_tells_dispatchers_why(self) -> None:
        dispatcher = make_staff_in_group("reroute_lead")
        category = make_category()
        make_provider(category, place=(52.9, 13.4), radius_km=10)
        lead = make_lead(category)

        lead.verify(by=chief())

        decision = lead.decisions.get()
        assert (decision.offered_count, decision.shortfall) == (0, "0 of 5: 0 eligible of 1 looked at")
        assert decision.excluded_counts == {"too_far": 1}
        note = Notification.objects.get(recipient=dispatcher, subject__startswith="No provider")
        assert note.subject == f"No provider for {lead.reference}"
        assert note.body == "1 looked at: 1 too far"

    def test_names_the_first_rule_that_excluded_each_provider(self) -> None:
        category = make_category()
        paused, foreign = make_provider(category), make_provider(category, languages=["fr"])
        paused.pause(by=chief())
        lead = make_lead(category)
        lead.verify(by=chief())
        assert lead.decisions.get().excluded == {
            "not_active": [[paused.pk, paused.company_name]],
            "language": [[foreign.pk, foreign.company_name]],
        }


class TestWaves:
    def test_a_decline_offers_the_place_to_the_next_best(self) -> None:
        # One instant, so that equals stay equals: else one may have joined a moment too late to be one.
        with clock.at(clock.now()):
            lead = make_verified_lead(providers=7)
            offer = lead.assignments.order_by("rank").first()
            sixth = lead.decisions.get().candidates[5]["provider"]

            offer.decline(by=chief(), reason="too_busy")

        second = lead.decisions.get(wave=2)
        assert (second.places, second.offered_count, second.told_count) == (1, 1, 0)
        assert second.assignments.get().provider_id == sixth
        assert ProviderLoad.objects.get(provider=offer.provider).open_offers == 0

    def test_nobody_is_offered_a_lead_twice(self) -> None:
        lead = make_verified_lead(providers=6)
        for _answer in range(6):
            lead.assignments.filter(status="offered").first().decline(by=chief(), reason="too_far")
        assert lead.assignments.count() == 6
        assert lead.decisions.last().excluded_counts == {"already_offered": 6}

    def test_an_expired_offer_makes_room_by_the_clock(self) -> None:
        lead = make_verified_lead(providers=6)
        offer = lead.assignments.order_by("rank").first()
        just_before = clock.at(offer.expires_at - datetime.timedelta(microseconds=1))
        with just_before, pytest.raises(TransitionBlocked, match="The offer is open until"):
            offer.expire(by=TIMER)
        with clock.at(offer.expires_at):
            offer.expire(by=TIMER)
        assert (offer.status, lead.assignments.count()) == ("expired", 6)

    def test_stop_when_all_offers_are_made(self) -> None:
        lead = make_verified_lead(providers=20)
        for _answer in range(11):
            lead.assignments.filter(status="offered").first().decline(by=chief(), reason="too_far")
        assert lead.assignments.count() == 15
        with pytest.raises(TransitionBlocked, match="15 offers have been made"):
            lead.reroute(by=chief())

    def test_stop_when_the_places_are_accepted(self) -> None:
        lead = make_verified_lead(providers=8)
        offers = list(lead.assignments.order_by("rank"))
        for offer in offers[:3]:
            offer.accept(by=chief())
        offers[3].decline(by=chief(), reason="budget")
        assert lead.decisions.count() == 1
        with pytest.raises(TransitionBlocked, match="All 3 places are taken by other providers"):
            offers[4].accept(by=chief())

    def test_end_with_the_deadline(self) -> None:
        lead = make_verified_lead(providers=1)
        with clock.at(lead.deadline_at), pytest.raises(TransitionBlocked, match="Its deadline was"):
            lead.reroute(by=chief())


class TestClosing:
    @pytest.mark.parametrize("name", ["reject", "cancel"])
    def test_withdraws_every_offer_and_tells_each_provider(self, name: str) -> None:
        lead = make_verified_lead(providers=5)
        accepted = lead.assignments.first()
        accepted.accept(by=chief())

        getattr(lead, name)(by=chief(), reason="other", note="gone")

        assert set(lead.assignments.values_list("status", flat=True)) == {"withdrawn"}
        assert notified(NotificationType.SYSTEM_UPDATE) == 5
        assert not ProviderLoad.objects.filter(open_offers__gt=0).exists()

    def test_of_a_duplicate_names_its_original(self) -> None:
        original = make_lead()
        lead = make_verified_lead()
        lead.mark_duplicate(by=chief(), of=original)
        assert (lead.duplicate_of, lead.assignments.get().status) == (original, "withdrawn")
        with pytest.raises(TransitionBlocked, match="is a duplicate itself"):
            original.mark_duplicate(by=chief(), of=lead)
        with pytest.raises(TransitionBlocked, match="no duplicate of itself"):
            original.mark_duplicate(by=chief(), of=original)

    def test_an_award_lets_one_win_and_the_others_lose(self) -> None:
        lead = make_verified_lead(providers=3)
        winner, second, silent = lead.assignments.order_by("rank")
        winner.accept(by=chief())
        second.accept(by=chief())
        lead.record_quote(by=QUOTES, assignment=winner)
        with pytest.raises(TransitionBlocked, match="has not accepted it"):
            lead.award(by=chief(), assignment=silent)

        lead.award(by=chief(), assignment=winner)

        statuses = dict(lead.assignments.values_list("pk", "status"))
        assert statuses == {winner.pk: "won", second.pk: "lost", silent.pk: "lost"}
        assert lead.status == "won"
        assert not ProviderLoad.objects.filter(open_offers__gt=0).exists()

    def test_an_award_of_another_lead_s_offer_is_refused(self) -> None:
        lead, other = make_verified_lead(), make_verified_lead()
        offer = lead.assignments.get()
        offer.accept(by=chief())
        stranger = other.assignments.get()
        stranger.accept(by=chief())
        lead.record_quote(by=QUOTES, assignment=offer)
        with pytest.raises(TransitionBlocked, match="That offer is for another lead"):
            lead.award(by=chief(), assignment=stranger)

    def test_reopened_it_is_routed_again_but_not_to_the_same(self) -> None:
        lead = make_verified_lead(providers=7)
        first = set(lead.assignments.values_list("provider_id", flat=True))
        lead.reject(by=chief(), reason="unreachable")
        lead.reopen(by=chief(), reason="she called back")
        lead.verify(by=chief())
        second = set(lead.decisions.get(wave=2).assignments.values_list("provider_id", flat=True))
        assert (len(first), len(second), first & second) == (5, 2, set())

    def test_reopened_after_its_deadline_it_gets_a_new_one(self) -> None:
        lead = make_lead()
        with clock.at(lead.deadline_at):
            lead.expire(by=TIMER)
            lead.reopen(by=chief(), reason="still needed")
            assert lead.deadline_at == clock.now() + datetime.timedelta(days=30)


class TestRoute:
    def test_falls_back_to_the_expert_weights_and_says_so(self) -> None:
        lead = make_verified_lead()
        assert lead.decisions.get().policy_version == "balanced/3(share=0.2,new=5) · expert/2"

    def test_describes_the_request_as_matching_sees_it(self) -> None:
        lead = make_lead()
        request = selectors.request_of(lead)
        assert (request.category_id, request.key, request.language) == (
            lead.category_id,
            lead.reference,
            "en",
        )


class TestAssign:
    def test_twice_by_the_same_decision_is_refused_by_the_database(self) -> None:
        lead = make_verified_lead()
        decision = lead.decisions.get()
        with (
            pytest.raises(IntegrityError, match="lead_is_offered_once_to_a_provider"),
            transaction.atomic(),
            acting(by=chief(), channel=Channel.COMMAND),
        ):
            LeadAssignmentService().assign(decision)
        assert LeadAssignment.objects.filter(lead=lead).count() == 1


class TestChance:
    def test_draws_one_of_five_places_and_keeps_how_likely_each_was(self) -> None:
        candidates = make_verified_lead(providers=8).decisions.get().candidates
        chances = [entry["propensity"] for entry in candidates]
        assert [entry["outcome"] for entry in candidates[:5]] == ["offered"] * 5
        assert chances[:4] == [1.0] * 4
        # Equals, and all of them new.
        assert chances[4:] == [0.25] * 4
        assert {entry["offers_total"] for entry in candidates} == {0}

    def test_draws_likelier_who_is_new(self) -> None:
        category = make_market(providers=8)
        known = ProviderLoad.objects.filter(provider__in=category.providers.order_by("pk")[:4])
        known.update(offers_total=5)
        lead = make_lead(category)
        lead.verify(by=chief())
        left = lead.decisions.get().candidates[4:]
        chances = {entry["offers_total"]: entry["propensity"] for entry in left}
        assert sum(entry["propensity"] for entry in left) == pytest.approx(1, abs=1e-5)
        assert 0 in chances

    def test_is_left_out_where_the_terms_say_so(self) -> None:
        category = make_market(providers=8)
        publish_terms(category, exploration_percent=0)
        lead = make_lead(category)
        lead.verify(by=chief())
        decision = lead.decisions.get()
        assert decision.policy_version == "balanced/3(share=0,new=5) · expert/2"
        assert [entry["propensity"] for entry in decision.candidates] == [1.0] * 5 + [0.0] * 3
