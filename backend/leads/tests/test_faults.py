"""Under a database that fails now and then: leads are verified, claimed and imported once, whoever has to ask again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from backend.leads.importing.tests.factories import count_rows, import_leads, make_catalogue, write_file
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.leads.services.answers import claim
from backend.leads.tests.factories import chief, make_claimable_lead, make_lead, make_market
from backend.leads.tests.model.invariants import assert_hold, list_for_each_step
from workflows import StaleState, TransitionBlocked
from workflows.tests.faulty_database import CONFLICTS, RATE, Fault, FaultyDatabase, faulty_database

pytestmark = [pytest.mark.survives_faults, pytest.mark.django_db(transaction=True)]

HEADER = "category,title,place,email,phone\n"
TRIES_MAX = 10


def insist(call: Callable[[], Any], faults: FaultyDatabase) -> list[Fault]:
    """Call until an answer comes; return the faults that the caller was told of."""
    told: list[Fault] = []
    for _try in range(TRIES_MAX):
        faults.take_latest()
        try:
            call()
        except OperationalError:
            told.append(faults.take_latest())
        except (StaleState, TransitionBlocked):
            # It has happened: that answer was lost.
            assert told[-1] is Fault.ANSWER_LOST
            return told
        else:
            assert Fault.ANSWER_LOST not in told
            return told
    raise AssertionError(f"no answer in {TRIES_MAX} tries: {told}")


class TestVerify:
    def test_routes_and_assigns_each_lead_once(self) -> None:
        category = make_market(providers=6, open_offers_max=100, leads_per_day_max=100)
        leads = [make_lead(category) for _lead in range(20)]
        by = chief()

        with faulty_database(rate=3 * RATE) as faults:
            told = [insist(lambda lead=lead: lead.verify(by=by, expect="new"), faults) for lead in leads]

        assert set(Lead.objects.values_list("status", "version", "wave")) == {("verified", 2, 1)}
        assert (RoutingDecision.objects.count(), LeadAssignment.objects.count()) == (20, 100)
        assert_hold(list_for_each_step())
        assert not {fault for each in told for fault in each} & set(CONFLICTS)
        assert sum(map(len, told)) == sum(faults.counts.values()) - sum(
            faults.counts[one] for one in CONFLICTS
        )
        assert sum(faults.counts.values()) > 0


class TestClaim:
    @pytest.mark.parametrize("fault", CONFLICTS)
    def test_is_tried_again_after_a_conflict(self, fault: Fault) -> None:
        lead, provider = make_claimable_lead()

        with faulty_database(rate=0) as faults:
            faults.plan(fault)
            offer = claim(lead, provider=provider, by=provider.user)

        assert faults.counts == {fault: 1}
        offer.refresh_from_db()
        assert (offer.status, offer.version, offer.provider_id) == ("accepted", 2, provider.pk)
        assert lead.assignments.filter(provider=provider).count() == 1


class TestImport:
    def test_of_the_same_file_again_completes_what_was_interrupted(self, tmp_path: Path) -> None:
        make_catalogue()
        numbers, tries = [], 0

        with faulty_database(rate=5 * RATE) as faults:
            for number in range(8):
                numbers += [f"Tap {number}-{row}" for row in range(3)]
                path = write_file(tmp_path, HEADER + "".join(map(row_of, numbers[-3:])), name=f"{number}.csv")
                outcome = None
                while outcome is None:
                    tries += 1
                    assert tries < 8 * TRIES_MAX
                    with suppress(OperationalError):
                        outcome = import_leads(path)
                assert outcome.error == ""

        assert tries > 8
        assert sum(faults.counts.values()) >= tries - 8
        assert sorted(Lead.objects.values_list("title", flat=True)) == numbers
        rows = count_rows()
        assert (rows["LeadContact"], rows["StateLog"]) == (24, 24)


def row_of(title: str) -> str:
    return f"plumbing,{title},Mumbai,{title.replace(' ', '-')}@example.com,\n"
