"""Who may open which page, and answer an offer: a table of all visitors and all pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from backend.leads.models import LeadAssignment
from backend.leads.tests.factories import make_provider, make_staff
from backend.notifications.models import Notification
from backend.portal.tests.factories import client_of, key_page, make_offer, offer_page, post_answer
from workflows import TransitionRecord

pytestmark = pytest.mark.django_db


@dataclass
class Scene:
    """An offer, the notification of it, and what its address ends in for a visitor."""

    offer: LeadAssignment
    client: Client
    query: str = ""

    def address(self, page: str) -> str:
        note = Notification.objects.get(path=offer_page(self.offer.lead), type="lead_assigned")
        return page.format(reference=self.offer.lead.reference, note=note.pk) + self.query


def of_nobody(offer: LeadAssignment) -> Scene:
    return Scene(offer, Client())


def of_the_provider(offer: LeadAssignment) -> Scene:
    return Scene(offer, client_of(offer.provider.user))


def of_another_provider(offer: LeadAssignment) -> Scene:
    return Scene(offer, client_of(make_provider().user))


def of_staff(offer: LeadAssignment) -> Scene:
    """Staff may answer for a provider, in the admin; the pages are the provider's."""
    return Scene(offer, client_of(make_staff("answer_leadassignment", "view_leadassignment")))


def of_staff_with_a_profile(offer: LeadAssignment) -> Scene:
    user = make_provider().user
    user.is_staff = user.is_superuser = True
    user.save()
    return Scene(offer, client_of(user))


def of_the_link(offer: LeadAssignment) -> Scene:
    return Scene(
        offer, Client(), key_page(offer.lead, offer.provider.user).removeprefix(offer_page(offer.lead))
    )


def of_a_forged_link(offer: LeadAssignment) -> Scene:
    return Scene(offer, Client(), of_the_link(offer).query[:-1] + "~")


def of_the_link_of_another_page(offer: LeadAssignment) -> Scene:
    other = make_offer(offer.provider)
    return Scene(offer, Client(), of_the_link(other).query)


def of_the_link_of_another_provider(offer: LeadAssignment) -> Scene:
    query = key_page(offer.lead, make_provider().user).removeprefix(offer_page(offer.lead))
    return Scene(offer, Client(), query)


Visit = Callable[[LeadAssignment], Scene]
LOGIN = "login"

PAGES = (
    "/",
    "/provider/offers/",
    "/provider/offers/{reference}/",
    "/notifications/",
    "/notifications/{note}/",
    "/settings/notifications/",
    "/password/",
)
EXPECTED: dict[Visit, tuple[Any, ...]] = {
    of_nobody: (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    of_the_provider: ("/provider/offers/", 200, 200, 200, "/provider/offers/{reference}/", 200, 200),
    of_another_provider: ("/provider/offers/", 200, 404, 200, 404, 200, 200),
    of_staff: ("/admin/", 403, 403, 200, 404, 200, 200),
    of_staff_with_a_profile: ("/provider/offers/", 200, 404, 200, 404, 200, 200),
    of_the_link: (LOGIN, LOGIN, 200, LOGIN, LOGIN, LOGIN, LOGIN),
    of_a_forged_link: (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    of_the_link_of_another_page: (LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN, LOGIN),
    of_the_link_of_another_provider: (LOGIN, LOGIN, 404, LOGIN, LOGIN, LOGIN, LOGIN),
}
TABLE = [
    pytest.param(visit, page, outcome, id=f"{visit.__name__}:{page}")
    for visit, outcomes in EXPECTED.items()
    for page, outcome in zip(PAGES, outcomes, strict=True)
]


class TestPages:
    @pytest.mark.parametrize(("visit", "page", "outcome"), TABLE)
    def test_open_for_those_whose_they_are(self, visit: Visit, page: str, outcome: Any) -> None:
        scene = visit(make_offer())
        response = scene.client.get(scene.address(page))
        if outcome == LOGIN:
            assert response.status_code == 302
            assert response.headers["Location"].startswith("/login/?next=/")
        elif isinstance(outcome, str):
            location = outcome.format(reference=scene.offer.lead.reference)
            assert (response.status_code, response.headers["Location"]) == (302, location)
        else:
            assert response.status_code == outcome


class TestAnswers:
    @pytest.mark.parametrize("visit", EXPECTED)
    def test_are_taken_from_the_provider_alone(self, visit: Visit) -> None:
        scene = visit(make_offer())
        post_answer(scene.client, scene.address("/provider/offers/{reference}/"), "accept")
        records = TransitionRecord.objects.filter(machine="leads.leadassignment", object_id=scene.offer.pk)
        events = [record.log.transition for record in records.order_by("sequence")]
        is_theirs = visit in (of_the_provider, of_the_link)
        assert events == (["create", "accept"] if is_theirs else ["create"])


class TestMarkAllRead:
    def test_needs_a_login(self) -> None:
        make_offer()
        assert Client().post("/notifications/read/").headers["Location"].startswith("/login/")
        assert Notification.objects.filter(read_at__isnull=False).count() == 0
