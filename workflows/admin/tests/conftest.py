"""A browser's requests to the two sites, and what is asked of every page they answer with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
import pytest
from django.test import Client
from pytest_django import Settings

from workflows.tests.factories import make_user

STOCK_TEMPLATES = Path(django.__file__).parent / "contrib" / "admin" / "templates"


@pytest.fixture
def site() -> str:
    """The site that is asked: Django's own, unless a test says otherwise."""
    return "stock"


@pytest.fixture(autouse=True)
def _pages(settings: Settings, site: str) -> None:
    """Serve the two sites; that of Django shows its own templates, which those of django-unfold would replace."""
    settings.ROOT_URLCONF = "workflows.admin.tests.sites"
    settings.UNFOLD = {}
    if site == "stock":
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [STOCK_TEMPLATES]}]


@pytest.fixture
def clerk() -> Any:
    """Staff who may change, send and return parcels."""
    names = ("view_parcel", "change_parcel", "add_parcel", "send_parcel", "return_parcel")
    return make_user("clerk", *names, is_staff=True)


@pytest.fixture
def browser(client: Client, clerk: Any) -> Client:
    """The clerk's browser; it sends its CSRF token only where a form holds one."""
    client.force_login(clerk)
    return client
