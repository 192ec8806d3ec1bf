"""A provider that was told of a lead takes a free place on it, or is told why not."""

from __future__ import annotations

import pytest

from backend.leads.models import Lead, LeadAssignment
from backend.leads.selectors import explain_claim, list_tips_of
from backend.leads.services import answers
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_claimable_lead,
    make_provider,
    make_verified_lead,
)
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification
from backend.users.models import ProviderProfile
from workflows import (
    Availability,
    Channel,
    TransitionBlocked,
    TransitionForbidden,
    TransitionRecord,
    acting,
    clock,
)

pytestmark = pytest.mark.django_db


def load_of(provider: ProviderProfile) -> tuple[int, int, int]:
    """Return open offers, offers on this day and offers in all, as they are counted."""
    load = ProviderLoad.objects.get(provider=provider)
    return load.open_offers, load.offers_on_day, load.offers_total


def picture_of(lead: Lead, provider: ProviderProfile) -> tuple[object, ...]:
    """Return everything that a claim would change."""
    return (
        list(lead.assignments.order_by("pk").values_list("pk", "status", "version")),
        load_of(provider),
        TransitionRecord.objects.count(),
        Notification.objects.count(),
    )


def refusal_of(lead: Lead, provider: ProviderProfile) -> list[str]:
    """Try to claim; return the sentences of the refusal, having seen that nothing changed."""
    before = picture_of(lead, provider)
    with pytest.raises(TransitionBlocked) as refused:
        answers.claim(lead, provider=provider, by=provider.user)
    assert picture_of(lead, provider) == before
    return [check.message for check in refused.value.reasons]


class TestVerify:
    def test_gives_those_that_are_told_the_right_to_claim(self) -> None:
        lead = make_verified_lead(providers=8)
        told = {entry["provider"] for entry in lead.decisions.get().candidates if entry["outcome"] == "told"}
        assert set(lead.tips.values_list("provider_id", flat=True)) == told
        assert len(told) == 3

    def test_anew_after_a_reopening_gives_rights_by_the_new_decision_alone(self) -> None:
        lead = make_verified_lead(providers=12)
        assert lead.tips.count() == 7
        lead.reject(by=chief(), reason="other")
        lead.reopen(by=chief(), reason="a mistake")
        lead.verify(by=chief())
        # Of the seven five are offered it now, for the first time.
        assert [tip.decision.wave for tip in lead.tips.all()] == [2, 2]


class TestReopen:
    def test_ends_the_rights_to_claim_what_the_lead_was(self) -> None:
        lead = make_verified_lead(providers=6)
        told = lead.tips.get().provider
        lead.reject(by=chief(), reason="other")
        lead.reopen(by=chief(), reason="it was in the wrong category")
        lead.category = make_category()
        lead.save()
        lead.verify(by=chief())
        assert refusal_of(lead, told) == ["You were not told that you may claim this lead."]


