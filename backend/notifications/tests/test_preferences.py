"""People say how they want to be told; what they do not say is as by default."""

from __future__ import annotations

import datetime
import itertools

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from backend.notifications.defaults import TYPES_OF, Audience
from backend.notifications.errors import FixedChannel
from backend.notifications.models import (
    ChannelChoice,
    DeliveryChannel,
    Digest,
    NotificationType,
    Preferences,
    WebhookEndpoint,
)
from backend.notifications.selectors import (
    channel_table,
    find_quiet_ends,
    find_recipients,
    get_preferences,
    time_zone_of,
)
from backend.notifications.services import (
    save_preferences,
    save_webhook_endpoint,
    set_channel_choice,
    unsubscribe,
)
from backend.notifications.tests.factories import make_provider, make_user
from backend.users.models import User

pytestmark = pytest.mark.django_db

EMAIL, SMS, WEBHOOK = DeliveryChannel.EMAIL, DeliveryChannel.SMS, DeliveryChannel.WEBHOOK
TEN, SEVEN = datetime.time(22), datetime.time(7)


def is_on(user: User, type_: NotificationType, channel: DeliveryChannel) -> bool:
    return find_recipients([user.pk])[user.pk].is_on(type_, channel)


class TestSavePreferences:
    def test_replaces_all_that_was_saved(self) -> None:
        user = make_user()
        save_preferences(user, quiet_from=TEN, quiet_until=SEVEN, phone="+49 170 1234567")
        save_preferences(user, digest=Digest.DAILY, digest_at=datetime.time(17, 30))
        saved = Preferences.objects.get()
        assert (saved.quiet_from, saved.quiet_until, saved.phone) == (None, None, "")
        assert (saved.digest, saved.digest_at) == ("daily", datetime.time(17, 30))

    def test_stores_a_phone_in_e164(self) -> None:
        save_preferences(make_user(), phone=" +49 (170) 123-4567 ")
        assert Preferences.objects.get().phone == "+491701234567"

    @pytest.mark.parametrize("phone", ["0170 1234567", "+49 1", "+999 1234567", "call me", "+"])
    def test_refuses_what_is_no_phone_and_changes_nothing(self, phone: str) -> None:
        user = make_user()
        save_preferences(user, phone="+491701234567")
        with pytest.raises(ValidationError, match="no telephone number"):
            save_preferences(user, phone=phone, digest=Digest.DAILY)
        assert Preferences.objects.values_list("phone", "digest").get() == ("+491701234567", "instant")

    @pytest.mark.parametrize(("start", "end"), [(TEN, None), (None, SEVEN), (TEN, TEN)])
    def test_refuses_quiet_hours_without_two_ends(self, start: object, end: object) -> None:
        with pytest.raises(ValidationError, match="a beginning and an end"):
            save_preferences(make_user(), quiet_from=start, quiet_until=end)  # type: ignore[arg-type]
        assert not Preferences.objects.exists()

    def test_of_somebody_who_saved_none_are_the_defaults(self) -> None:
        assert get_preferences(make_user()).digest == "instant"


class TestFindQuietEnds:
    def test_names_those_in_quiet_hours_by_their_own_time_zone(self, django_assert_num_queries) -> None:
        berlin, kolkata, awake = (
            make_provider(time_zone="Europe/Berlin"),
            make_provider(time_zone="Asia/Kolkata"),
            make_provider(),
        )
        for user in (berlin, kolkata):
            save_preferences(user, quiet_from=TEN, quiet_until=SEVEN)
        at = datetime.datetime(2026, 1, 10, 22, tzinfo=datetime.UTC)
        with django_assert_num_queries(1):
            ends = find_quiet_ends([berlin.pk, kolkata.pk, awake.pk], at=at)
        assert ends == {
            berlin.pk: datetime.datetime(2026, 1, 11, 6, tzinfo=datetime.UTC),
            kolkata.pk: datetime.datetime(2026, 1, 11, 1, 30, tzinfo=datetime.UTC),
        }

    def test_asks_only_about_those_named(self) -> None:
        user = make_user()
        save_preferences(user, quiet_from=TEN, quiet_until=SEVEN)
        assert find_quiet_ends([user.pk + 1], at=datetime.datetime(2026, 1, 1, 23, tzinfo=datetime.UTC)) == {}


class TestTimeZoneOf:
    def test_is_the_provider_s_or_utc(self) -> None:
        assert str(time_zone_of(make_provider(time_zone="Asia/Kolkata"))) == "Asia/Kolkata"
        assert str(time_zone_of(make_user())) == "UTC"


