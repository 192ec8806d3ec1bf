"""What the life cycles hold beyond their edges: old copies, second requests, second rounds, ends in between."""

from __future__ import annotations

import datetime
import threading

import pytest
from django.db import connections, transaction

from backend.leads.models import Lead
from backend.leads.selectors import find_duplicate_of
from backend.leads.tests.factories import (
    chief,
    make_lead,
    make_provider,
    make_staff,
    make_staff_in_group,
    make_verified_lead,
)
from backend.notifications.models import Notification
from workflows import TransitionBlocked, TransitionRecord, clock
from workflows.errors import StateWrittenOutsideEngine

pytestmark = pytest.mark.django_db


class TestOldCopy:
    def test_of_a_lead_does_not_put_its_waves_back(self) -> None:
        lead = make_lead()
        make_provider(lead.category)
        old = Lead.objects.get(pk=lead.pk)
        lead.verify(by=chief())
        old.title = "Another title"
        old.save()

        lead.assignments.get().decline(by=chief(), reason="too_far")

        stored = Lead.objects.get(pk=lead.pk)
        assert (stored.title, stored.wave, stored.decisions.count()) == ("Another title", 2, 2)

    def test_cannot_write_what_transitions_write(self) -> None:
        with pytest.raises(StateWrittenOutsideEngine, match="wave"):
            make_lead().save(update_fields=["wave"])


class TestSecondRequest:
    def test_submitted_earlier_but_taken_in_later_blocks_the_other_way_round(self) -> None:
        today = make_lead(email="ann@example.com")
        with clock.at(clock.now() - datetime.timedelta(days=3)):
            earlier = make_lead(today.category, email="ann@example.com")
        assert (find_duplicate_of(earlier), find_duplicate_of(today)) == (None, earlier)

    def test_that_was_verified_first_blocks_the_one_that_came_in_before_it(self) -> None:
        first = make_lead(email="ann@example.com")
        first.reject(by=chief(), reason="unreachable")
        second = make_lead(first.category, email="ann@example.com")
        second.verify(by=chief())
        first.reopen(by=chief(), reason="she called back")
        with pytest.raises(TransitionBlocked, match=second.reference):
            first.verify(by=chief())

    def test_marked_by_an_old_copy_of_its_original_does_not_become_a_chain(self) -> None:
        original, second, third = make_lead(), make_lead(), make_lead()
        old = Lead.objects.get(pk=second.pk)
        second.mark_duplicate(by=chief(), of=original)
        with pytest.raises(TransitionBlocked, match="is a duplicate itself"):
            third.mark_duplicate(by=chief(), of=old)


class TestSecondRound:
    def test_makes_no_more_offers_than_a_lead_makes_in_all(self) -> None:
        lead = make_verified_lead(providers=20)
        for _round in range(3):
            lead.reject(by=chief(), reason="unreachable")
            lead.reopen(by=chief(), reason="she called back")
            lead.verify(by=chief())
        assert (lead.assignments.count(), lead.decisions.count()) == (15, 4)
        assert lead.decisions.get(wave=4).places == 0


class TestDeadline:
    def test_that_has_passed_blocks_verify(self) -> None:
        lead = make_lead()
        with clock.at(lead.deadline_at), pytest.raises(TransitionBlocked, match="Its deadline was"):
            lead.verify(by=chief())


class TestSuspendedProvider:
    def test_accepts_nothing_more(self) -> None:
        offer = make_verified_lead().assignments.get()
        offer.provider.suspend(by=chief(), reason="complaints")
        with pytest.raises(TransitionBlocked, match="is suspended"):
            offer.accept(by=offer.provider.user)

    def test_that_is_only_paused_may_answer_what_it_was_offered(self) -> None:
        offer = make_verified_lead().assignments.get()
        offer.provider.pause(by=chief())
        offer.accept(by=offer.provider.user)
        assert offer.status == "accepted"


class TestShortfallOfALaterWave:
    def test_is_told_only_when_nobody_is_left(self) -> None:
        dispatcher = make_staff_in_group("reroute_lead")
        lead = make_verified_lead(providers=3)
        first, second, third = lead.assignments.order_by("rank")
        first.decline(by=chief(), reason="too_far")
        second.decline(by=chief(), reason="too_far")
        assert not Notification.objects.filter(recipient=dispatcher, subject__startswith="No prov").exists()
        third.decline(by=chief(), reason="too_far")
        note = Notification.objects.get(recipient=dispatcher, subject__startswith="No provider")
        assert note.event == f"leads.lead:{lead.pk}:{Lead.objects.get(pk=lead.pk).version}"


class TestUser:
    def test_that_acted_is_never_deleted(self) -> None:
        from django.db.models import ProtectedError

        staff = make_staff("reject_lead")
        make_lead().reject(by=staff, reason="other")
        with pytest.raises(ProtectedError, match="deactivate"):
            staff.delete()

    def test_that_did_nothing_may_go(self) -> None:
        make_staff().delete()


@pytest.mark.django_db(transaction=True)
class TestClock:
    def test_is_read_after_the_wait_for_the_lock(self) -> None:
        lead = make_verified_lead()
        waiting = threading.Event()

        def reject() -> None:
            waiting.set()
            try:
                Lead.objects.get(pk=lead.pk).reject(by=chief(), reason="other")
            finally:
                connections.close_all()

        rival = threading.Thread(target=reject)
        with transaction.atomic():
            Lead.objects.select_for_update().get(pk=lead.pk)
            rival.start()
            assert waiting.wait(timeout=10)
            rival.join(timeout=0.5)
            assert rival.is_alive(), "the rival did not wait for the lock"
            released_at = clock.now()
        rival.join(timeout=30)
        event = TransitionRecord.objects.get(machine="leads.lead", object_id=lead.pk, sequence=3)
        assert event.log.timestamp > released_at
