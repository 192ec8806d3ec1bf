"""Every notification type that can occur by now, from its real cause, once for each recipient and event."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db.models import Count

from backend.leads.models import Lead
from backend.leads.services import timers
from backend.leads.tests.factories import (
    QUOTES,
    chief,
    make_accepted_offer,
    make_claimable_lead,
    make_lead,
    make_staff_in_group,
    make_verified_lead,
)
from backend.notifications.models import Notification, NotificationType
from backend.users.models import User
from workflows import clock

pytestmark = pytest.mark.django_db

# They come with credits and deposits.
NOT_YET = {NotificationType.CREDIT_PURCHASE, NotificationType.DEPOSIT_VERIFIED}


@dataclass(frozen=True)
class Cause:
    """What makes somebody be told: returns whom it should have told, by user name."""

    type: NotificationType
    happen: Callable[[], list[str]]


def an_offer_is_made() -> list[str]:
    lead = make_verified_lead(providers=2)
    return [offer.provider.user.username for offer in lead.assignments.all()]


def an_offer_is_made_in_a_later_wave() -> list[str]:
    lead = make_verified_lead(providers=6)
    Notification.objects.all().delete()
    lead.assignments.first().decline(by=chief(), reason="too_far")
    return [lead.assignments.get(decision__wave=2).provider.user.username]


def a_provider_may_claim() -> list[str]:
    lead = make_verified_lead(providers=7)
    return [tip.provider.user.username for tip in lead.tips.all()]


def a_quote_is_sent() -> list[str]:
    lead = make_verified_lead(providers=1, client=User.objects.create(username="ann"))
    offer = lead.assignments.get()
    offer.accept(by=chief())
    lead.record_quote(by=QUOTES, assignment=offer)
    return ["ann"]


def a_quote_is_answered() -> list[str]:
    lead = make_verified_lead(providers=2)
    first, second = lead.assignments.all()
    first.accept(by=chief())
    lead.record_quote(by=QUOTES, assignment=first)
    lead.award(by=chief(), assignment=first)
    return [first.provider.user.username, second.provider.user.username]


def an_offer_is_about_to_expire() -> list[str]:
    offer = make_verified_lead(providers=1).assignments.get()
    with clock.at(offer.remind_at):
        timers.remind_providers_of_offers()
    return [offer.provider.user.username]


def quotes_wait_for_an_answer() -> list[str]:
    a_quote_is_sent()
    with clock.at(clock.now() + datetime.timedelta(days=4)):
        timers.remind_clients_of_quotes()
    return ["ann"]


def a_new_lead_waits_too_long() -> list[str]:
    verifier = make_staff_in_group("verify_lead")
    make_lead()
    with clock.at(clock.now() + datetime.timedelta(hours=5)):
        timers.remind_staff_of_new_leads()
    return [verifier.username]


def a_new_lead_comes_in() -> list[str]:
    verifier = make_staff_in_group("verify_lead")
    make_lead()
    return [verifier.username]


def a_lead_finds_no_provider() -> list[str]:
    dispatcher = make_staff_in_group("reroute_lead")
    make_verified_lead(providers=0)
    return [dispatcher.username]


def a_lead_is_cancelled() -> list[str]:
    offer = make_accepted_offer()
    offer.lead.cancel(by=chief(), reason="no_longer_needed")
    return [offer.provider.user.username]


def an_offer_is_withdrawn() -> list[str]:
    offer = make_verified_lead(providers=1).assignments.get()
    offer.withdraw(by=chief(), reason="A mistake.")
    return [offer.provider.user.username]


def a_request_is_revised() -> list[str]:
    lead = make_verified_lead(providers=1)
    lead.revise(
        by=chief(), category=lead.category, latitude=52.5, longitude=lead.longitude, language=lead.language
    )
    return [lead.assignments.get().provider.user.username]


CAUSES = [
    Cause(NotificationType.LEAD_ASSIGNED, an_offer_is_made),
    Cause(NotificationType.LEAD_ASSIGNED, an_offer_is_made_in_a_later_wave),
    Cause(NotificationType.LEAD_VERIFIED, a_provider_may_claim),
    Cause(NotificationType.QUOTE_RECEIVED, a_quote_is_sent),
    Cause(NotificationType.QUOTE_RESPONSE, a_quote_is_answered),
    Cause(NotificationType.REMINDER, an_offer_is_about_to_expire),
    Cause(NotificationType.REMINDER, quotes_wait_for_an_answer),
    Cause(NotificationType.REMINDER, a_new_lead_waits_too_long),
    Cause(NotificationType.SYSTEM, a_new_lead_comes_in),
    Cause(NotificationType.SYSTEM, a_lead_finds_no_provider),
    Cause(NotificationType.SYSTEM_UPDATE, a_lead_is_cancelled),
    Cause(NotificationType.SYSTEM_UPDATE, an_offer_is_withdrawn),
    Cause(NotificationType.SYSTEM_UPDATE, a_request_is_revised),
]


class TestEveryType:
    @pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.type}-{cause.happen.__name__}")
    def test_is_told_to_whom_it_concerns_once(self, cause: Cause) -> None:
        expected = cause.happen()
        told = Notification.objects.filter(type=cause.type).values_list("recipient__username", flat=True)
        assert sorted(told) == sorted(expected)
        assert expected

    def test_has_a_cause_here_unless_its_app_is_still_to_come(self) -> None:
        assert {cause.type for cause in CAUSES} | NOT_YET == set(NotificationType)
        assert not {cause.type for cause in CAUSES} & NOT_YET

    def test_is_told_once_of_each_event(self) -> None:
        lead, _provider = make_claimable_lead()
        lead.cancel(by=chief(), reason="other")
        twice = Notification.objects.values("recipient", "event").annotate(n=Count("pk")).filter(n__gt=1)
        assert (list(twice), Lead.objects.get(pk=lead.pk).status) == ([], "cancelled")
