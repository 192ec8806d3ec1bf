"""How notifications leave: through which servers, how often a delivery is tried, how long a receiver is spared.

Durations in the environment are seconds.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path

from backend.procompare.database import data_dir_of

__all__ = [
    "DEFAULT_FROM_EMAIL",
    "DELIVERIES_IN_FLIGHT_MAX",
    "DELIVERY_ADAPTERS",
    "DELIVERY_ATTEMPTS_MAX",
    "DELIVERY_ATTEMPT_TIMEOUT",
    "DELIVERY_GIVE_UP_AFTER",
    "DELIVERY_RETRY_FACTOR",
    "DELIVERY_RETRY_FIRST_S",
    "DELIVERY_RETRY_LONGEST_S",
    "EMAIL_BACKEND",
    "EMAIL_DEADLINE_S",
    "EMAIL_FILE_PATH",
    "EMAIL_HOST",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_HOST_USER",
    "EMAIL_PORT",
    "EMAIL_TIMEOUT",
    "EMAIL_USE_SSL",
    "EMAIL_USE_TLS",
    "RECEIVER_FAILURES_MAX",
    "RECEIVER_PAUSE_FIRST_S",
    "RECEIVER_PAUSE_LONGEST_S",
    "SMS_GATEWAY",
    "SMS_TIMEOUT_S",
    "WEBHOOK_TIMEOUT_S",
]


def _number(name: str, default: float) -> float:
    return float(os.environ.get(name, default))


_CHANNELS = "backend.notifications.channels"

# E-mail.  Without EMAIL_HOST each mail becomes a file below DATA_DIR/mail, so that a trial sees what would be sent.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(_number("EMAIL_PORT", 587))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = os.environ.get("EMAIL_USE_SSL") == "1"
EMAIL_USE_TLS = not EMAIL_USE_SSL and os.environ.get("EMAIL_USE_TLS", "1") == "1"
EMAIL_BACKEND = (
    f"{_CHANNELS}.bounded_smtp.BoundedSmtpBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = data_dir_of(Path(__file__).resolve().parents[2]) / "mail"
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "ProCompare <no-reply@procompare.example>")
# For each step of the conversation, and for all of it.
EMAIL_TIMEOUT = _number("EMAIL_TIMEOUT_S", 15)
EMAIL_DEADLINE_S = _number("EMAIL_DEADLINE_S", 40)

# SMS.  Without SMS_GATEWAY_URL the texts are printed by the worker.
SMS_GATEWAY: Mapping[str, str] = {
    "url": os.environ.get("SMS_GATEWAY_URL", ""),
    "token": os.environ.get("SMS_GATEWAY_TOKEN", ""),
    "sender": os.environ.get("SMS_GATEWAY_SENDER", ""),
    "to_field": os.environ.get("SMS_GATEWAY_TO_FIELD", "to"),
    "text_field": os.environ.get("SMS_GATEWAY_TEXT_FIELD", "text"),
    "sender_field": os.environ.get("SMS_GATEWAY_SENDER_FIELD", "from"),
}
SMS_TIMEOUT_S = _number("SMS_TIMEOUT_S", 10)

# Webhooks: the whole of an attempt, however slowly the receiver answers.
WEBHOOK_TIMEOUT_S = _number("WEBHOOK_TIMEOUT_S", 10)

# What sends.  Another company's gateway is a class with a method ``send(envelope)`` and its path here.
DELIVERY_ADAPTERS: Mapping[str, str] = {
    "email": f"{_CHANNELS}.email.EmailChannel",
    "sms": f"{_CHANNELS}.sms.{'HttpGatewaySms' if SMS_GATEWAY['url'] else 'ConsoleSms'}",
    "webhook": f"{_CHANNELS}.webhook.WebhookChannel",
}

# Attempts after about 1, 4, 16, 64 minutes, 4, 10, 10 hours: eight in about a day.
DELIVERY_ATTEMPTS_MAX = int(_number("DELIVERY_ATTEMPTS_MAX", 8))
DELIVERY_RETRY_FIRST_S = _number("DELIVERY_RETRY_FIRST_S", 60)
DELIVERY_RETRY_FACTOR = _number("DELIVERY_RETRY_FACTOR", 4)
DELIVERY_RETRY_LONGEST_S = _number("DELIVERY_RETRY_LONGEST_S", 10 * 60 * 60)
# However few attempts it has had (its receiver may be paused): then it is dead, and staff are told.
DELIVERY_GIVE_UP_AFTER = datetime.timedelta(seconds=_number("DELIVERY_GIVE_UP_AFTER_S", 48 * 60 * 60))
# What is being sent for longer than this, its worker has died on; longer than any channel may take.
DELIVERY_ATTEMPT_TIMEOUT = datetime.timedelta(seconds=_number("DELIVERY_ATTEMPT_TIMEOUT_S", 90))

# How many deliveries one receiver gets at the same time; kept below the worker's slots (WORKER_CONCURRENCY).
DELIVERIES_IN_FLIGHT_MAX: Mapping[str, int] = {
    "email": int(_number("EMAILS_IN_FLIGHT_MAX", 6)),
    "sms": int(_number("SMS_IN_FLIGHT_MAX", 4)),
    "webhook": int(_number("WEBHOOKS_IN_FLIGHT_MAX", 2)),
}
# After so many failures in a row a receiver is left alone, each time for longer; then one delivery tries it out.
RECEIVER_FAILURES_MAX = int(_number("RECEIVER_FAILURES_MAX", 5))
RECEIVER_PAUSE_FIRST_S = _number("RECEIVER_PAUSE_FIRST_S", 60)
RECEIVER_PAUSE_LONGEST_S = _number("RECEIVER_PAUSE_LONGEST_S", 60 * 60)
