"""People for the tests of every app."""

from __future__ import annotations

from backend.users.models import User

__all__ = ["chief"]


def chief() -> User:
    """Return the member of staff who may do everything that people may; made when first asked for."""
    user, _is_new = User.objects.get_or_create(username="chief", is_staff=True, is_superuser=True)
    return user
