"""The app of the project itself: its commands, and the wiring of the other apps."""

from __future__ import annotations

from django.apps import AppConfig


class ProCompareConfig(AppConfig):
    """Configuration of the project's own app."""

    name = "backend.procompare"
    label = "procompare"
    verbose_name = "ProCompare"
