"""Telephone numbers to send an SMS to, in E.164 (+491701234567)."""

from __future__ import annotations

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

__all__ = ["to_e164", "validate_phone"]


def to_e164(number: str) -> str:
    """Return a number that was written with its country code, in E.164.

    Raises: ValidationError when it has no country code, or nobody can have it.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise ValidationError(
            _("“%(number)s” is no telephone number: write it with the country code, like +49 170 1234567."),
            code="invalid_phone",
            params={"number": number},
        )
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def validate_phone(number: str) -> None:
    """Raise: ValidationError when a number is not written in E.164."""
    if to_e164(number) != number:
        raise ValidationError(
            _("Write the number as %(number)s."), code="not_e164", params={"number": to_e164(number)}
        )
