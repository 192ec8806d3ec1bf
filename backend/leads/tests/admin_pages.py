"""Who asks the admin, for which page: shared by its tests."""

from __future__ import annotations

import itertools
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.forms import MultiWidget
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.users.models import User

__all__ = [
    "PASSWORD",
    "ROLE_NAMES",
    "address_of",
    "count_statements",
    "edit_form",
    "list_address",
    "make_member",
    "messages_of",
    "transition_address",
]

# The groups that `backend/procompare/roles.py` fills.
ROLE_NAMES = ("verifier", "dispatcher", "finance", "auditor", "admin")
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


def edit_form(client: Client, page: str, **changed: Any) -> dict[str, Any]:
    """Return what a browser posts when the form of a page is saved, with some fields changed."""
    context = client.get(page).context
    form: dict[str, Any] = {}
    for bound in context["adminform"].form:
        value, widget = bound.value(), bound.field.widget
        if isinstance(widget, MultiWidget):
            parts = widget.decompress(value)
            form |= {f"{bound.html_name}_{number}": part or "" for number, part in enumerate(parts)}
        elif value is not None:
            form[bound.html_name] = value
    for inline in context["inline_admin_formsets"]:
        form |= {f"{inline.formset.prefix}-{key}": value for key, value in management_of(inline).items()}
    return {**form, **changed}


def management_of(inline: Any) -> dict[str, Any]:
    form = inline.formset.management_form
    return {name: form[name].value() for name in form.fields if form[name].value() is not None}


def count_statements(client: Client, page: str) -> int:
    """Return how many SQL statements a page takes; the first look warms what is kept from page to page."""
    client.get(page)
    with CaptureQueriesContext(connection) as statements:
        assert client.get(page).status_code == 200
    return len(statements)
