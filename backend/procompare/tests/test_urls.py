"""The project's own addresses."""

from __future__ import annotations

from django.test import Client


class TestHome:
    def test_asks_who_it_is(self, client: Client) -> None:
        response = client.get("/")
        assert (response.status_code, response.headers["Location"]) == (302, "/login/?next=/")


class TestFavicon:
    def test_is_answered_without_a_body_and_remembered(self, client: Client) -> None:
        response = client.get("/favicon.ico")
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["Cache-Control"] == "max-age=86400, public"
