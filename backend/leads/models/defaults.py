"""What a new lead starts with: its reference, its deadline, the reminder of it."""

from __future__ import annotations

import datetime
import secrets

from backend.leads.terms import TERMS
from workflows import clock

__all__ = ["default_deadline", "default_reminder", "make_reference"]

# Without I, L, O, U, 0 and 1: read out over the phone, none is taken for another.
_REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_reference() -> str:
    """Return a new public reference, such as ``L-7K3M9QX2``: 30⁸ of them, so that none can be guessed."""
    return "L-" + "".join(secrets.choice(_REFERENCE_ALPHABET) for _position in range(8))


def default_deadline() -> datetime.datetime:
    """Return the instant until which a lead that comes in now may be offered."""
    return clock.now() + TERMS.lead_open_for


def default_reminder() -> datetime.datetime:
    """Return the instant at which staff are reminded of a lead that comes in now, if it is still new by then."""
    return clock.now() + TERMS.verify_within
