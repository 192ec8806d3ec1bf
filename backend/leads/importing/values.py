"""Reading the value of one cell.  Pure: a text goes in, a value comes out, or a refusal with its reason.

A reason is the same for all values that are refused for it, so that they can be counted.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from backend.leads.contact_keys import email_key, phone_key

__all__ = [
    "ValueRefused",
    "read_amount",
    "read_choice",
    "read_degrees",
    "read_email",
    "read_instant",
    "read_line",
    "read_phone",
    "read_text",
    "read_yes_or_no",
    "refuse_formula",
]

# What spreadsheets take for the beginning of a formula; the wide forms are, in East Asian ones.
_FORMULA_STARTS = "=+-@＝＋－＠"
_AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")
_DATE_CHARACTERS = 10
_YEARS = range(1970, 2200)
_YES = frozenset({"yes", "y", "true", "t", "1"})
_NO = frozenset({"no", "n", "false", "f", "0"})


class ValueRefused(Exception):
    """A value cannot be taken: ``reason`` says why, ``hint`` what could be."""

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def refuse_formula(raw: str, *, is_number: bool = False) -> None:
    """Raise: ValueRefused when a spreadsheet would run the cell; ``is_number`` lets it begin with a sign."""
    bare = raw.lstrip(" ")
    starts = _FORMULA_STARTS.replace("+", "").replace("-", "") if is_number else _FORMULA_STARTS
    if bare.startswith(("\t", "\r")) or bare.lstrip().startswith(tuple(starts)):
        raise ValueRefused("begins like a formula", hint="= + - @ and tabs may not come first")


def read_line(raw: str, *, length_max: int) -> str:
    """Return a text of one line; what is cut into several is joined."""
    text = " ".join(raw.split())
    if len(text) > length_max:
        raise ValueRefused(f"has more than {length_max} characters")
    return text


def read_text(raw: str) -> str:
    """Return a text of any length; its lines end as everywhere."""
    return raw.replace("\r\n", "\n").replace("\r", "\n").strip()


def read_choice(raw: str, *, choices: Mapping[str, str]) -> str:
    """Return the value of a choice by the value or its label, whatever the case; ``choices`` is label by value."""
    folded = raw.strip().casefold()
    for value, label in choices.items():
        if folded in (value.casefold(), label.casefold()):
            return value
    raise ValueRefused("is none of the choices", hint=f"there are: {', '.join(choices)}")


def read_yes_or_no(raw: str) -> bool:
    """Return whether it says yes."""
    folded = raw.strip().casefold()
    if folded in _YES or folded in _NO:
        return folded in _YES
    raise ValueRefused("is neither yes nor no")


def read_amount(raw: str) -> Decimal:
    """Return an amount.  What could be a thousand or a one (``1.000``, ``1,000``) is not guessed at."""
    bare = raw.strip()
    if not _AMOUNT.fullmatch(bare):
        raise ValueRefused("is no amount", hint="write it as 1200 or 1200.50, at most 99999999.99")
    return Decimal(bare)


def read_degrees(raw: str, *, degrees_max: int) -> float:
    """Return a latitude (up to 90) or a longitude (up to 180)."""
    bare = raw.strip()
    if not _DEGREES.fullmatch(bare):
        raise ValueRefused("is no number of degrees", hint="write it as 19.0760 or -72.8777")
    degrees = float(bare)
    if abs(degrees) > degrees_max:
        raise ValueRefused("is off the globe", hint=f"between -{degrees_max} and {degrees_max}")
    return degrees


def read_instant(raw: str, *, is_end: bool = False) -> datetime.datetime:
    """Return an instant (ISO 8601); without a time zone it is in UTC.

    A bare date is the beginning of that day, or with ``is_end`` its last second.
    """
    bare = raw.strip()
    try:
        instant = datetime.datetime.fromisoformat(bare)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=datetime.UTC)
        instant = instant.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise ValueRefused("is no date", hint="write it as 2025-05-31 or 2025-05-31 14:05") from None
    if instant.year not in _YEARS:
        raise ValueRefused(f"is not between {_YEARS.start} and {_YEARS.stop - 1}")
    if is_end and len(bare) <= _DATE_CHARACTERS:
        instant += datetime.timedelta(days=1, seconds=-1)
    return instant


def read_email(raw: str, *, length_max: int) -> str:
    """Return an e-mail address as it was written, without the blanks around it."""
    bare = raw.strip()
    try:
        validate_email(bare)
    except ValidationError:
        raise ValueRefused("is no e-mail address") from None
    if len(bare) > length_max or not email_key(bare):
        raise ValueRefused(f"has more than {length_max} characters")
    return bare


def read_phone(raw: str, *, country_code: str | None) -> str:
    """Return a phone number in E.164; ``country_code`` is where one without a country's code is dialled."""
    number = phone_key(raw.strip(), country_code=country_code)
    if not number:
        hint = (
            "" if country_code else "with its country's code (+49 170 1234567), or with --country DE for all"
        )
        raise ValueRefused("is no phone number", hint=hint)
    return number
