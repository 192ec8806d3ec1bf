"""A browser's requests to the two sites, as the tests of the rest of the admin make them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from workflows.admin.tests.conftest import _pages, site
from workflows.tests.factories import make_user

__all__ = ["_pages", "site"]


@pytest.fixture
def auditor() -> Any:
    """Staff who may look at parcels, items, and what happened to them, and at every other machine's objects."""
    return make_user("auditor", "view_transitionrecord", "view_parcel", "view_item", is_staff=True)


@pytest.fixture
def browser(client: Client, auditor: Any) -> Client:
    """The auditor's browser."""
    client.force_login(auditor)
    return client
