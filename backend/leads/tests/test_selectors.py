"""What pages ask of many leads at once."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from backend.leads.selectors import OfferCounts, count_offers, count_offers_by_lead
from backend.leads.tests.factories import make_accepted_offer, make_claimable_lead, make_lead
from backend.users.tests.factories import chief


@pytest.mark.django_db
class TestCountOffersByLead:
    def test_counts_each_lead_as_it_is_counted_alone(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        new, accepted, (claimable, _provider) = make_lead(), make_accepted_offer().lead, make_claimable_lead()
        withdrawn = make_accepted_offer()
        withdrawn.withdraw(by=chief(), reason="A mistake.")
        leads = [new, accepted, claimable, withdrawn.lead]
        with django_assert_num_queries(1):
            counts = count_offers_by_lead({lead.pk for lead in leads})
        assert [counts[lead.pk] for lead in leads] == [count_offers(lead) for lead in leads]
        assert counts[claimable.pk] == OfferCounts(open=2, accepted=2, made=5)
        assert counts[new.pk] == OfferCounts(open=0, accepted=0, made=0)
