"""Let people say how they want to be told."""

from __future__ import annotations

import base64
import datetime
import secrets

from django.db import transaction

from backend.notifications.defaults import is_fixed, is_on_by_default
from backend.notifications.errors import FixedChannel
from backend.notifications.kinds import DeliveryChannel, NotificationType
from backend.notifications.preference_models import ChannelChoice, Digest, Preferences, WebhookEndpoint
from backend.notifications.telephone import to_e164
from backend.notifications.webhook_address import validate_webhook_url
from backend.users.models import User

__all__ = ["save_preferences", "save_webhook_endpoint", "set_channel_choice", "unsubscribe"]

# Standard Webhooks asks for 24 to 64 bytes.
_SECRET_BYTES = 32


def save_preferences(
    user: User,
    *,
    quiet_from: datetime.time | None = None,
    quiet_until: datetime.time | None = None,
    digest: Digest = Digest.INSTANT,
    digest_at: datetime.time = datetime.time(8, 0),
    phone: str = "",
) -> Preferences:
    """Save all of a person's preferences (what is left out gets its default) and return them.

    ``phone`` may be written with blanks; it is stored in E.164, and empty it ends SMS.

    Raises: ValidationError by field when the phone is none; by constraint when quiet hours have one end only, or no
    length.  Then nothing is changed.
    """
    preferences = Preferences(
        user=user,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        digest=digest,
        digest_at=digest_at,
        phone=to_e164(phone) if phone.strip() else "",
    )
    preferences.full_clean(validate_unique=False)
    _write(preferences)
    return preferences


def set_channel_choice(user: User, type_: NotificationType, channel: DeliveryChannel, *, is_on: bool) -> None:
    """Switch a channel on or off for a type; saying again what is so changes nothing.

    Raises: FixedChannel for the inbox.
    """
    if is_fixed(channel):
        raise FixedChannel(channel.value)
    if is_on == is_on_by_default(type_, channel, is_staff=user.is_staff):
        ChannelChoice.objects.filter(user=user, type=type_, channel=channel).delete()
        return
    ChannelChoice.objects.bulk_create(
        [ChannelChoice(user=user, type=type_, channel=channel, is_on=is_on)],
        update_conflicts=True,
        unique_fields=["user", "type", "channel"],
        update_fields=["is_on"],
    )


def unsubscribe(user_id: int, type_: NotificationType) -> None:
    """End e-mails of a type to a user (who need not be logged in); a second time changes nothing.

    Raises: User.DoesNotExist when the user is gone.
    """
    set_channel_choice(User.objects.get(pk=user_id), type_, DeliveryChannel.EMAIL, is_on=False)


def save_webhook_endpoint(user: User, url: str) -> WebhookEndpoint | None:
    """Have a person's system called at an address, and return the endpoint with its new secret; empty: no longer.

    The address it has already stays as it is, with its secret; another one switches the earlier endpoint off.

    Raises: ValidationError when the address is not one that may be called (see ``validate_webhook_url``).
    """
    if url:
        validate_webhook_url(url)
    with transaction.atomic():
        # Whoever saves at the same time waits here: one endpoint is active at a time.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        active = WebhookEndpoint.objects.filter(user=user, is_active=True).first()
        if active is not None and active.url == url:
            return active
        WebhookEndpoint.objects.filter(user=user, is_active=True).update(is_active=False)
        if not url:
            return None
        return WebhookEndpoint.objects.create(user=user, url=url, secret=_new_secret())


def _write(preferences: Preferences) -> None:
    """Make or change the row in one statement: two tabs that save at once do not trip over each other."""
    Preferences.objects.bulk_create(
        [preferences],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["quiet_from", "quiet_until", "digest", "digest_at", "phone"],
    )


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
