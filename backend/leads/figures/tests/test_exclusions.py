"""What kept leads from a provider, by rule."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection

from backend.leads.figures.exclusions import count_exclusions
from backend.leads.models import Lead, RoutingDecision
from backend.leads.tests.factories import chief, make_lead, make_market, make_provider
from backend.matching.tests.factories import HAMBURG
from workflows import clock

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 30, 12, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def verify(lead: Lead, *, ago: datetime.timedelta = DAY) -> Lead:
    with clock.at(NOW - ago):
        lead.verify(by=chief())
    return lead


class TestCountExclusions:
    def test_counts_by_rule_with_the_latest_leads_first(self) -> None:
        category = make_market(providers=1)
        provider = make_provider(category, languages=["de"])
        older, newer = make_lead(category), make_lead(category)
        german = make_lead(category, language="de")
        verify(older, ago=3 * DAY)
        verify(newer)
        verify(german)

        (count,) = count_exclusions(provider.pk, since=NOW - 30 * DAY)

        assert (count.code, count.decisions, count.leads) == ("language", 2, 2)
        assert [(one.reference, one.at) for one in count.latest] == [
            (newer.reference, NOW - DAY),
            (older.reference, NOW - 3 * DAY),
        ]

    def test_counts_a_lead_once_however_many_waves_it_had(self) -> None:
        category = make_market(providers=0)
        provider = make_provider(category, languages=["de"])
        lead = verify(make_lead(category))
        with clock.at(NOW):
            lead.reroute(by=chief())

        (count,) = count_exclusions(provider.pk, since=NOW - 30 * DAY)

        assert (count.decisions, count.leads, count.latest[0].at) == (2, 1, NOW)

    def test_leaves_out_what_is_older_and_what_befell_others(self) -> None:
        category = make_market(providers=0)
        provider, other = make_provider(category, languages=["de"]), make_provider(category)
        verify(make_lead(category), ago=31 * DAY)

        assert count_exclusions(provider.pk, since=NOW - 30 * DAY) == []
        assert count_exclusions(other.pk, since=NOW - 60 * DAY) == []

    def test_reads_no_documents_but_the_index(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(
                "EXPLAIN SELECT FROM leads_routingdecision WHERE exclusion_keys @> ARRAY['language:7']"
            )
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Bitmap Index Scan on decision_by_exclusion" in plan


class TestKeysOfADecision:
    def test_name_everybody_that_is_listed_as_excluded(self) -> None:
        category = make_market(providers=1)
        mute = make_provider(category, languages=["de"])
        far = make_provider(category, place=HAMBURG, radius_km=230)

        verify(make_lead(category))

        assert sorted(RoutingDecision.objects.get().exclusion_keys) == sorted(
            [f"language:{mute.pk}", f"too_far:{far.pk}"]
        )
