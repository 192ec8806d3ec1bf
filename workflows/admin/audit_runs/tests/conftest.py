"""A browser's requests to the two sites, as the tests of the rest of the admin make them."""

from __future__ import annotations

from workflows.admin.tests.conftest import _pages, site

__all__ = ["_pages", "site"]
