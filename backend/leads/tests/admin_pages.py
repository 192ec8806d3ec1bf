"""Who asks the admin, for which page: shared by its tests."""

from __future__ import annotations

import itertools
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db.models import Model
from django.urls import reverse

from backend.procompare.roles import ROLES
from backend.users.models import User

__all__ = [
    "PASSWORD",
    "ROLE_NAMES",
    "address_of",
    "list_address",
    "make_member",
    "messages_of",
    "transition_address",
]

ROLE_NAMES = tuple(ROLES)
PASSWORD = "a word for tests"

_numbers = itertools.count(1)


def make_member(role: str) -> User:
    """Return a member of staff in the group of a role, who can log in with ``PASSWORD``."""
    user = User.objects.create_user(f"{role}-{next(_numbers)}", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def list_address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def address_of(instance: Model, page: str = "change") -> str:
    return reverse(f"admin:{instance._meta.app_label}_{instance._meta.model_name}_{page}", args=[instance.pk])


def transition_address(instance: Model, name: str) -> str:
    label = f"{instance._meta.app_label}_{instance._meta.model_name}"
    return reverse(f"admin:{label}_transition", args=[instance.pk, name])


def messages_of(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]
