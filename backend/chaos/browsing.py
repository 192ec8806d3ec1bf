"""A browser as far as clients need one: it logs in, keeps its cookies, posts forms, reads what it is told."""

from __future__ import annotations

import http.client
import http.cookies
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.contrib.messages import constants
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest

from backend.chaos.record import Outcome

__all__ = ["Browser", "is_answering"]

TIMEOUT_S = 15
LOGIN_TIMEOUT_S = 60
LOGIN_RETRY_S = 0.2


@dataclass
class Browser:
    """Somebody who is logged in at the server on a port.  Two threads may post at the same time."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def log_in(self, username: str, password: str) -> None:
        """Log in, however long the server takes to be there.  Raises: TimeoutError when it never lets us in."""
        deadline = time.monotonic() + LOGIN_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                self._request("GET", "/login/", {})
                self._request("POST", "/login/", {"username": username, "password": password})
            except (OSError, http.client.HTTPException):
                pass
            if "sessionid" in self.cookies:
                return
            time.sleep(LOGIN_RETRY_S)
        raise TimeoutError(f"Cannot log in as {username} within {LOGIN_TIMEOUT_S} s.")

    def post(self, path: str, form: Mapping[str, object]) -> Outcome:
        """Post a form; return what the answer says of it."""
        try:
            status, told = self._request("POST", path, form)
        except (OSError, http.client.HTTPException):
            return Outcome.NO_ANSWER
        if status >= http.client.INTERNAL_SERVER_ERROR:
            return Outcome.ERROR
        # Only the redirect that says so is a promise: a page shown again says what is wrong.
        is_done = status == http.client.FOUND and told == constants.SUCCESS
        return Outcome.ACKNOWLEDGED if is_done else Outcome.REFUSED

    def look(self, path: str) -> None:
        """Look at a page, which may fail."""
        try:
            self._request("GET", path, {})
        except (OSError, http.client.HTTPException):
            return

    def _request(self, method: str, path: str, form: Mapping[str, object]) -> tuple[int, int]:
        """Return the status, and the level of what one is told (0: nothing)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            body = urlencode({**form, "csrfmiddlewaretoken": self.cookies.get("csrftoken", "")})
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if method == "POST":
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body if method == "POST" else None, headers)
            answer = connection.getresponse()
            answer.read()
            given: http.cookies.SimpleCookie = http.cookies.SimpleCookie()
            for line in answer.headers.get_all("Set-Cookie", []):
                given.load(line)
            self._keep(given)
            return answer.status, _level_of(given)
        finally:
            connection.close()

    def _keep(self, given: http.cookies.SimpleCookie) -> None:
        for name in ("sessionid", "csrftoken"):
            if name in given:
                self.cookies[name] = given[name].value


def _level_of(given: http.cookies.SimpleCookie) -> int:
    """Return the level of the last message in the cookie of Django's messages; 0 when there is none."""
    if "messages" not in given:
        return 0
    request = HttpRequest()
    request.COOKIES["messages"] = given["messages"].value
    messages = list(CookieStorage(request))
    return int(messages[-1].level or 0) if messages else 0


def is_answering(port: int) -> bool:
    """Return whether a web server answers, whatever it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/favicon.ico")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
