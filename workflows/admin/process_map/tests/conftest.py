"""A browser's requests to the two sites, as the tests of the rest of the admin make them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from workflows.admin.tests.conftest import _pages, site
from workflows.tests.factories import make_user

__all__ = ["_pages", "site"]


@pytest.fixture
def operator() -> Any:
    """Staff who may look at parcels and items, and at what happened to them."""
    return make_user("operator", "view_transitionrecord", "view_parcel", "view_item", is_staff=True)


@pytest.fixture
def browser(client: Client, operator: Any) -> Client:
    """The operator's browser."""
    client.force_login(operator)
    return client
