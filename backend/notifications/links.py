"""Addresses for messages: a link that opens one page without a login, and one that ends a kind of e-mail.

A key is ``user.time.signature``, an unsubscribe token ``user.type.signature``; numbers are in base 62, nothing needs
quoting in an address, and nothing is stored.  A key is good for its one path, its one user and 30 days; whoever opens
a page with it still asks whether that user is active and may see what the page shows.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer, b62_decode, b62_encode

from backend.notifications.kinds import NotificationType
from workflows import clock

__all__ = ["page_address", "read_unsubscribe_token", "signed_address", "unsubscribe_address", "user_of_key"]

KEY_GOOD_FOR = datetime.timedelta(days=30)
_UNSUBSCRIBE_SALT = "notifications.unsubscribe"


def page_address(path: str) -> str:
    """Return the whole address of a page (``path`` starts with a slash), as it is for whoever logs in."""
    return f"{settings.FRONTEND_URL.rstrip('/')}{path}"


def signed_address(path: str, *, user_id: int) -> str:
    """Return the address of a page with a key that opens just that page for just that user, for 30 days."""
    page, _mark, query = path.partition("?")
    key = _key_signer(page).sign(f"{b62_encode(user_id)}.{b62_encode(_seconds_now())}")
    return page_address(f"{page}?{query}&key={key}" if query else f"{page}?key={key}")


def user_of_key(key: str, *, path: str) -> int | None:
    """Return whom a key lets in at a path (without its query); None when it is forged, too old, or for another."""
    try:
        user, time = _key_signer(path).unsign(key).split(".")
    except BadSignature:
        return None
    age_s = _seconds_now() - b62_decode(time)
    return b62_decode(user) if age_s <= KEY_GOOD_FOR.total_seconds() else None


def unsubscribe_address(user_id: int, type_: NotificationType) -> str:
    """Return the address that ends e-mails of a type to a user, without login and for ever."""
    token = _signer(_UNSUBSCRIBE_SALT).sign(f"{b62_encode(user_id)}.{type_.value}")
    return page_address(f"/unsubscribe/{token}/")


def read_unsubscribe_token(token: str) -> tuple[int, NotificationType] | None:
    """Return whom and what a token is about; None when it is not one of ours."""
    try:
        user, type_ = _signer(_UNSUBSCRIBE_SALT).unsign(token).split(".")
    except BadSignature:
        return None
    return b62_decode(user), NotificationType(type_)


def _key_signer(path: str) -> Signer:
    # The path is part of what is signed without being carried along: the address has it already.
    return _signer(f"notifications.link:{path}")


def _signer(salt: str) -> Signer:
    return Signer(salt=salt, sep=".")


def _seconds_now() -> int:
    return int(clock.now().timestamp())
