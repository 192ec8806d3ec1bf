"""Figures of a hand-made history, to the second."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from backend.leads.figures.fill import Fill, count_filled
from backend.leads.figures.funnel import count_funnel
from backend.leads.figures.milestones import Answer, Stage
from backend.leads.figures.offers import count_answers
from backend.leads.figures.scope import Scope
from backend.leads.figures.speed import Leg, Pace, measure_speed
from backend.leads.figures.trend import Series, count_days
from backend.leads.figures.waiting import WaitingLeads, summarize_waiting
from backend.leads.models import Lead
from backend.leads.services.answers import claim
from backend.leads.tests.factories import chief, make_claimable_lead
from backend.leads.tests.history import DAY, HOUR, NOW, SCOPE, make_history, verified
from workflows import clock

pytestmark = pytest.mark.django_db


class TestSpeed:
    def test_is_median_and_p90_of_each_leg_in_the_period_and_before(self) -> None:
        make_history()

        speed = measure_speed(SCOPE)

        # Verified after 1, 1 and 3 hours; accepted 2 and 4 hours after that: nine of ten lie between.
        assert speed[Leg.VERIFYING].now == Pace(3, HOUR, 2.6 * HOUR)
        assert speed[Leg.VERIFYING].before == Pace(1, HOUR, HOUR)
        assert speed[Leg.PLACING].now == Pace(2, 3 * HOUR, 3.8 * HOUR)
        assert speed[Leg.PLACING].before == Pace(1, 6 * HOUR, 6 * HOUR)
        assert speed[Leg.WHOLE].now == Pace(2, 4 * HOUR, 4.8 * HOUR)
        assert speed[Leg.WHOLE].before == Pace(1, 7 * HOUR, 7 * HOUR)

    def test_is_unknown_where_nothing_happened(self) -> None:
        assert [(one.now, one.before) for one in measure_speed(SCOPE).values()] == [(Pace(), Pace())] * 3

    def test_counts_a_reopened_lead_at_its_first_verification_alone(self) -> None:
        lead = verified(ago=31 * DAY, after=HOUR)
        with clock.at(NOW - 2 * DAY):
            lead.reject(by=chief(), reason="not_genuine")
            lead.reopen(by=chief(), reason="It was genuine.")
            lead.verify(by=chief(), vouched=True)

        speed = measure_speed(SCOPE)[Leg.VERIFYING]

        assert (speed.now, speed.before) == (Pace(), Pace(1, HOUR, HOUR))

    def test_goes_by_the_first_of_several_acceptors(self) -> None:
        lead = make_history()["accepted"]
        with clock.at(NOW - 9 * DAY):
            lead.assignments.get(status="offered").accept(by=chief())

        assert measure_speed(SCOPE)[Leg.PLACING].now == Pace(2, 3 * HOUR, 3.8 * HOUR)


class TestFill:
    def test_is_of_the_leads_that_have_had_their_chance(self) -> None:
        make_history()
        verified(ago=2 * DAY, after=HOUR)  # too lately

        assert count_filled(SCOPE) == (Fill(verified=3, filled=2), Fill(verified=1, filled=1))

    def test_is_no_rate_without_leads(self) -> None:
        assert [fill.rate for fill in count_filled(SCOPE)] == [None, None]


class TestFunnel:
    def test_counts_how_far_the_leads_of_the_period_have_come(self) -> None:
        make_history()

        funnel = count_funnel(SCOPE)

        assert funnel.submitted == 4
        assert list(funnel.reached.items()) == list(zip(Stage, [3, 3, 2, 1, 1], strict=True))

    def test_keeps_what_was_reached_when_the_lead_ends(self) -> None:
        lead = Lead.objects.get(pk=make_history()["accepted"].pk)
        with clock.at(NOW - DAY):
            lead.cancel(by=chief(), reason="other")

        assert list(count_funnel(SCOPE).reached.values()) == [3, 3, 2, 1, 1]


class TestAnswers:
    def test_give_each_offer_one_of_them(self) -> None:
        make_history()

        now, before = count_answers(SCOPE)

        assert list(now.by_answer.items()) == list(zip(Answer, [1, 2, 1, 1, 1], strict=True))
        assert (now.made, now.closed, now.acceptance_rate) == (6, 4, 0.5)
        assert list(before.by_answer.values()) == [1, 1, 0, 0, 0]

    def test_count_as_accepted_what_was_withdrawn_later(self) -> None:
        lead = make_history()["accepted"]
        with clock.at(NOW - DAY):
            lead.assignments.get(status="accepted").withdraw(by=chief(), reason="A mistake.")

        assert list(count_answers(SCOPE)[0].by_answer.values()) == [1, 2, 1, 1, 1]

    def test_count_a_claim_as_accepted(self) -> None:
        with clock.at(NOW - DAY):
            lead, provider = make_claimable_lead()
            claim(lead, provider=provider, by=provider.user)

        counts = count_answers(SCOPE)[0]

        assert (counts.by_answer[Answer.ACCEPTED], counts.by_answer[Answer.DECLINED]) == (3, 1)

    def test_make_no_rate_where_none_is_closed(self) -> None:
        verified(ago=DAY, after=HOUR)

        assert count_answers(SCOPE)[0].acceptance_rate is None


class TestDays:
    def test_count_what_happened_on_each_and_the_empty_ones_too(self) -> None:
        make_history()

        days = count_days(SCOPE)

        assert {
            series: [(one.day.day, one.count) for one in days[series] if one.count] for series in Series
        } == {
            Series.SUBMITTED: [(18, 1), (20, 1), (25, 1), (30, 1)],
            Series.VERIFIED: [(18, 1), (20, 1), (25, 1)],
            Series.OFFERED: [(18, 2), (20, 2), (25, 2)],
            Series.ACCEPTED: [(18, 1), (20, 1)],
        }
        assert {len(counts) for counts in days.values()} == {30}


class TestWaiting:
    def test_tells_what_waits_and_who_waits_longest(self) -> None:
        new = make_history()["new"]

        waiting = summarize_waiting(SCOPE)

        looking = Lead.objects.filter(retry_at__isnull=False, status__in=["verified", "quoted"])
        assert waiting.oldest is not None
        assert (waiting.oldest.pk, waiting.oldest.reference, waiting.oldest.since) == (
            new.pk,
            new.reference,
            NOW - 5 * HOUR,
        )
        assert (waiting.new, waiting.without_offer, waiting.lacking) == (1, 1, looking.count())
        assert waiting.next_try_at == min(lead.retry_at for lead in looking)

    def test_tells_that_nothing_waits(self) -> None:
        assert summarize_waiting(SCOPE) == WaitingLeads(0, None, 0, 0, None)


class TestCategory:
    def test_is_the_only_one_of_which_figures_speak(self) -> None:
        history = make_history()
        scope = Scope(NOW, category_id=history["accepted"].category_id)

        assert count_funnel(scope).submitted == 1
        assert measure_speed(scope)[Leg.VERIFYING].now == Pace(1, HOUR, HOUR)
        assert measure_speed(scope)[Leg.PLACING].now == Pace(1, 4 * HOUR, 4 * HOUR)
        assert count_filled(scope) == (Fill(1, 1), Fill())
        assert count_answers(scope)[0].made == 2
        assert {series: sum(one.count for one in days) for series, days in count_days(scope).items()} == {
            Series.SUBMITTED: 1,
            Series.VERIFIED: 1,
            Series.OFFERED: 2,
            Series.ACCEPTED: 1,
        }
        assert (summarize_waiting(scope).new, summarize_waiting(scope).oldest) == (0, None)


class TestStatements:
    def test_are_one_for_each_group_and_two_for_what_waits(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        make_history()
        measure_speed(SCOPE)  # the numbers of the log's types are known from here on
        for group in (measure_speed, count_filled, count_funnel, count_answers, count_days):
            with django_assert_num_queries(1):
                group(SCOPE)
        with django_assert_num_queries(2):
            summarize_waiting(SCOPE)

    def test_have_an_index_of_the_events_that_they_ask_for(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'statelog_of_milestones'")
            definition = cursor.fetchone()[0]

        assert '(content_type_id, state, "timestamp") INCLUDE (object_id, transition)' in definition
