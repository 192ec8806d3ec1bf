"""Every way out against real servers on loopback, good and bad; nothing takes longer than it may."""

from __future__ import annotations

import datetime
import json
import uuid

import pytest
from django.db import transaction
from standardwebhooks import Webhook

from backend.notifications.channels import Envelope, EnvelopeItem, adapter_for
from backend.notifications.channels.sms import compose_text
from backend.notifications.errors import DeliveryFailed, OpenTransaction
from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.tests.faulty_receiver import FaultyReceiver, closed_port, faulty_receiver
from backend.notifications.tests.mail_server import MailServer, drawn_out_server, mail_server

SECRET = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
WHEN = datetime.datetime(2026, 1, 10, 12, tzinfo=datetime.UTC)
EMAIL, SMS, WEBHOOK = DeliveryChannel.EMAIL, DeliveryChannel.SMS, DeliveryChannel.WEBHOOK

pytestmark = pytest.mark.django_db


def item(**fields) -> EnvelopeItem:
    values = {
        "notification_id": 5,
        "type": NotificationType.LEAD_ASSIGNED,
        "event": "leads.lead:1:2",
        "subject": "An offer",
        "body": "Plumbing.",
        "page": "https://pages.example/offers/",
        "signed_page": "https://pages.example/offers/?key=7.x.y",
        "unsubscribe_page": "https://pages.example/unsubscribe/7.lead_assigned.z/",
        "created_at": WHEN,
        "expires_at": None,
        **fields,
    }
    return EnvelopeItem(**values)


def envelope(channel: DeliveryChannel, address: str, *items: EnvelopeItem) -> Envelope:
    return Envelope(
        key=str(uuid.uuid4()),
        channel=channel,
        address=address,
        name="Pipes",
        items=items or (item(),),
        secret=SECRET,
    )


def send(sent: Envelope) -> None:
    adapter_for(sent.channel).send(sent)


def refusal(sent: Envelope) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as refused:
        send(sent)
    return refused.value


@pytest.fixture
def receiver():
    with faulty_receiver() as receiver:
        yield receiver


@pytest.fixture
def mails(settings):
    settings.EMAIL_BACKEND = "backend.notifications.channels.bounded_smtp.BoundedSmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = "127.0.0.1", False, 5
    settings.DEFAULT_FROM_EMAIL = "ProCompare <no-reply@pages.example>"
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


class TestAnyChannel:
    @pytest.mark.parametrize("channel", [EMAIL, SMS, WEBHOOK])
    @pytest.mark.parametrize("sms", ["ConsoleSms", "HttpGatewaySms"])
    def test_sends_nothing_while_a_transaction_is_open(self, channel, sms, settings, receiver, mails) -> None:
        settings.DELIVERY_ADAPTERS = {
            **settings.DELIVERY_ADAPTERS,
            "sms": f"backend.notifications.channels.sms.{sms}",
        }
        with (
            pytest.raises(OpenTransaction, match=f"Cannot send over '{channel.value}' while"),
            transaction.atomic(),
        ):
            send(envelope(channel, f"{receiver.address}/ok"))
        assert (receiver.received, mails.messages) == ([], [])


