"""Whatever is planted is reported, and a sound run is not: the checks must be able to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.chaos import checks
from backend.chaos.clients import Deed
from backend.chaos.drain import drain
from backend.chaos.receivers import Taken
from backend.chaos.record import Attempt, Outcome, Record
from backend.chaos.supervisor import Program
from backend.jobs.testing import run_due_jobs
from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import answers
from backend.leads.tests.factories import (
    chief,
    make_accepted_offer,
    make_claimable_lead,
    make_lead,
    make_market,
    make_verified_lead,
)
from backend.notifications.models import Delivery
from workflows import Channel, acting
from workflows.invariants.tests.planting import plant

pytestmark = pytest.mark.django_db


def verify(record: Record, outcome: Outcome = Outcome.ACKNOWLEDGED) -> tuple[Lead, Attempt]:
    """Verify a lead as somebody who clicks in the admin, with what came of it on record."""
    lead = make_lead(make_market(providers=1))
    attempt = Deed.of(lead, "verify", "verified", "/").attempt
    with acting(by=chief(), channel=Channel.ADMIN):
        lead.verify(by=chief())
    record.note(attempt, outcome)
    return lead, attempt


class TestCheckAcknowledged:
    def test_finds_nothing_in_what_is_in_the_log_once(self) -> None:
        record = Record()
        verify(record)
        lead, provider = make_claimable_lead()
        offer = answers.claim(lead, provider=provider, by=provider.user)
        claim = Attempt(
            offer.machine_label(), lead.pk, "claim", "offered", "accepted", claimer_id=provider.pk
        )
        record.note(claim, Outcome.ACKNOWLEDGED)
        assert list(checks.check_acknowledged(record)) == []

    def test_takes_an_accepted_offer_for_the_place_that_was_claimed(self) -> None:
        record, offer = Record(), make_accepted_offer()
        claim = Attempt(
            "leads.leadassignment",
            offer.lead_id,
            "claim",
            "offered",
            "accepted",
            claimer_id=offer.provider_id,
        )
        record.note(claim, Outcome.ACKNOWLEDGED)
        assert list(checks.check_acknowledged(record)) == []

    def test_finds_what_has_vanished_from_the_log(self) -> None:
        record = Record()
        lead, attempt = verify(record)
        plant(
            "DELETE FROM workflows_transitionrecord WHERE machine = 'leads.lead' AND object_id = %s"
            " AND sequence = 2",
            lead.pk,
        )
        assert list(checks.check_acknowledged(record)) == [
            f"Acknowledged 1 times, 0 times in the log: {attempt}."
        ]

    def test_finds_what_went_along_another_edge(self) -> None:
        record = Record()
        _lead, attempt = verify(record)
        plant("UPDATE django_fsm_log_statelog SET state = 'rejected' WHERE transition = 'verify'")
        assert list(checks.check_acknowledged(record)) == [
            f"Acknowledged 1 times, 0 times in the log: {attempt}."
        ]

    def test_finds_two_acknowledgements_of_one_event(self) -> None:
        record = Record()
        _lead, attempt = verify(record)
        record.note(attempt, Outcome.ACKNOWLEDGED)
        assert list(checks.check_acknowledged(record)) == [
            f"Acknowledged 2 times, 1 times in the log: {attempt}."
        ]

    def test_finds_an_acknowledged_claim_without_an_offer(self) -> None:
        record, lead = Record(), make_lead()
        claim = Attempt("leads.leadassignment", lead.pk, "claim", "offered", "accepted", claimer_id=7)
        record.note(claim, Outcome.ACKNOWLEDGED)
        assert list(checks.check_acknowledged(record)) == [f"Acknowledged, and 0 times in the log: {claim}."]


class TestCheckAskedFor:
    def test_finds_what_nobody_asked_for_alone(self) -> None:
        record = Record()
        verify(record, Outcome.NO_ANSWER)
        lead, _attempt = verify(Record())
        assert list(checks.check_asked_for(record)) == [f"Nobody asked for verify of leads.lead {lead.pk}."]


class TestCheckRouting:
    def test_finds_a_decision_too_few_and_an_offer_too_few(self) -> None:
        lead, other = make_verified_lead(), make_verified_lead()
        offer = other.assignments.get()
        assert list(checks.check_routing()) == []
        plant("UPDATE leads_lead SET wave = 2 WHERE id = %s", lead.pk)
        plant("DELETE FROM leads_leadassignment WHERE id = %s", offer.pk)
        assert list(checks.check_routing()) == [
            f"Lead {lead.pk} has had 2 waves and 1 decisions.",
            f"Decision {offer.decision_id} names [{offer.provider_id}] and has offers to [].",
        ]


class TestCheckDeliveries:
    def test_finds_what_was_lost_on_its_way_or_came_from_nowhere(self) -> None:
        provider = make_verified_lead().assignments.get().provider
        type(provider.user).objects.filter(pk=provider.user_id).update(email="a@example.com")
        run_due_jobs()
        delivered = Delivery.objects.filter(channel="email", status="delivered")
        keys = [str(key) for key in delivered.values_list("key", flat=True)]
        assert len(keys) == 1
        mail = Taken()
        mail.add(keys[0])
        mail.add(keys[0])
        assert list(checks.check_deliveries(mail=mail, webhooks=Taken())) == []

        other = Taken()
        other.add("unheard-of")
        assert list(checks.check_deliveries(mail=other, webhooks=Taken())) == [
            f"Delivered by email on record, and not taken: {keys[0]}.",
            "Taken by email, and on no record: unheard-of.",
        ]


class TestCheckPrograms:
    def test_finds_one_that_ended_by_itself_alone(self) -> None:
        killed = Program("worker 0", [], {}, Path("worker-0.log"), starts=3, ends_asked=2)
        died = Program("web", [], {}, Path("web.log"), starts=3, ends_asked=1)
        assert list(checks.check_programs([killed, died])) == [
            "The web ended 1 times by itself; see web.log."
        ]


class TestDrain:
    def test_says_what_no_worker_has_done_when_the_time_is_over(self) -> None:
        make_verified_lead()
        assert LeadAssignment.objects.count() == 1
        left = drain(timeout_s=0)
        assert left["notifications"] == 1
        assert left["jobs"] >= 1
