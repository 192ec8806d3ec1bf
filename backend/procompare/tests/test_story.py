"""The main job from click to click: staff verify, providers are reached on every channel, accept and decline.

Everything is real: PostgreSQL, the worker (a process of its own), Chromium, and servers on loopback for mail and
webhooks.  Staff and two providers each sit at a browser of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.test import override_settings
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer
from standardwebhooks import Webhook

from backend.jobs.tests.worker_process import WorkerProcess, wait_until
from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.admin_pages import PASSWORD, address_of, make_member
from backend.leads.tests.factories import make_lead, make_market
from backend.notifications.models import Delivery, DeliveryChannel, NotificationType, WebhookEndpoint
from backend.notifications.services import save_preferences, save_webhook_endpoint, set_channel_choice
from backend.notifications.tests.faulty_receiver import FaultyReceiver, faulty_receiver
from backend.notifications.tests.mail_server import MailServer, mail_server
from backend.procompare.tests.desk import MakeDesk
from backend.users.models import ProviderProfile
from workflows import TransitionRecord

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OFFERED = NotificationType.LEAD_ASSIGNED


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[FaultyReceiver]:
    with faulty_receiver() as server:
        yield server


@pytest.fixture
def worker(live_server: LiveServer, mails: MailServer) -> Iterator[WorkerProcess]:
    """A worker that sends its mails to the server of the test, and prints its SMS."""
    with WorkerProcess(
        FRONTEND_URL=live_server.url,
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(mails.port),
        EMAIL_USE_TLS="0",
    ) as process:
        yield process


def let_in(provider: ProviderProfile) -> ProviderProfile:
    """Give a provider a password and an address."""
    provider.user.set_password(PASSWORD)
    provider.user.email = f"{provider.user.username}@example.com"
    provider.user.save()
    return provider


@override_settings(WEBHOOK_LOOPBACK_ALLOWED=True)  # as in a trial; tests run without DEBUG
def make_reachable_on_every_channel(provider: ProviderProfile, receiver: FaultyReceiver) -> WebhookEndpoint:
    """Give a provider a phone and a webhook, both wanted for offers; return the webhook."""
    save_preferences(provider.user, phone="+49 30 901820")
    set_channel_choice(provider.user, OFFERED, DeliveryChannel.SMS, is_on=True)
    endpoint = save_webhook_endpoint(provider.user, f"{receiver.address}/ok")
    assert endpoint is not None
    return endpoint


def mail_to(mails: MailServer, provider: ProviderProfile, *, about: str) -> EmailMessage | None:
    """Return the mail to a provider whose subject starts so, if it has come."""
    found = [
        mail
        for mail in list(mails.messages)
        if provider.user.email in mail["To"] and mail["Subject"].startswith(about)
    ]
    assert len(found) <= 1, "a mail came twice"
    return found[0] if found else None


def link_in(mail: EmailMessage) -> str:
    """Return the signed link of a mail, as the text version has it."""
    body = mail.get_body(("plain",))
    assert body is not None
    link = re.search(r"https?://\S+key=\S+", body.get_content())
    assert link is not None
    return link[0]


class TestAfterTheOffer:
    def test_goes_from_the_click_of_staff_to_the_answer_of_the_third_provider(
        self,
        make_desk: MakeDesk,
        worker: WorkerProcess,
        mails: MailServer,
        receiver: FaultyReceiver,
    ) -> None:
        category = make_market(providers=6)
        providers = [let_in(provider) for provider in category.providers.select_related("user")]
        webhooks = {one.pk: make_reachable_on_every_channel(one, receiver) for one in providers}
        lead = make_lead(category, title="A dripping tap", place_name="Berlin")

        # Staff verify it in the admin.
        staff = make_desk()
        staff.log_in_by_form(make_member("verifier"), at="/admin/login/", until="**/admin/")
        page = staff.open(address_of(lead))
        page.get_by_role("button", name="Verify → Verified").click()
        expect(page.locator(".wf-badge-large")).to_have_text(re.compile("Verified"))

        offers = list(lead.assignments.select_related("provider__user").order_by("rank"))
        first, second = offers[0], offers[1]
        (third,) = {one.pk for one in providers} - {offer.provider_id for offer in offers}
        third_provider = next(one for one in providers if one.pk == third)
        assert [tip.provider_id for tip in lead.tips.all()] == [third]

        # The offer arrives as a mail, a signed webhook, an SMS on the console, and in the inbox.
        wait_until(lambda: mail_to(mails, first.provider, about="An offer"), what="the mail arrives")
        webhook = webhooks[first.provider_id]
        key = self._delivered(first, DeliveryChannel.WEBHOOK)
        (received,) = [each for each in receiver.received if each.key == key]
        payload = Webhook(webhook.secret).verify(received.body, received.headers)
        assert (payload["type"], payload["data"]["subject"]) == (
            "lead_assigned",
            "An offer for you: A dripping tap, Berlin",
        )
        self._delivered(first, DeliveryChannel.SMS)
        assert "SMS to +4930901820: An offer for you: A dripping tap, Berlin http" in worker.output
        self._delivered(first, DeliveryChannel.IN_APP)

        # The first provider follows the link in its mail, without a login, and accepts.
        mail = mail_to(mails, first.provider, about="An offer")
        assert mail is not None
        one = make_desk()
        page = one.open(link_in(mail))
        expect(page.get_by_text(lead.contact.email)).to_have_count(0)
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("link", name=lead.contact.email)).to_be_visible()
        assert LeadAssignment.objects.get(pk=first.pk).status == "accepted"
        assert first.contact_views.filter(viewer=first.provider.user, channel="page").exists()

        # The second one logs in, finds the offer in its list and its inbox, and declines.
        two = make_desk()
        two.log_in_by_form(second.provider.user, at="/login/", until="**/provider/offers/")
        expect(two.open("/notifications/").get_by_text("An offer for you: A dripping tap")).to_be_visible()
        page = two.open("/provider/offers/")
        page.locator("summary", has_text="Decline").first.click()
        page.get_by_label("Too far").check()
        page.locator("button.danger").click()
        expect(page.get_by_text("You have declined this lead")).to_be_visible()

        # The third is offered the place in the same transaction, and told.
        offer = LeadAssignment.objects.get(lead=lead, provider=third)
        declined = TransitionRecord.objects.get(
            machine="leads.leadassignment", object_id=second.pk, log__transition="decline"
        )
        assert offer.created_at >= declined.log.timestamp
        # In the same transaction, whose clock both go by.
        assert offer.created_at == declined.log.timestamp
        wait_until(lambda: mail_to(mails, third_provider, about="An offer"), what="the third is told")
        assert Lead.objects.get(pk=lead.pk).wave == 2

    def _delivered(self, offer: LeadAssignment, channel: DeliveryChannel) -> str:
        """Wait until a provider's offer is delivered over a channel; return the delivery's key."""
        deliveries = Delivery.objects.filter(
            notification__recipient=offer.provider.user, notification__type=OFFERED, channel=channel
        )
        wait_until(lambda: deliveries.filter(status="delivered").exists(), what=f"{channel} is delivered")
        return str(deliveries.get().key)
