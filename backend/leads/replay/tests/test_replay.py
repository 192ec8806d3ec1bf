"""Past leads made anew from what their decisions stored: as they were, under a draft, by another model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.leads.models import RoutingDecision
from backend.leads.replay.alternative import make_alternative
from backend.leads.replay.replaying import replay
from backend.leads.replay.report import ReplayReport, list_warnings
from backend.leads.replay.tests.histories import make_past_leads, period_until_now
from backend.leads.terms_in_force import read_terms_book_with
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_lead,
    make_provider,
    make_terms_draft,
    make_verified_lead,
    publish_terms,
)
from backend.matching.off_policy import TooFewLeads
from backend.matching.tests.factories import make_ranking_model
from backend.users.models import ProviderProfile

pytestmark = pytest.mark.django_db

ACROSS_TOWN = (52.45, 13.405)

TWO_PLACES = {"places": 2, "accepted_max": 2, "accepted_enough": 1}


def offer_to_the_nearer(leads: int) -> ProviderProfile:
    """Have two providers, one of them farther away, and leads that the nearer declines; return the farther."""
    category = make_category()
    near, far = make_provider(category), make_provider(category, place=ACROSS_TOWN)
    for _number in range(leads):
        lead = make_lead(category)
        lead.verify(by=chief())
        lead.assignments.get(provider=near).decline(by=chief(), reason="too_busy")
        lead.assignments.get(provider=far).decline(by=chief(), reason="too_busy")
    return far


def replay_under(**alternative: Any) -> ReplayReport:
    return replay(period_until_now(), make_alternative(**alternative))


class TestAReplay:
    def test_as_it_is_now_brings_back_what_was_logged(self) -> None:
        make_past_leads()
        found = replay_under()
        assert (found.leads, found.overlap, found.accepts.offers, found.accepts.target_offers) == (
            3,
            1.0,
            3.0,
            3.0,
        )
        assert found.accepts.logged == found.accepts.inverse_propensity
        assert (found.accepts.doubly_robust.value, found.wins.doubly_robust.value) == pytest.approx(
            (1.0, 1.0)
        )
        assert (found.examples, found.fairness.gainers, found.fairness.losers) == ((), (), ())
        assert found.waves_logged == found.waves_target

    def test_under_a_draft_of_the_terms_has_its_places(self) -> None:
        leads = make_past_leads()
        found = replay_under(terms=make_terms_draft(**TWO_PLACES))
        assert (found.accepts.offers, found.accepts.target_offers, found.overlap) == (3.0, 2.0, 1.0)
        # Who had accepted was among the first two of every lead.
        assert (found.accepts.doubly_robust.value, found.accepts.unsupported_share) == (1.0, 0.0)
        assert {one.lead_id for one in found.examples} == {lead.pk for lead in leads}
        assert [len(one.target) for one in found.examples] == [2, 2, 2]
        assert sum(one.change for one in found.fairness.losers) == -3.0

    def test_by_another_model_says_how_much_of_it_the_log_cannot_know(self) -> None:
        publish_terms(places=1, accepted_max=1, accepted_enough=1)
        far = offer_to_the_nearer(leads=2)
        found = replay_under(model=make_ranking_model(distance_ratio=5.0))
        # Whoever is farther away was never offered anything: there is no word of it but the model's.
        assert (found.accepts.unsupported_share, found.accepts.effective_offers, found.overlap) == (
            1.0,
            0.0,
            0.0,
        )
        assert 0 < found.accepts.doubly_robust.value < 1
        robust, worst = found.accepts.doubly_robust, found.accepts.worst_case
        assert (worst.high - worst.low) - (robust.high - robust.low) == pytest.approx(1.0)
        assert [one.provider_id for one in found.fairness.gainers] == [far.pk]
        assert [[one.provider_id for one in example.target] for example in found.examples] == [[far.pk]] * 2
        assert any("100 % of the offers could never have been made" in one for one in list_warnings(found))

    def test_weighs_what_was_drawn_by_chance(self) -> None:
        publish_terms(places=2, accepted_max=2, exploration_percent=50)
        category = make_category()
        for north in (52.52, 52.50, 52.48, 52.46):
            make_provider(category, place=(north, 13.405))
        for _number in range(2):
            lead = make_lead(category)
            lead.verify(by=chief())
            for provider in ProviderProfile.objects.filter(assignments__lead=lead):
                lead.assignments.get(provider=provider).decline(by=chief(), reason="too_busy")
        found = replay_under(terms=make_terms_draft(places=2, accepted_max=2, exploration_percent=0))
        assert found.accepts.unsupported_share == 0.0
        assert 0.0 < found.overlap <= 1.0
        # With the chance that there was, nothing is another.
        assert replay_under().accepts.effective_offers == pytest.approx(4.0)

    def test_leaves_out_what_is_open_still_and_needs_two_leads(self) -> None:
        make_verified_lead(providers=2)
        with pytest.raises(TooFewLeads, match="by 0 leads"):
            replay_under()

    def test_takes_the_same_statements_for_few_and_many(self) -> None:
        make_past_leads()
        few = self.count_statements()
        make_past_leads()
        # Terms in force, champion; decisions twice (the last time none), their offers; providers.
        assert self.count_statements() == few == 6

    def count_statements(self) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            replay_under()
        return len(captured)


def test_a_draft_of_a_category_leaves_the_others_alone() -> None:
    painting, plumbing = make_category(), make_category()
    publish_terms(places=6)
    publish_terms(plumbing, places=7)
    draft = make_terms_draft(painting, places=4)
    book = read_terms_book_with(draft.pk, category_id=painting.pk)
    assert (book.market.places, book.of(painting.pk).places, book.of(plumbing.pk).places) == (6, 4, 7)
    market = make_terms_draft(places=9)
    book = read_terms_book_with(market.pk, category_id=None)
    assert (book.market.places, book.of(painting.pk).places, book.of(plumbing.pk).places) == (9, 9, 7)


class TestTheCommand:
    def run(self, *arguments: str) -> str:
        out = io.StringIO()
        call_command("simulate_routing", "replay", *arguments, stdout=out, stderr=io.StringIO())
        return out.getvalue()

    def test_prints_the_report_and_draws_it(self, tmp_path: Path) -> None:
        make_past_leads()
        draft, plot = make_terms_draft(**TWO_PLACES), tmp_path / "replay.svg"
        printed = self.run("--terms", str(draft.pk), "--plot", str(plot))
        assert "3 leads" in printed
        assert "Offers per lead: 3.00 logged, 2.00 under the alternative; 100% of those were made." in printed
        assert "! Only 3 leads: small differences cannot be told from chance." in printed
        assert plot.read_text().count("<circle") == 10
        found = json.loads(self.run("--terms", str(draft.pk), "--json"))
        assert (found["leads"], found["accepts"]["target_offers"]) == (3, 2.0)

    def test_changes_nothing(self) -> None:
        make_past_leads()
        before = list(RoutingDecision.objects.order_by("pk").values())
        self.run()
        assert list(RoutingDecision.objects.order_by("pk").values()) == before

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--days", "0"], "'0' is no whole number above 0"),
            (["--terms", "999"], "There is no version 999"),
            (["--model", "999"], "There is no ranking model 999"),
            ([], "by 0 leads: there must be at least 2. Say more days"),
        ],
    )
    def test_says_what_is_missing(self, arguments: list[str], message: str) -> None:
        make_lead()
        with pytest.raises(CommandError, match=message):
            self.run(*arguments)
