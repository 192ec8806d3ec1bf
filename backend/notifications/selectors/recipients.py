"""Who somebody is to a channel: where it reaches them, what they chose, and when they are not to be disturbed."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from backend.notifications.defaults import Audience, is_fixed, is_on_by_default
from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.preference_models import ChannelChoice, Digest, Preferences, WebhookEndpoint
from backend.notifications.quiet_hours import end_of_quiet_hours, next_time_of_day
from backend.users.models import User

__all__ = [
    "Recipient",
    "Rhythm",
    "find_quiet_ends",
    "find_recipients",
    "get_preferences",
    "time_zone_of",
]

_NO_CHOICES: Mapping[tuple[str, str], bool] = MappingProxyType({})

_RHYTHM_FIELDS = (
    "provider_profile__time_zone",
    "notification_preferences__quiet_from",
    "notification_preferences__quiet_until",
    "notification_preferences__digest",
    "notification_preferences__digest_at",
)
_PERSON_FIELDS = (
    "pk",
    "email",
    "first_name",
    "is_active",
    "is_staff",
    "provider_profile__company_name",
    "notification_preferences__phone",
)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When somebody may be disturbed: quiet hours (None: none) and digest, in a time zone."""

    zone: ZoneInfo
    quiet_from: datetime.time | None
    quiet_until: datetime.time | None
    digest: Digest
    digest_at: datetime.time

    def quiet_end(self, *, at: datetime.datetime) -> datetime.datetime | None:
        """Return when the quiet hours end that ``at`` lies in; None when it lies in none."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return end_of_quiet_hours(
            at, quiet_from=self.quiet_from, quiet_until=self.quiet_until, zone=self.zone
        )

    def next_digest(self, *, at: datetime.datetime) -> datetime.datetime | None:
        """Return when the next digest after ``at`` is due; None when e-mails come one by one."""
        if self.digest != Digest.DAILY:
            return None
        return next_time_of_day(at, self.digest_at, zone=self.zone)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person as the channels see it; ``webhook`` None: it has no active endpoint, ``phone`` empty: no SMS."""

    user_id: int
    name: str
    email: str
    phone: str
    audience: Audience
    is_active: bool
    rhythm: Rhythm
    webhook: WebhookEndpoint | None
    choices: Mapping[tuple[str, str], bool]

    @property
    def is_staff(self) -> bool:
        """Return whether it works here."""
        return self.audience is Audience.STAFF

    def has_chosen(self, type_: NotificationType, channel: DeliveryChannel) -> bool:
        """Return whether it switched the channel on or off itself, for the type."""
        return (type_, channel) in self.choices

    def is_on(self, type_: NotificationType, channel: DeliveryChannel) -> bool:
        """Return whether the type takes the channel: as chosen, else by default."""
        if is_fixed(channel):
            return True
        default = is_on_by_default(type_, channel, is_staff=self.is_staff)
        return self.choices.get((type_, channel), default)


def find_recipients(user_ids: Collection[int]) -> dict[int, Recipient]:
    """Return the people with these ids, by id: three statements, however many."""
    webhooks = {
        endpoint.user_id: endpoint
        for endpoint in WebhookEndpoint.objects.filter(user__in=user_ids, is_active=True)
    }
    choices: dict[int, dict[tuple[str, str], bool]] = {}
    for user_id, type_, channel, is_on in ChannelChoice.objects.filter(user__in=user_ids).values_list(
        "user", "type", "channel", "is_on"
    ):
        choices.setdefault(user_id, {})[type_, channel] = is_on
    return {
        row["pk"]: _recipient(row, webhooks.get(row["pk"]), choices.get(row["pk"], _NO_CHOICES))
        for row in User.objects.filter(pk__in=user_ids).values(*_PERSON_FIELDS, *_RHYTHM_FIELDS)
    }


def find_quiet_ends(user_ids: Iterable[int], *, at: datetime.datetime) -> dict[int, datetime.datetime]:
    """Return who is in quiet hours at an instant, with the instant (UTC) at which these end: one statement."""
    rows = User.objects.filter(
        pk__in=list(user_ids), notification_preferences__quiet_from__isnull=False
    ).values("pk", *_RHYTHM_FIELDS)
    ends = ((row["pk"], _rhythm(row).quiet_end(at=at)) for row in rows)
    return {user_id: end for user_id, end in ends if end is not None}


def get_preferences(user: User) -> Preferences:
    """Return a person's preferences; whoever has saved none has the defaults, in an object that is not saved."""
    return Preferences.objects.filter(pk=user.pk).first() or Preferences(user=user)


def time_zone_of(user: User) -> ZoneInfo:
    """Return the time zone of a person: that of its provider profile, else UTC."""
    row = User.objects.filter(pk=user.pk).values_list("provider_profile__time_zone", flat=True).first()
    return ZoneInfo(row or "UTC")


def _recipient(
    row: Mapping[str, Any], webhook: WebhookEndpoint | None, choices: Mapping[tuple[str, str], bool]
) -> Recipient:
    company = row["provider_profile__company_name"]
    return Recipient(
        user_id=row["pk"],
        name=company or row["first_name"],
        email=row["email"],
        phone=row["notification_preferences__phone"] or "",
        audience=_audience(is_staff=row["is_staff"], is_provider=company is not None),
        is_active=row["is_active"],
        rhythm=_rhythm(row),
        webhook=webhook,
        choices=choices,
    )


def _audience(*, is_staff: bool, is_provider: bool) -> Audience:
    if is_staff:
        return Audience.STAFF
    return Audience.PROVIDER if is_provider else Audience.CLIENT


def _rhythm(row: Mapping[str, Any]) -> Rhythm:
    defaults = Preferences()
    return Rhythm(
        zone=ZoneInfo(row["provider_profile__time_zone"] or "UTC"),
        quiet_from=row["notification_preferences__quiet_from"],
        quiet_until=row["notification_preferences__quiet_until"],
        digest=Digest(row["notification_preferences__digest"] or defaults.digest),
        digest_at=row["notification_preferences__digest_at"] or defaults.digest_at,
    )
