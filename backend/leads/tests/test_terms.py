"""Terms that operations change: in force from the next decision on, kept for good, never in doubt."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backend.leads import selectors
from backend.leads.models import Lead, TermsVersion
from backend.leads.services.publishing import draft_terms
from backend.leads.terms import BUILT_IN_TERMS, Terms, find_faults
from backend.leads.terms_in_force import held_terms, read_terms, read_terms_book, read_terms_named
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_lead,
    make_market,
    make_terms_draft,
    make_verified_lead,
    publish_terms,
)
from backend.leads.tests.test_races import run_in_threads
from workflows import TransitionBlocked, clock, explain

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)


class TestWhatIsInForce:
    def test_is_built_in_until_somebody_publishes(self) -> None:
        assert read_terms_book().market == BUILT_IN_TERMS
        assert read_terms(make_category().pk).version == "built-in/3"

    def test_is_the_markets_with_what_a_category_says_itself(self) -> None:
        painting, plumbing = make_category(), make_category()
        market = publish_terms(places=6, offer_hours=24)
        own = publish_terms(painting, offer_hours=12)

        assert (read_terms(plumbing.pk).version, read_terms(plumbing.pk).offer_hours) == (
            f"terms/{market.pk}",
            24,
        )
        terms = read_terms(painting.pk)
        assert (terms.version, terms.places, terms.offer_hours) == (f"terms/{market.pk}+{own.pk}", 6, 12)

    def test_takes_one_statement_for_all_and_none_while_it_is_held(
        self, django_assert_num_queries: Any
    ) -> None:
        publish_terms(places=6)
        publish_terms(make_category(), places=4)
        with django_assert_num_queries(1):
            book = read_terms_book()
        with held_terms(), django_assert_num_queries(0):
            assert read_terms_book() == book

    def test_of_a_version_is_found_by_the_name_that_a_decision_has_of_it(self) -> None:
        painting = make_category()
        first = publish_terms(places=6)
        own = publish_terms(painting, offer_hours=12)
        publish_terms(places=7)

        named = read_terms_named(f"terms/{first.pk}+{own.pk}")
        assert (named.places, named.offer_hours) == (6, 12)
        assert read_terms_named("built-in/3") == BUILT_IN_TERMS

    def test_of_a_decision_from_before_there_was_chance_leaves_nothing_to_it(self) -> None:
        own = publish_terms(make_category(), offer_hours=12)
        for version, hours in (("built-in/2", 48), (f"built-in/2+{own.pk}", 12)):
            named = read_terms_named(version)
            assert (named.version, named.offer_hours, named.exploration_percent) == (version, hours, 0)


class TestADecision:
    def test_goes_by_the_terms_in_force_and_names_them(self) -> None:
        category = make_market(providers=8)
        before = make_lead(category)
        before.verify(by=chief())
        version = publish_terms(places=3, accepted_max=2, offer_hours=5, reminder_hours=2, told_max=1)
        with clock.at(clock.now()):
            after = make_lead(category)
            after.verify(by=chief())
            in_five_hours = clock.now() + 5 * HOUR

        old, new = before.decisions.get(), after.decisions.get()
        assert (old.terms_version, old.places, old.offered_count) == ("built-in/3", 5, 5)
        assert (new.terms_version, new.places, new.offered_count, new.told_count) == (
            f"terms/{version.pk}",
            3,
            3,
            1,
        )
        assert {offer.expires_at for offer in after.assignments.all()} == {in_five_hours}
        assert type(new).objects.get(pk=new.pk).terms == version.terms

    def test_of_a_category_goes_by_its_own_terms(self) -> None:
        category = make_market(providers=8)
        publish_terms(category, places=2, accepted_max=2)
        lead = make_lead(category)
        lead.verify(by=chief())
        other = make_verified_lead(providers=6)
        assert (lead.assignments.count(), other.assignments.count()) == (2, 5)

    def test_reads_the_terms_once(self) -> None:
        lead = make_lead(make_market(providers=6))
        with CaptureQueriesContext(connection) as statements:
            lead.verify(by=chief())
        # Beside it the search for duplicates has the market's days as a part of its own statement.
        reading = [one for one in statements if one["sql"].startswith('SELECT "leads_termsversion"')]
        assert len(reading) == 1

    def test_on_a_lead_that_is_out_already_uses_the_new_limits(self) -> None:
        lead = make_verified_lead(providers=3)
        offer = lead.assignments.first()
        publish_terms(accepted_max=1, accepted_enough=1)
        offer.accept(by=chief())
        with pytest.raises(TransitionBlocked, match="All 1 places are taken by other providers"):
            lead.assignments.exclude(pk=offer.pk).first().accept(by=chief())


class TestANewLead:
    def test_gets_its_times_by_the_terms_of_its_category(self) -> None:
        category = make_category()
        publish_terms(category, lead_days=7, verify_hours=1)
        with clock.at(clock.now()):
            lead, other, now = make_lead(category), make_lead(), clock.now()
        assert (lead.deadline_at - now, lead.remind_at - now) == (datetime.timedelta(days=7), HOUR)
        assert (other.deadline_at - now, other.remind_at - now) == (datetime.timedelta(days=30), 4 * HOUR)

    def test_keeps_the_deadline_that_its_client_named(self) -> None:
        deadline = clock.now() + datetime.timedelta(days=3)
        assert make_lead(deadline_at=deadline).deadline_at == deadline

    def test_repeats_an_earlier_one_within_the_days_of_the_terms(self) -> None:
        category = make_category()
        first = make_lead(category, email="ann@example.com")
        with clock.at(clock.now() + datetime.timedelta(days=10)):
            later = make_lead(category, email="ann@example.com")
            assert selectors.find_duplicate_of(later) == first
            publish_terms(duplicate_days=9)
            assert selectors.find_duplicate_of(later) is None


class TestPublishing:
    def test_replaces_what_was_in_force_and_says_who_when(self) -> None:
        first = publish_terms(places=6)
        with clock.at(clock.now()):
            second, now = publish_terms(places=7), clock.now()
        first.refresh_from_db()
        assert (first.status, second.status) == ("past", "in_force")
        assert (second.published_at, second.published_by) == (now, chief())
        assert second.based_on == first

    def test_of_what_is_in_force_already_is_refused(self) -> None:
        draft = make_terms_draft()
        with pytest.raises(TransitionBlocked, match="It says what is in force already"):
            draft.publish(by=chief())
        assert not TermsVersion.objects.filter(status="in_force").exists()

    def test_over_a_newer_version_needs_a_word_to_that_effect(self) -> None:
        mine, theirs = make_terms_draft(places=6), make_terms_draft(places=7)
        theirs.publish(by=chief())
        with pytest.raises(TransitionBlocked, match="Since it was drafted, the version in force has become"):
            mine.publish(by=chief())
        assert read_terms_book().market.places == 7
        mine.publish(by=chief(), replaces_newer=True)
        assert read_terms_book().market.places == 6

    def test_of_a_market_that_a_category_would_not_fit_is_refused(self) -> None:
        painting = make_category()
        publish_terms(painting, accepted_max=5)
        draft = make_terms_draft(places=4)
        with pytest.raises(TransitionBlocked, match=f"{painting} differs from the market, and would not fit"):
            draft.publish(by=chief())

    def test_the_end_of_an_exception_brings_the_market_back(self) -> None:
        painting = make_category()
        own = publish_terms(painting, places=4)
        own.end_exception(by=chief(), reason="no longer needed")
        assert read_terms(painting.pk) == BUILT_IN_TERMS

    def test_the_market_has_terms_always(self) -> None:
        version = publish_terms(places=6)
        blocked = next(one for one in explain(version, by=chief()) if one.transition.name == "end_exception")
        assert [check.message for check in blocked.failed] == [
            "The market's terms are replaced by publishing others; they do not end."
        ]


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_of_many_drafts_one_is_published(self) -> None:
        publish_terms(places=10)
        drafts = [make_terms_draft(places=places).pk for places in range(4, 9)]
        refused: list[str] = []

        def publish(share: Sequence[int]) -> None:
            for key in share:
                try:
                    TermsVersion.objects.get(pk=key).publish(by=chief())
                except TransitionBlocked as error:
                    refused.extend(check.code for check in error.reasons)

        assert run_in_threads(publish, drafts, threads=5) == []
        assert refused == ["nothing_was_published_since"] * 4
        statuses = TermsVersion.objects.order_by("status").values_list("status", flat=True)
        assert list(statuses) == ["draft"] * 4 + ["in_force", "past"]


class TestWhatWasPublished:
    @pytest.mark.parametrize("change", ["places = 9", "category_id = NULL, why = ''", "offer_hours = NULL"])
    def test_is_changed_by_nobody(self, change: str) -> None:
        version = publish_terms(make_category(), offer_hours=12)
        with pytest.raises(IntegrityError, match="it is no draft any more"), transaction.atomic():
            self._run(f"UPDATE leads_termsversion SET {change} WHERE id = {version.pk}")
        with pytest.raises(IntegrityError, match="it is no draft any more"), transaction.atomic():
            self._run(f"DELETE FROM leads_termsversion WHERE id = {version.pk}")

    def test_is_one_at_a_time_for_the_database_too(self) -> None:
        publish_terms(places=6)
        draft = make_terms_draft(places=7)
        with pytest.raises(IntegrityError, match="one_version_is_in_force"), transaction.atomic():
            self._run(f"UPDATE leads_termsversion SET status = 'in_force', version = 2 WHERE id = {draft.pk}")

    def _run(self, sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)


FAULTS = [
    ({"places": 0}, {"places", "accepted_max"}),
    ({"places": 2}, {"accepted_max"}),
    ({"places": 16}, {"places"}),
    ({"accepted_enough": 4}, {"accepted_enough"}),
    ({"reminder_hours": 48}, {"reminder_hours"}),
    ({"offer_hours": 721}, {"offer_hours"}),
    ({"retry_minutes": 4}, {"retry_minutes"}),
    ({"provider_open_offers": 201}, {"provider_open_offers"}),
    ({"told_max": 0}, set()),
    ({"exploration_percent": 51}, {"exploration_percent"}),
    ({"exploration_percent": 0, "new_provider_offers": 0}, set()),
    ({"new_provider_offers": 1001}, {"new_provider_offers"}),
]


class TestTerms:
    @pytest.mark.parametrize(("changes", "faulty"), FAULTS)
    def test_that_cannot_hold_are_told_by_name(self, changes: dict[str, int], faulty: set[str]) -> None:
        assert set(find_faults(Terms(**changes))) == faulty

    def test_built_in_can_hold(self) -> None:
        assert find_faults(BUILT_IN_TERMS) == {}

    def test_of_a_market_say_everything(self) -> None:
        with pytest.raises(ValidationError, match="The market's terms say everything"):
            draft_terms(None, why="x", told_max=None).full_clean()

    def test_of_a_category_say_something_and_nothing_that_is_the_markets(self) -> None:
        with pytest.raises(ValidationError, match="Say at least one term"):
            draft_terms(make_category(), why="x").full_clean()
        with pytest.raises(ValidationError, match="This is said for the whole market"):
            draft_terms(make_category(), why="x", duplicate_days=3).full_clean()


def test_a_lead_needs_its_terms_before_it_is_inserted() -> None:
    """``bulk_create`` passes ``save`` by: without ``set_times`` the database refuses."""
    lead = make_lead()
    copy = Lead(category=lead.category, title="x", latitude=1, longitude=1, contact=lead.contact)
    assert copy.deadline_at is None
    copy.set_times(BUILT_IN_TERMS)
    assert copy.deadline_at is not None
