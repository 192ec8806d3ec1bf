"""What tests of sending share: noon, and an adapter that keeps what it gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.notifications import relevance
from backend.notifications.tests.postbox import NOON, Postbox
from workflows import clock


@pytest.fixture
def noon() -> Iterator[None]:
    """Hold the clock."""
    with clock.at(NOON):
        yield


@pytest.fixture
def postbox(settings, monkeypatch) -> type[Postbox]:
    """Have everything sent to a postbox, which is empty."""
    monkeypatch.setattr(relevance, "_checks", {})  # those of other apps: they ask about leads
    settings.DELIVERY_ADAPTERS = dict.fromkeys(["email", "sms", "webhook"], f"{Postbox.__module__}.Postbox")
    Postbox.empty()
    return Postbox
