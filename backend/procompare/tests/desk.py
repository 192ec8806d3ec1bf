"""Somebody at a real browser: shared by the browser tests of every app, as a plugin of pytest (``conftest.py``).

A page must load without any error: what the console complains of, a violation of the content policy included,
fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from backend.leads.tests.admin_pages import PASSWORD, make_member
from backend.procompare.tests.browser import find_browser
from backend.users.models import User

__all__ = ["Desk", "MakeDesk"]

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Desk:
    """Somebody at a browser: their tabs, and what the browser complained about in them."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self._address = address
        self.context = browser.new_context(base_url=address, **options)
        self.context.set_default_timeout(10_000)
        self.complaints: list[str] = []

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def log_in(self, role: str) -> None:
        """Be logged in, as a new member of staff with a role; ``log_in_by_form`` does it as they do."""
        self.log_in_as(make_member(role))

    def log_in_as(self, user: User) -> None:
        """Be logged in as somebody: with the cookie that the form would give them, without its two pages."""
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self._address}])

    def log_in_by_form(self, user: User, *, at: str, until: str) -> None:
        """Log in at a page as somebody whose password is ``PASSWORD``; ``until``: the address where that leads."""
        page = self.open(at)
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(until)
        page.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


MakeDesk = Callable[..., Desk]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of the module."""
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; Django would take that for asynchronous code.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=find_browser(), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def make_desk(chromium: Browser, live_server: LiveServer) -> Iterator[MakeDesk]:
    """Make desks (``make_desk(color_scheme="dark")``); none of them may have anything to complain of."""
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        desks.append(Desk(chromium, live_server.url, **options))
        return desks[-1]

    yield make
    for desk in desks:
        desk.context.close()
    assert [desk.complaints for desk in desks] == [[] for _desk in desks]


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """One desk."""
    return make_desk()