class TestWebhook:
    @pytest.fixture(autouse=True)
    def _brief(self, settings) -> None:
        settings.WEBHOOK_TIMEOUT_S = 0.5

    def test_is_signed_by_the_standard_and_carries_the_key(self, receiver: FaultyReceiver) -> None:
        sent = envelope(WEBHOOK, f"{receiver.address}/ok", item(expires_at=WHEN))
        send(sent)
        (received,) = receiver.received
        assert received.headers["webhook-id"] == sent.key
        assert Webhook(SECRET).verify(received.body, received.headers) == {
            "type": "lead_assigned",
            "timestamp": "2026-01-10T12:00:00+00:00",
            "data": {
                "notification": 5,
                "event": "leads.lead:1:2",
                "subject": "An offer",
                "page": "https://pages.example/offers/",
                "expires_at": "2026-01-10T12:00:00+00:00",
            },
        }

    @pytest.mark.parametrize("path", ["slow", "endless"])
    def test_is_done_with_the_status_whatever_follows(self, receiver: FaultyReceiver, path: str) -> None:
        send(envelope(WEBHOOK, f"{receiver.address}/{path}"))

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("broken", "Answered 500 Stack trace follows�xxx"),
            ("busy", "Answered 429"),
            ("redirect", "Answered 307 (redirects are not followed)"),
            ("inward", "Answered 302 (redirects are not followed)"),
            ("reset", "No connection, or it broke: "),
            ("binary", "No connection, or it broke: BadStatusLine: \x15\x03\x01 no HTTP"),
            ("hang", "No answer in time."),
            ("drip", "It took longer than 0.5 s in all."),
            ("headers", "It took longer than 0.5 s in all."),
        ],
    )
    def test_fails_for_now_with_a_bad_answer(self, receiver: FaultyReceiver, path: str, words: str) -> None:
        failure = refusal(envelope(WEBHOOK, f"{receiver.address}/{path}"))
        # A machine that is busy may be late for anything.
        assert str(failure).startswith((words, "It took longer than 0.5 s in all."))
        assert (failure.is_permanent, failure.is_of_receiver) == (False, True)
        assert len(str(failure)) < 300
        assert receiver.taken() == []

    def test_fails_for_now_where_nobody_answers(self) -> None:
        failure = refusal(envelope(WEBHOOK, closed_port()))
        assert str(failure).startswith("No connection, or it broke: ConnectionRefusedError")
        assert not failure.is_permanent

    def test_ends_for_good_when_the_receiver_says_gone(self, receiver: FaultyReceiver) -> None:
        failure = refusal(envelope(WEBHOOK, f"{receiver.address}/gone"))
        assert (failure.is_gone, failure.is_permanent) == (True, True)

    @pytest.mark.parametrize(
        "url",
        [
            "https://10.0.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/",
            "http://[fd00::1]/",
            "http://0.0.0.0/",
            "http://100.64.0.1/",
            "http://[::ffff:10.0.0.1]/",
        ],
    )
    def test_never_calls_a_private_address(self, url: str) -> None:
        failure = refusal(envelope(WEBHOOK, url))
        assert str(failure).endswith("is private and is never called.")
        assert (failure.is_permanent, failure.is_of_receiver) == (True, False)

    def test_calls_this_machine_only_where_the_settings_say_so(self, receiver, settings) -> None:
        settings.WEBHOOK_LOOPBACK_ALLOWED = False
        for host in ("127.0.0.1", "localhost"):
            address = receiver.address.replace("127.0.0.1", host)
            assert refusal(envelope(WEBHOOK, f"{address}/ok")).is_permanent
        assert receiver.received == []

    @pytest.mark.parametrize("greeting", [b"", b"x"])
    def test_ends_in_time_when_the_handshake_does_not(self, greeting: bytes) -> None:
        with drawn_out_server(greeting) as port:
            failure = refusal(envelope(WEBHOOK, f"https://127.0.0.1:{port}/"))
        assert (failure.is_permanent, failure.is_of_receiver) == (False, True)

    @pytest.mark.parametrize("url", ["https://", "nonsense", "gopher://hooks.example/", "https://a..b/"])
    def test_ends_for_good_where_there_is_no_address(self, url: str) -> None:
        assert refusal(envelope(WEBHOOK, url)).is_permanent

    def test_takes_no_detour_over_a_proxy(self, receiver: FaultyReceiver, monkeypatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", closed_port())
        monkeypatch.setenv("http_proxy", closed_port())
        send(envelope(WEBHOOK, f"{receiver.address}/ok"))
        assert len(receiver.taken()) == 1


class TestEmail:
    def test_arrives_as_text_and_html_with_a_way_out(self, mails: MailServer) -> None:
        sent = envelope(EMAIL, "ann@example.com", item(expires_at=WHEN))
        send(sent)
        (message,) = mails.messages
        assert (message["Subject"], message["To"]) == ("An offer", "ann@example.com")
        assert message["Message-ID"] == f"<{sent.key}@pages.example>"
        assert message["List-Unsubscribe"] == "<https://pages.example/unsubscribe/7.lead_assigned.z/>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert " ".join(text.split("\n--\n")[0].split()) == (
            "Hello Pipes, An offer Plumbing. Until 10 January 2026, 12:00 UTC. "
            "https://pages.example/offers/?key=7.x.y"
        )
        html = message.get_body(("html",)).get_content()
        assert 'href="https://pages.example/offers/?key=7.x.y"' in html
        assert 'href="https://pages.example/unsubscribe/7.lead_assigned.z/"' in html

    def test_shows_what_people_wrote_as_text(self, mails: MailServer) -> None:
        send(envelope(EMAIL, "ann@example.com", item(subject="<b>Tap & sink</b>", body="<script>1</script>")))
        html = mails.messages[0].get_body(("html",)).get_content()
        assert "&lt;b&gt;Tap &amp; sink&lt;/b&gt;" in html
        assert "&lt;script&gt;1&lt;/script&gt;" in html
        assert "<script>" not in html
        assert "<b>Tap & sink</b>" in mails.messages[0].get_body(("plain",)).get_content().replace(
            "\r\n", "\n"
        )

    def test_keeps_a_subject_on_one_line(self, mails: MailServer) -> None:
        send(envelope(EMAIL, "ann@example.com", item(subject="A tap\r\nBcc: eve@example.com\x0bnow")))
        (message,) = mails.messages
        assert message["Subject"] == "A tap Bcc: eve@example.com now"
        assert message["Bcc"] is None

    @pytest.mark.parametrize("address", ["ann@example.com\nBcc: eve@example.com", "not an address"])
    def test_is_refused_for_good_to_what_is_no_address(self, mails: MailServer, address: str) -> None:
        failure = refusal(envelope(EMAIL, address))
        assert (failure.is_permanent, failure.is_of_receiver) == (True, False)
        assert mails.messages == []

    def test_of_a_digest_has_every_item_and_a_way_out_of_each_kind(self, mails: MailServer) -> None:
        other = item(
            type=NotificationType.REMINDER,
            subject="Soon over",
            unsubscribe_page="https://pages.example/unsubscribe/r/",
        )
        send(envelope(EMAIL, "ann@example.com", item(), item(subject="Another"), other))
        (message,) = mails.messages
        assert message["Subject"] == "3 news from ProCompare"
        assert message["List-Unsubscribe"] is None
        text = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert [line for line in ("An offer", "Another", "Soon over") if f"\n{line}\n" in text] == [
            "An offer",
            "Another",
            "Soon over",
        ]
        assert text.count("No more e-mails of") == 2

    @pytest.mark.parametrize(
        ("answers", "is_permanent", "is_of_receiver"),
        [
            ({"rcpt_answer": "550 No such user"}, True, False),
            ({"rcpt_answer": "450 Mailbox busy"}, False, False),
            ({"rcpt_answer": "421 Too many"}, False, True),
            ({"data_answer": "554 Spam"}, True, False),
            ({"data_answer": "451 Later"}, False, False),
        ],
    )
    def test_fails_as_the_server_says(
        self, mails: MailServer, answers: dict, is_permanent: bool, is_of_receiver: bool
    ) -> None:
        for name, answer in answers.items():
            setattr(mails, name, answer)
        failure = refusal(envelope(EMAIL, "ann@example.com"))
        assert (failure.is_permanent, failure.is_of_receiver) == (is_permanent, is_of_receiver)
        assert next(iter(answers.values()))[:3] in str(failure)

    def test_fails_for_now_where_nobody_answers(self, mails, settings) -> None:
        settings.EMAIL_PORT = int(closed_port().rpartition(":")[2])
        failure = refusal(envelope(EMAIL, "ann@example.com"))
        assert "ConnectionRefusedError" in str(failure)
        assert (failure.is_permanent, failure.is_of_receiver) == (False, True)

    @pytest.mark.parametrize("greeting", [b"", b"2"])
    def test_is_cut_off_from_a_server_that_draws_it_out(self, mails, settings, greeting: bytes) -> None:
        settings.EMAIL_DEADLINE_S = 0.4
        with drawn_out_server(greeting) as settings.EMAIL_PORT:
            failure = refusal(envelope(EMAIL, "ann@example.com"))
        assert "It took longer than 0.4 s in all." in str(failure)
        assert not failure.is_permanent

    def test_becomes_a_file_without_a_mail_server(self, settings, tmp_path) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        settings.EMAIL_FILE_PATH = tmp_path
        send(envelope(EMAIL, "ann@example.com"))
        (file,) = tmp_path.iterdir()
        assert "To: ann@example.com" in file.read_text()