class TestClaim:
    def test_takes_the_place_at_once(self) -> None:
        lead, provider = make_claimable_lead()
        with acting(channel=Channel.PAGE):
            offer = answers.claim(lead, provider=provider, by=provider.user)

        assert (offer.status, offer.was_claimed, offer.decision.wave, offer.rank) == ("accepted", True, 1, 6)
        events = TransitionRecord.objects.filter(machine="leads.leadassignment", object_id=offer.pk)
        assert [(e.log.transition, e.actor, e.channel) for e in events.order_by("sequence")] == [
            ("create", f"user:{provider.user_id}", "page"),
            ("claim", f"user:{provider.user_id}", "page"),
        ]

    def test_counts_against_the_day_and_holds_no_open_offer(self) -> None:
        lead, provider = make_claimable_lead()
        answers.claim(lead, provider=provider, by=provider.user)
        assert load_of(provider) == (0, 1, 1)

    def test_is_possible_once(self) -> None:
        lead, provider = make_claimable_lead()
        answers.claim(lead, provider=provider, by=provider.user)
        assert refusal_of(lead, provider) == ["This lead was offered to you already: answer that offer."]

    def test_is_refused_to_a_provider_that_was_not_told(self) -> None:
        lead, _provider = make_claimable_lead()
        stranger = make_provider(lead.category)
        assert refusal_of(lead, stranger) == ["You were not told that you may claim this lead."]

    def test_is_refused_while_every_place_is_on_offer_to_others(self) -> None:
        lead = make_verified_lead(providers=6)
        provider = lead.tips.get().provider
        assert refusal_of(lead, provider) == [
            "All 5 places are on offer to other providers; one may become free."
        ]

    def test_is_refused_when_others_have_accepted(self) -> None:
        lead, provider = make_claimable_lead()
        lead.assignments.filter(status="offered").first().accept(by=chief())
        assert refusal_of(lead, provider) == ["All 3 places are taken by other providers."]

    def test_is_refused_when_the_lead_has_ended(self) -> None:
        lead, provider = make_claimable_lead()
        lead.cancel(by=chief(), reason="other")
        assert refusal_of(lead, provider) == ["The lead is cancelled."]

    def test_is_refused_after_the_deadline(self) -> None:
        lead, provider = make_claimable_lead()
        with clock.at(lead.deadline_at):
            assert refusal_of(lead, provider) == [f"The offer ended on {lead.deadline_at:%-d %b %Y %H:%M}."]

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"leads_per_day_max": 0}, "had all its offers of the day"),
            ({"open_offers_max": 0}, "has all its open offers in use"),
        ],
    )
    def test_is_refused_beyond_the_providers_own_limits(self, fields: dict[str, int], sentence: str) -> None:
        lead, provider = make_claimable_lead()
        ProviderProfile.objects.filter(pk=provider.pk).update(**fields)
        assert refusal_of(lead, provider) == [f"{provider} {sentence}."]

    def test_is_refused_to_a_paused_provider(self) -> None:
        lead, provider = make_claimable_lead()
        provider.pause(by=chief())
        assert refusal_of(lead, provider) == [f"{provider} is not active."]

    def test_finds_under_the_lock_what_filled_up_since_it_was_asked(self, monkeypatch) -> None:
        """The guard reads without a lock: a limit reached between the two is found when capacity is counted."""
        lead, provider = make_claimable_lead()
        ProviderProfile.objects.filter(pk=provider.pk).update(leads_per_day_max=0)
        from backend.leads import guards

        monkeypatch.setattr(guards, "find_obstacle", lambda provider_id, *, at: None)
        assert refusal_of(lead, provider) == [f"{provider} had all its offers of the day."]

    def test_is_nobody_elses_to_make(self) -> None:
        lead, provider = make_claimable_lead()
        rival = make_provider(lead.category)
        before = picture_of(lead, provider)
        with pytest.raises(TransitionForbidden, match="This is for the provider"):
            answers.claim(lead, provider=provider, by=rival.user)
        assert picture_of(lead, provider) == before


class TestExplainClaim:
    def test_says_that_it_can_be_claimed(self) -> None:
        lead, provider = make_claimable_lead()
        answer = explain_claim(lead, provider, by=provider.user)
        assert (answer.availability, answer.failed) == (Availability.AVAILABLE, ())

    def test_says_what_is_in_the_way_without_writing_anything(self) -> None:
        lead = make_verified_lead(providers=6)
        provider = lead.tips.get().provider
        answer = explain_claim(lead, provider, by=provider.user)
        assert [check.code for check in answer.failed] == ["place_can_be_claimed"]
        assert not LeadAssignment.objects.filter(provider=provider).exists()


class TestListTips:
    def test_shows_what_may_be_claimed_and_nothing_that_was_answered_or_has_ended(self) -> None:
        lead, provider = make_claimable_lead()
        assert [tip.lead for tip in list_tips_of(provider)] == [lead]
        answers.claim(lead, provider=provider, by=provider.user)
        assert list(list_tips_of(provider)) == []

        other, another = make_claimable_lead()
        other.cancel(by=chief(), reason="other")
        assert list(list_tips_of(another)) == []
