"""What was written is not always sent: a withdrawn offer is not announced, an answered one brings no reminder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.jobs.testing import run_due_jobs
from backend.leads.models import Lead
from backend.leads.services import answers, timers
from backend.leads.tests.factories import QUOTES, chief, make_claimable_lead, make_verified_lead
from backend.notifications.models import Delivery, Notification
from backend.users.models import User
from workflows import clock

pytestmark = pytest.mark.django_db


def give_addresses() -> None:
    for user in User.objects.filter(email=""):
        user.email = f"{user.username}@example.com"
        user.save()


def ends_of(type_: str, channel: str = "email") -> list[tuple[str, str]]:
    """Return how the deliveries of a type ended, and why not."""
    rows = Delivery.objects.filter(notification__type=type_, channel=channel).order_by("pk")
    return list(rows.values_list("status", "skipped_because"))


def end_before_sending(lead: Lead, how: Callable[[Lead], object]) -> None:
    """Plan what was told of a lead, let something happen, then send."""
    give_addresses()
    how(lead)
    run_due_jobs()


class TestOffer:
    def test_is_announced_while_it_is_open(self) -> None:
        end_before_sending(make_verified_lead(providers=2), lambda lead: None)
        assert ends_of("lead_assigned") == [("delivered", "")] * 2

    def test_is_not_announced_when_it_was_withdrawn(self) -> None:
        end_before_sending(
            make_verified_lead(providers=1),
            lambda lead: lead.assignments.get().withdraw(by=chief(), reason="A mistake."),
        )
        assert ends_of("lead_assigned") == [("skipped", "The offer is no longer open.")]
        assert ends_of("system_update") == [("delivered", "")]

    def test_is_not_announced_when_others_have_taken_every_place(self) -> None:
        def accept_three(lead: Lead) -> None:
            for offer in lead.assignments.order_by("rank")[:3]:
                offer.accept(by=chief())

        end_before_sending(make_verified_lead(providers=4), accept_three)
        assert ends_of("lead_assigned") == [
            *[("skipped", "The offer is no longer open.")] * 3,
            ("skipped", "All 3 places are taken by other providers."),
        ]

    def test_is_not_announced_when_it_has_run_out(self) -> None:
        lead = make_verified_lead(providers=1)
        give_addresses()
        with clock.at(lead.assignments.get().expires_at):
            run_due_jobs()
        assert ends_of("lead_assigned") == [("skipped", "It expired before it could be sent.")]

    def test_stays_in_the_inbox_all_the_same(self) -> None:
        end_before_sending(
            make_verified_lead(providers=1),
            lambda lead: lead.assignments.get().withdraw(by=chief(), reason="A mistake."),
        )
        assert ends_of("lead_assigned", "in_app") == [("delivered", "")]


class TestClaim:
    def test_is_not_pointed_out_when_the_lead_has_ended(self) -> None:
        end_before_sending(
            make_verified_lead(providers=6), lambda lead: lead.cancel(by=chief(), reason="other")
        )
        assert ends_of("lead_verified") == [("skipped", "The lead is no longer on offer.")]

    def test_is_not_pointed_out_when_it_was_made(self) -> None:
        lead, provider = make_claimable_lead()
        end_before_sending(lead, lambda lead: answers.claim(lead, provider=provider, by=provider.user))
        assert ends_of("lead_verified") == [("skipped", "The lead was offered to the provider meanwhile.")]

    def test_is_not_pointed_out_to_whom_it_does_not_fit_any_more(self) -> None:
        def move_to_munich(lead: Lead) -> None:
            asked = {name: getattr(lead, name) for name in ("category", "language", "budget")}
            lead.revise(by=chief(), **asked, place_name="Munich", latitude=48.14, longitude=11.58)

        end_before_sending(make_verified_lead(providers=6), move_to_munich)
        assert ends_of("lead_verified") == [
            ("skipped", "The request has changed: the provider may not claim it any more.")
        ]

    def test_is_not_pointed_out_when_others_have_taken_every_place(self) -> None:
        lead, _provider = make_claimable_lead()
        end_before_sending(
            lead, lambda lead: lead.assignments.filter(status="offered").first().accept(by=chief())
        )
        assert ends_of("lead_verified") == [("skipped", "All 3 places are taken by other providers.")]


class TestReminder:
    def test_is_not_sent_when_the_offer_was_answered(self) -> None:
        lead = make_verified_lead(providers=1)
        offer = lead.assignments.get()
        give_addresses()
        with clock.at(offer.remind_at):
            timers.remind_providers_of_offers()
            offer.accept(by=chief())
            run_due_jobs()
        assert ends_of("reminder") == [("skipped", "The offer is no longer open.")]

    def test_is_not_sent_when_the_client_has_chosen(self) -> None:
        client = User.objects.create(username="ann", email="ann@example.com")
        lead = make_verified_lead(providers=1, client=client)
        offer = lead.assignments.get()
        offer.accept(by=chief())
        lead.record_quote(by=QUOTES, assignment=offer)
        lead.refresh_from_db()
        with clock.at(lead.remind_at):
            timers.remind_clients_of_quotes()
            lead.award(by=chief(), assignment=offer)
            run_due_jobs()
        assert ends_of("reminder") == [("skipped", "The quotes were answered.")]
        assert Notification.objects.filter(type="reminder").count() == 1