class TestSms:
    def test_is_printed_by_default(self, capsys) -> None:
        send(envelope(SMS, "+491701234567"))
        assert capsys.readouterr().out == (
            "SMS to +491701234567: An offer https://pages.example/offers/?key=7.x.y\n"
        )

    @pytest.mark.parametrize("words", [1, 20, 60])
    def test_has_160_characters_at_most_and_a_whole_link(self, words: int) -> None:
        text = compose_text(envelope(SMS, "+491701234567", item(subject="Dripping " * words)))
        assert len(text) <= 160
        assert text.endswith(" https://pages.example/offers/?key=7.x.y")
        assert text.startswith("Dripping")
        assert ("..." in text) == (words > 1)

    def test_of_a_long_link_is_the_link(self) -> None:
        link = "https://pages.example/" + "x" * 200
        assert compose_text(envelope(SMS, "+491701234567", item(signed_page=link))) == link


class TestSmsGateway:
    @pytest.fixture(autouse=True)
    def _gateway(self, settings, receiver: FaultyReceiver) -> None:
        settings.DELIVERY_ADAPTERS = {
            **settings.DELIVERY_ADAPTERS,
            "sms": "backend.notifications.channels.sms.HttpGatewaySms",
        }
        settings.SMS_TIMEOUT_S = 0.5
        self.use(settings, f"{receiver.address}/ok")

    def use(self, settings, url: str) -> None:
        settings.SMS_GATEWAY = {
            "url": url,
            "token": "t0ken",
            "sender": "ProCompare",
            "to_field": "recipient",
            "text_field": "message",
            "sender_field": "originator",
        }

    def test_gets_the_text_in_its_own_fields(self, receiver: FaultyReceiver) -> None:
        sent = envelope(SMS, "+491701234567")
        send(sent)
        (received,) = receiver.received
        assert json.loads(received.body) == {
            "recipient": "+491701234567",
            "message": compose_text(sent),
            "originator": "ProCompare",
        }
        assert received.headers["authorization"] == "Bearer t0ken"
        assert received.headers["idempotency-key"] == sent.key

    @pytest.mark.parametrize(
        ("path", "is_permanent"), [("wrong", True), ("busy", False), ("broken", False), ("hang", False)]
    )
    def test_refuses_a_text_for_good_or_is_busy(self, settings, receiver, path, is_permanent) -> None:
        self.use(settings, f"{receiver.address}/{path}")
        failure = refusal(envelope(SMS, "+491701234567"))
        assert (failure.is_permanent, failure.is_of_receiver) == (is_permanent, not is_permanent)
