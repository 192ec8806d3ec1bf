"""Public references of leads."""

from __future__ import annotations

import secrets

__all__ = ["make_reference"]

# Without I, L, O, U, 0 and 1: read out over the phone, none is taken for another.
_REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_reference() -> str:
    """Return a new public reference, such as ``L-7K3M9QX2``: 30⁸ of them, so that none can be guessed."""
    return "L-" + "".join(secrets.choice(_REFERENCE_ALPHABET) for _position in range(8))
