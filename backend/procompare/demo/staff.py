"""The staff of the demo market: one person for each role, who can log in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from backend.procompare.demo.chance import Random
from backend.procompare.demo_logins import STAFF_LOGINS
from backend.procompare.role_groups import fill_groups
from backend.users.models import User

__all__ = ["SALT_CHARACTERS", "hire_staff"]

SALT_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NAMES = {
    "verifier": ("Vera", "Lindqvist"),
    "dispatcher": ("Dario", "Conti"),
    "finance": ("Fiona", "MacLeod"),
    "auditor": ("Anton", "Novák"),
    "admin": ("Ada", "Okafor"),
}


def hire_staff(chance: Random, *, at: datetime) -> Mapping[str, User]:
    """Create the demo logins, each in the group of its role; return them by role.

    Raises: django.db.IntegrityError when a login exists already.
    """
    fill_groups()
    salt = "".join(chance.choices(SALT_CHARACTERS, k=22))
    # Each hash takes a good part of a second.
    passwords = {login.password for login in STAFF_LOGINS}
    hashes = {password: make_password(password, salt=salt) for password in passwords}
    staff = {}
    for login in STAFF_LOGINS:
        first_name, last_name = NAMES[login.role]
        user = User.objects.create(
            username=login.username,
            first_name=first_name,
            last_name=last_name,
            email=f"{login.username}@example.com",
            password=hashes[login.password],
            is_staff=True,
            date_joined=at,
        )
        user.groups.add(Group.objects.get(name=login.role))
        staff[login.role] = user
    return staff
