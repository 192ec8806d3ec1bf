"""Time does its part: late, twice, beside itself, and never twice over."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction
from django.db.models import Model

from backend.jobs.testing import run_due_jobs
from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import supply, timers
from backend.leads.tasks import expire, remind, retry_waiting_leads
from backend.leads.terms import BUILT_IN_TERMS
from backend.leads.tests.factories import (
    QUOTES,
    chief,
    make_category,
    make_lead,
    make_market,
    make_provider,
    make_staff_in_group,
    make_verified_lead,
)
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification
from backend.notifications.services import save_preferences
from backend.users.models import ProviderProfile, User
from workflows import TransitionRecord, clock

HOUR = datetime.timedelta(hours=1)


def reminders() -> list[tuple[str, str]]:
    """Return recipient and subject of every reminder, in the order they were written."""
    rows = Notification.objects.filter(type="reminder").order_by("pk")
    return list(rows.values_list("recipient__username", "subject"))


def statuses_of(lead: Lead) -> list[str]:
    return list(lead.assignments.order_by("pk").values_list("status", flat=True))


@contextmanager
def holding(model: type[Model], key: int) -> Iterator[None]:
    """Have another connection hold the lock of a row."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            model._base_manager.select_for_update().get(pk=key)
            is_held.set()
            may_go.wait(timeout=30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(timeout=30)
        yield
    finally:
        may_go.set()
        holder.join(timeout=30)


@pytest.mark.django_db
class TestOfferClock:
    def test_starts_when_the_provider_opens(self) -> None:
        # A Wednesday night in Berlin; the provider opens at eight in the morning.
        night = datetime.datetime(2026, 3, 4, 22, tzinfo=datetime.UTC)
        opening = datetime.datetime(2026, 3, 5, 7, tzinfo=datetime.UTC)
        with clock.at(night):
            category = make_market(
                providers=1,
                opens_at=datetime.time(8),
                closes_at=datetime.time(18),
                time_zone="Europe/Berlin",
            )
            lead = make_lead(category)
            lead.verify(by=chief())
        offer = lead.assignments.get()
        assert (offer.created_at, offer.starts_at) == (night, opening)
        assert offer.expires_at == opening + BUILT_IN_TERMS.offer_open_for
        assert offer.remind_at == offer.expires_at - BUILT_IN_TERMS.offer_reminder_before

    def test_starts_when_the_quiet_hours_end(self) -> None:
        night = datetime.datetime(2026, 3, 4, 22, tzinfo=datetime.UTC)
        category = make_market(providers=1, time_zone="Europe/Berlin")
        save_preferences(
            category.providers.get().user,
            quiet_from=datetime.time(21),
            quiet_until=datetime.time(7),
        )
        with clock.at(night):
            lead = make_lead(category)
            lead.verify(by=chief())
        assert lead.assignments.get().starts_at == datetime.datetime(2026, 3, 5, 6, tzinfo=datetime.UTC)

    def test_never_starts_after_the_deadline(self) -> None:
        night = datetime.datetime(2026, 3, 4, 22, tzinfo=datetime.UTC)
        category = make_market(providers=1)
        save_preferences(
            category.providers.get().user, quiet_from=datetime.time(21), quiet_until=datetime.time(7)
        )
        with clock.at(night):
            lead = make_lead(category, deadline_at=night + HOUR)
            lead.verify(by=chief())
        offer = lead.assignments.get()
        assert offer.starts_at == offer.expires_at == offer.remind_at == lead.deadline_at

    def test_ends_with_the_lead_and_reminds_at_half_time_when_it_is_short(self) -> None:
        lead = make_lead(make_market(providers=1), deadline_at=clock.now() + 4 * HOUR)
        lead.verify(by=chief())
        offer = lead.assignments.get()
        assert offer.expires_at == lead.deadline_at
        assert offer.remind_at == offer.starts_at + (offer.expires_at - offer.starts_at) / 2


@pytest.mark.django_db
class TestExpireOffers:
    def test_ends_what_has_run_out_and_offers_the_place_to_the_next(self) -> None:
        lead = make_verified_lead(providers=6)
        with clock.at(clock.now() + BUILT_IN_TERMS.offer_open_for):
            swept = timers.expire_offers()
        assert (swept.moved, swept.refused, swept.failed) == (5, 0, 0)
        assert statuses_of(lead) == ["expired"] * 5 + ["offered"]
        loads = ProviderLoad.objects.filter(open_offers=1).values_list("provider", flat=True)
        assert list(loads) == [lead.assignments.get(status="offered").provider_id]
        actors = TransitionRecord.objects.filter(machine="leads.leadassignment", log__transition="expire")
        assert set(actors.values_list("actor", "channel")) == {("system:timer", "timer")}

    def test_leaves_what_has_not_run_out_and_what_was_answered(self) -> None:
        lead = make_verified_lead(providers=2)
        lead.assignments.first().accept(by=chief())
        assert timers.expire_offers().moved == 0
        with clock.at(clock.now() + BUILT_IN_TERMS.offer_open_for):
            assert timers.expire_offers().moved == 1
        assert sorted(statuses_of(lead)) == ["accepted", "expired"]

    def test_does_nothing_more_the_second_time(self) -> None:
        make_verified_lead(providers=2)
        with clock.at(clock.now() + BUILT_IN_TERMS.offer_open_for):
            assert timers.expire_offers().moved == 2
            events = TransitionRecord.objects.count()
            assert timers.expire_offers().moved == 0
        assert TransitionRecord.objects.count() == events

    def test_catches_up_after_a_week_without_a_worker(self) -> None:
        lead = make_verified_lead(providers=3)
        with clock.at(clock.now() + datetime.timedelta(days=7)):
            expire(timestamp=0)
        assert statuses_of(lead) == ["expired"] * 3

    def test_is_kept_from_the_others_by_none_that_fails(self, monkeypatch, caplog) -> None:
        first, second = make_verified_lead(providers=1), make_verified_lead(providers=1)
        broken = first.assignments.get().pk
        really_expire = LeadAssignment.expire

        def fail_for_one(offer: LeadAssignment, **arguments: object) -> None:
            if offer.pk == broken:
                raise ZeroDivisionError
            really_expire(offer, **arguments)

        monkeypatch.setattr(LeadAssignment, "expire", fail_for_one)
        with clock.at(clock.now() + BUILT_IN_TERMS.offer_open_for):
            swept = timers.expire_offers()
        assert (swept.moved, swept.failed) == (1, 1)
        assert (statuses_of(first), statuses_of(second)) == (["offered"], ["expired"])
        assert f"Cannot sweep leads.LeadAssignment {broken}" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestExpireOffersBesideOthers:
    def test_passes_over_a_lead_that_somebody_holds(self) -> None:
        held, free = make_verified_lead(providers=1), make_verified_lead(providers=1)
        with holding(Lead, held.pk), clock.at(clock.now() + BUILT_IN_TERMS.offer_open_for):
            swept = timers.expire_offers()
        assert (swept.moved, swept.passed) == (1, 1)
        assert (statuses_of(held), statuses_of(free)) == (["offered"], ["expired"])

    def test_in_two_workers_ends_each_offer_once(self) -> None:
        leads = [make_verified_lead(providers=2) for _lead in range(10)]
        at = clock.now() + BUILT_IN_TERMS.offer_open_for
        barrier = threading.Barrier(2)
        moved: list[int] = []
        failed: list[int] = []

        def run() -> None:
            barrier.wait(timeout=30)
            with clock.at(at):
                swept = timers.expire_offers()
            moved.append(swept.moved)
            failed.append(swept.failed)
            connections.close_all()

        workers = [threading.Thread(target=run) for _worker in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)
        assert (sum(moved), sum(failed)) == (20, 0)
        assert all(statuses_of(lead) == ["expired", "expired"] for lead in leads)


@pytest.mark.django_db
class TestExpireLeads:
    def test_ends_what_is_open_at_its_deadline_with_its_offers(self) -> None:
        new, verified = make_lead(), make_verified_lead(providers=2)
        rejected = make_lead()
        rejected.reject(by=chief(), reason="other")
        with clock.at(verified.deadline_at):
            assert timers.expire_leads().moved == 2
        assert [Lead.objects.get(pk=lead.pk).status for lead in (new, verified, rejected)] == [
            "expired",
            "expired",
            "rejected",
        ]
        assert statuses_of(verified) == ["withdrawn", "withdrawn"]


@pytest.mark.django_db
class TestRemindProviders:
    def test_of_an_offer_that_is_about_to_expire_once(self) -> None:
        lead = make_verified_lead(providers=1)
        offer = lead.assignments.get()
        with clock.at(offer.remind_at - datetime.timedelta(seconds=1)):
            remind(timestamp=0)
        assert reminders() == []
        with clock.at(offer.remind_at):
            remind(timestamp=0)
            remind(timestamp=0)
        assert reminders() == [(offer.provider.user.username, "Still open for you: A dripping tap")]
        assert Notification.objects.get(type="reminder").path == f"/provider/offers/{lead.reference}/"

    def test_of_nothing_that_was_answered(self) -> None:
        offer = make_verified_lead(providers=1).assignments.get()
        offer.accept(by=chief())
        with clock.at(offer.remind_at):
            assert timers.remind_providers_of_offers() == 0
        assert reminders() == []

    def test_of_nothing_that_has_run_out_meanwhile(self) -> None:
        offer = make_verified_lead(providers=1).assignments.get()
        with clock.at(offer.expires_at):
            assert timers.remind_providers_of_offers() == 0

    def test_takes_as_many_statements_for_many_as_for_few(self, django_assert_num_queries) -> None:
        for _lead in range(5):
            make_verified_lead(providers=3)
        with clock.at(clock.now() + BUILT_IN_TERMS.offer_open_for - HOUR), django_assert_num_queries(6):
            assert timers.remind_providers_of_offers() == 15


@pytest.mark.django_db
class TestRemindStaff:
    def test_of_all_new_leads_that_wait_too_long_in_one_message(self) -> None:
        verifier = make_staff_in_group("verify_lead")
        make_lead(title="The oldest")
        make_lead()
        with clock.at(clock.now() + BUILT_IN_TERMS.verify_within):
            remind(timestamp=0)
            remind(timestamp=0)
        assert reminders() == [(verifier.username, "2 new leads wait to be verified")]
        note = Notification.objects.get(type="reminder")
        assert "The oldest." in note.body

    def test_again_of_a_lead_that_was_reopened(self) -> None:
        make_staff_in_group("verify_lead")
        lead = make_lead()
        later = clock.now() + BUILT_IN_TERMS.verify_within
        with clock.at(later):
            remind(timestamp=0)
            lead.reject(by=chief(), reason="other")
            lead.reopen(by=chief(), reason="a mistake")
            remind(timestamp=0)
        assert len(reminders()) == 1
        with clock.at(later + BUILT_IN_TERMS.verify_within):
            remind(timestamp=0)
        assert len(reminders()) == 2


@pytest.mark.django_db
class TestRemindClients:
    def test_of_quotes_that_wait_for_an_answer_once(self) -> None:
        client = User.objects.create(username="ann")
        lead = make_verified_lead(providers=2, client=client)
        first, second = lead.assignments.all()
        first.accept(by=chief())
        second.accept(by=chief())
        quoted_at = clock.now()
        with clock.at(quoted_at):
            lead.record_quote(by=QUOTES, assignment=first)
        with clock.at(quoted_at + HOUR):
            lead.record_quote(by=QUOTES, assignment=second)
        with clock.at(quoted_at + BUILT_IN_TERMS.choose_within):
            remind(timestamp=0)
            remind(timestamp=0)
        assert reminders() == [("ann", "Quotes wait for your answer: A dripping tap")]

    def test_not_when_the_client_has_chosen(self) -> None:
        lead = make_verified_lead(providers=1, client=User.objects.create(username="ann"))
        offer = lead.assignments.get()
        offer.accept(by=chief())
        lead.record_quote(by=QUOTES, assignment=offer)
        lead.award(by=chief(), assignment=offer)
        with clock.at(clock.now() + BUILT_IN_TERMS.choose_within):
            assert timers.remind_clients_of_quotes() == 0


@pytest.mark.django_db
class TestRetryWaitingLeads:
    def test_routes_a_lead_that_lacked_providers_when_there_is_one(self) -> None:
        lead = make_verified_lead(providers=1)
        make_provider(lead.category)
        with clock.at(clock.now() + BUILT_IN_TERMS.retry_after):
            retry_waiting_leads(timestamp=0)
        assert lead.assignments.count() == 2
        lead.refresh_from_db()
        assert (lead.wave, lead.retry_at is not None) == (2, True)

    def test_writes_nothing_where_there_is_still_nobody_and_looks_again_later(self) -> None:
        lead = make_verified_lead(providers=1)
        at = clock.now() + BUILT_IN_TERMS.retry_after
        with clock.at(at):
            assert timers.retry_waiting_leads().moved == 1
            assert timers.retry_waiting_leads().moved == 0
        lead.refresh_from_db()
        assert (lead.wave, lead.version, lead.retry_at) == (1, 2, at + BUILT_IN_TERMS.retry_after)

    def test_leaves_a_lead_alone_that_has_all_it_wants(self) -> None:
        lead = make_verified_lead(providers=5)
        assert lead.retry_at is None
        with clock.at(clock.now() + BUILT_IN_TERMS.retry_after):
            assert timers.retry_waiting_leads().moved == 0

    def test_gives_up_when_enough_have_accepted(self) -> None:
        lead = make_verified_lead(providers=2)
        for offer in lead.assignments.all():
            offer.accept(by=chief())
        make_provider(lead.category)
        with clock.at(clock.now() + BUILT_IN_TERMS.retry_after):
            timers.retry_waiting_leads()
        lead.refresh_from_db()
        assert (lead.wave, lead.retry_at, lead.assignments.count()) == (1, None, 2)

    def test_does_not_undo_what_a_wave_has_found_meanwhile(self, monkeypatch) -> None:
        """Enough have accepted, so the lead waits no longer; but then one is withdrawn, and nobody is found."""
        lead = make_verified_lead(providers=2)
        for offer in lead.assignments.all():
            offer.accept(by=chief())
        newcomer = make_provider(lead.category)
        really_reroute = Lead.reroute

        def reroute_before_a_rival(lead: Lead, **arguments: object) -> None:
            monkeypatch.setattr(Lead, "reroute", really_reroute)
            try:
                lead.reroute(**arguments)
            finally:
                newcomer.pause(by=chief())
                lead.assignments.filter(status="accepted").first().withdraw(by=chief(), reason="ill")

        monkeypatch.setattr(Lead, "reroute", reroute_before_a_rival)
        assert supply.offer_waiting_leads(newcomer.pk) == 0
        lead.refresh_from_db()
        assert (lead.wave, lead.retry_at is not None) == (2, True)


@pytest.mark.django_db(transaction=True)
class TestBusyProviders:
    """The only provider that is left is being offered another lead at this very moment."""

    def test_are_asked_again_by_the_next_tick_and_nobody_is_alarmed(self) -> None:
        make_staff_in_group("reroute_lead")
        lead = make_verified_lead(providers=0)
        provider = make_provider(lead.category)
        alarms = Notification.objects.filter(type="system", subject__startswith="No provider")
        assert alarms.count() == 1

        with holding(ProviderProfile, provider.pk):
            supply.offer_waiting_leads(provider.pk)
        assert [entry["outcome"] for entry in lead.decisions.get(wave=2).candidates] == ["busy"]
        assert (lead.assignments.count(), alarms.count()) == (0, 1)

        retry_waiting_leads(timestamp=0)
        assert statuses_of(lead) == ["offered"]


@pytest.mark.django_db
class TestProvidersThatCanTakeMore:
    """What a provider's approval, return, edit or freed capacity brings to leads that lack providers."""

    def test_get_a_waiting_lead_when_they_appear(self) -> None:
        lead = make_verified_lead(providers=0)
        provider = make_provider(lead.category)
        run_due_jobs()
        assert [offer.provider for offer in lead.assignments.all()] == [provider]

    def test_get_it_when_they_come_back_from_a_pause(self) -> None:
        category = make_market(providers=1)
        provider = category.providers.get()
        provider.pause(by=chief())
        lead = make_lead(category)
        lead.verify(by=chief())
        assert lead.assignments.count() == 0
        provider.resume(by=chief())
        run_due_jobs()
        assert lead.assignments.count() == 1

    def test_get_it_when_an_answer_frees_their_capacity(self) -> None:
        category = make_market(providers=1, open_offers_max=1)
        first, second = make_lead(category), make_lead(category)
        first.verify(by=chief())
        second.verify(by=chief())
        assert (first.assignments.count(), second.assignments.count()) == (1, 0)
        first.assignments.get().accept(by=chief())
        run_due_jobs()
        assert second.assignments.count() == 1

    def test_get_no_more_than_they_can_take(self) -> None:
        leads = [make_verified_lead(providers=0) for _lead in range(3)]
        categories = [lead.category for lead in leads]
        provider = make_provider(*categories, open_offers_max=2)
        run_due_jobs()
        assert LeadAssignment.objects.filter(provider=provider, status="offered").count() == 2

    def test_go_on_to_the_next_lead_when_one_has_ended_meanwhile(self, monkeypatch) -> None:
        category = make_category()
        first, second = make_lead(category), make_lead(category)
        first.verify(by=chief())
        second.verify(by=chief())
        provider = make_provider(category)
        really_reroute = Lead.reroute

        def reroute_after_a_rival(lead: Lead, **arguments: object) -> None:
            if lead == first:
                first.cancel(by=chief(), reason="other")
            really_reroute(lead, **arguments)

        monkeypatch.setattr(Lead, "reroute", reroute_after_a_rival)
        assert supply.offer_waiting_leads(provider.pk) == 1
        assert (statuses_of(first), statuses_of(second)) == ([], ["offered"])

    def test_get_none_that_is_too_far_away(self) -> None:
        lead = make_verified_lead(providers=0)
        make_provider(lead.category, place=(48.1, 11.6))
        run_due_jobs()
        lead.refresh_from_db()
        assert (lead.wave, lead.assignments.count()) == (1, 0)

    def test_get_nothing_twice(self) -> None:
        lead = make_verified_lead(providers=0)
        provider = make_provider(lead.category)
        run_due_jobs()
        lead.assignments.get().decline(by=chief(), reason="too_busy")
        provider.radius_km = 30
        provider.save()
        run_due_jobs()
        assert lead.assignments.count() == 1

    def test_are_not_looked_for_when_a_change_says_nothing_of_what_they_can_take(self) -> None:
        provider = make_provider()
        run_due_jobs()
        provider.company_name = "Another name"
        provider.save(update_fields=["company_name"])
        assert run_due_jobs() == 0
