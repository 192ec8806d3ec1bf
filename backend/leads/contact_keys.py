"""What two contacts are told to be the same by: a folded e-mail address, a phone number in E.164."""

from __future__ import annotations

import unicodedata

import phonenumbers

__all__ = ["email_key", "phone_key"]


def email_key(email: str) -> str:
    """Return an e-mail address as it is compared: NFKC, without case and blanks, ``+tag`` taken off; "" for none."""
    folded = unicodedata.normalize("NFKC", email).strip().casefold()
    mailbox, at, domain = folded.rpartition("@")
    if not at:
        return ""
    return f"{mailbox.partition('+')[0] or mailbox}@{domain}"


def phone_key(phone: str, *, country_code: str | None = None) -> str:
    """Return a phone number in E.164 (``+491701234567``); "" for none, or one that cannot be.

    ``country_code`` (ISO 3166-1 alpha-2) is where a number without a country's code is dialled.
    """
    try:
        number = phonenumbers.parse(phone, country_code)
    except phonenumbers.NumberParseException:
        return ""
    reason = phonenumbers.is_possible_number_with_reason(number)
    if (
        reason != phonenumbers.ValidationResult.IS_POSSIBLE
    ):  # one that can be dialled in its own town only is not
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