class TestSetChannelChoice:
    @pytest.mark.parametrize(
        ("type_", "channel", "is_staff"),
        list(itertools.product(NotificationType, [EMAIL, SMS, WEBHOOK], [False, True])),
    )
    def test_stores_only_what_is_not_as_by_default(
        self, type_: NotificationType, channel: DeliveryChannel, is_staff: bool
    ) -> None:
        user = make_user(is_staff=is_staff)
        default = is_on(user, type_, channel)
        for _twice in range(2):
            set_channel_choice(user, type_, channel, is_on=not default)
            assert is_on(user, type_, channel) is not default
            assert ChannelChoice.objects.count() == 1
        set_channel_choice(user, type_, channel, is_on=default)
        assert is_on(user, type_, channel) is default
        assert not ChannelChoice.objects.exists()

    def test_does_not_switch_the_inbox_off(self) -> None:
        user = make_user()
        with pytest.raises(FixedChannel, match="Cannot switch 'in_app' on or off"):
            set_channel_choice(user, NotificationType.REMINDER, DeliveryChannel.IN_APP, is_on=False)
        with pytest.raises(IntegrityError, match="inbox_is_no_choice"), transaction.atomic():
            ChannelChoice.objects.create(user=user, type="reminder", channel="in_app", is_on=False)


class TestUnsubscribe:
    def test_ends_e_mails_of_one_type_and_is_harmless_twice(self) -> None:
        user = make_user()
        unsubscribe(user.pk, NotificationType.REMINDER)
        unsubscribe(user.pk, NotificationType.REMINDER)
        assert not is_on(user, NotificationType.REMINDER, EMAIL)
        assert is_on(user, NotificationType.SYSTEM_UPDATE, EMAIL)
        assert is_on(user, NotificationType.REMINDER, SMS)


class TestDefaults:
    def test_send_e_mails_of_everything_but_system_to_staff(self) -> None:
        staff, client = make_user(is_staff=True), make_user()
        assert {type_ for type_ in NotificationType if not is_on(staff, type_, EMAIL)} == {"system"}
        assert all(is_on(client, type_, EMAIL) for type_ in NotificationType)

    def test_send_an_sms_only_of_what_cannot_wait(self) -> None:
        user = make_user()
        by_sms = {type_ for type_ in NotificationType if is_on(user, type_, SMS)}
        assert by_sms == {"lead_assigned", "reminder"}

    def test_name_every_type_in_some_audience(self) -> None:
        assert {type_ for audience in Audience for type_ in TYPES_OF[audience]} == set(NotificationType)


class TestChannelTable:
    def test_shows_a_provider_its_types_and_what_a_channel_lacks(self) -> None:
        user = make_provider(email="")
        set_channel_choice(user, NotificationType.LEAD_ASSIGNED, EMAIL, is_on=False)
        table = channel_table(user)
        assert [row.type for row in table] == list(TYPES_OF[Audience.PROVIDER])
        in_app, email, sms, webhook = table[0].cells
        assert (in_app.is_on, in_app.is_fixed, in_app.unavailable_because) == (True, True, "")
        assert (email.is_on, email.is_fixed) == (False, False)
        assert [cell.unavailable_because for cell in (email, sms, webhook)] == [
            "There is no e-mail address.",
            "Give a telephone number first.",
            "Give the address of your system first.",
        ]

    def test_has_nothing_to_complain_of_when_all_is_given(self) -> None:
        user = make_provider()
        save_preferences(user, phone="+491701234567")
        save_webhook_endpoint(user, "https://hooks.example/in")
        assert {cell.unavailable_because for row in channel_table(user) for cell in row.cells} == {""}

    def test_shows_staff_and_clients_other_types(self) -> None:
        assert [row.type for row in channel_table(make_user(is_staff=True))] == ["system", "reminder"]
        assert len(channel_table(make_user())) == 3


class TestSaveWebhookEndpoint:
    def test_gives_each_address_a_secret_of_its_own(self) -> None:
        user = make_user()
        first = save_webhook_endpoint(user, "https://hooks.example/1")
        assert save_webhook_endpoint(user, "https://hooks.example/1") == first
        second = save_webhook_endpoint(user, "https://hooks.example/2")
        assert first is not None
        assert second is not None
        assert first.secret.startswith("whsec_")
        assert len(first.secret) == 50
        assert first.secret != second.secret
        assert list(WebhookEndpoint.objects.filter(is_active=True)) == [second]

    def test_without_an_address_switches_it_off(self) -> None:
        user = make_user()
        save_webhook_endpoint(user, "https://hooks.example/1")
        assert save_webhook_endpoint(user, "") is None
        assert find_recipients([user.pk])[user.pk].webhook is None

    @pytest.mark.parametrize(
        "url",
        [
            "http://hooks.example/",
            "http://10.0.0.1/",
            "http://[fe80::1]/",
            "https://a:b@hooks.example/",
            "ftp://x.example/",
            "https://",
            "javascript:alert(1)",
            "http://127.0.0.1.example/",
        ],
    )
    def test_refuses_addresses_that_may_not_be_called(self, url: str) -> None:
        with pytest.raises(ValidationError):
            save_webhook_endpoint(make_user(), url)
        assert not WebhookEndpoint.objects.exists()

    def test_takes_this_machine_only_where_the_settings_say_so(self, settings) -> None:
        user = make_user()
        assert save_webhook_endpoint(user, "http://127.0.0.1:8001/in") is not None
        settings.WEBHOOK_LOOPBACK_ALLOWED = False
        with pytest.raises(ValidationError, match="https://"):
            save_webhook_endpoint(user, "http://127.0.0.1:8002/in")
        with pytest.raises(ValidationError, match="https://"):
            save_webhook_endpoint(user, "http://localhost:8002/in")
