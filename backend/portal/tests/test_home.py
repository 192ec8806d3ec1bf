"""The way in and out, and pages that say what went wrong."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings

from backend.leads.tests.factories import make_provider, make_staff
from backend.portal.tests.factories import PASSWORD, client_of, give_password
from backend.users.models import User

pytestmark = pytest.mark.django_db


def log_in(username: str, password: str = PASSWORD, next_: str = "") -> list[tuple[str, int]]:
    data = {"username": username, "password": password, "next": next_}
    response = Client().post("/login/", data, follow=True)
    chain: list[tuple[str, int]] = response.redirect_chain
    return chain


class TestLogin:
    def test_leads_a_provider_to_its_offers(self) -> None:
        user = give_password(make_provider())
        assert log_in(user.username) == [("/", 302), ("/provider/offers/", 302)]

    def test_leads_staff_to_the_admin(self) -> None:
        user = make_staff(password=PASSWORD)
        assert log_in(user.username) == [("/", 302), ("/admin/", 302)]

    def test_leads_everybody_else_to_what_they_were_told(self) -> None:
        User.objects.create_user("client", password=PASSWORD)
        assert log_in("client") == [("/", 302), ("/notifications/", 302)]

    def test_leads_back_to_the_page_that_asked_for_it_but_to_no_other_site(self) -> None:
        user = give_password(make_provider())
        assert log_in(user.username, next_="/settings/notifications/") == [("/settings/notifications/", 302)]
        assert log_in(user.username, next_="https://evil.example/")[0] == ("/", 302)

    def test_says_when_name_or_password_is_wrong(self) -> None:
        user = give_password(make_provider())
        response = Client().post("/login/", {"username": user.username, "password": "wrong"})
        assert "Please enter a correct username and password." in response.content.decode()


class TestLogout:
    def test_is_by_post_alone(self) -> None:
        client = client_of(make_provider().user)
        assert client.get("/logout/").status_code == 405
        assert client.get("/provider/offers/").status_code == 200
        assert client.post("/logout/").headers["Location"] == "/login/"
        assert client.get("/provider/offers/").status_code == 302


class TestErrorPages:
    def test_say_that_a_page_is_not_there(self) -> None:
        response = Client().get("/nowhere/")
        assert response.status_code == 404
        assert "This page is not here" in response.content.decode()

    def test_say_for_whom_a_page_is(self) -> None:
        user = make_staff()
        response = client_of(user).get("/provider/offers/")
        assert response.status_code == 403
        assert f"This page is for providers, and {user} logs in for none." in response.content.decode()

    @override_settings(ROOT_URLCONF="backend.portal.tests.broken_urls")
    def test_say_that_the_mistake_is_ours_and_nothing_more(self) -> None:
        response = Client(raise_request_exception=False).get("/broken/")
        page = response.content.decode()
        assert response.status_code == 500
        assert "Something went wrong on our side" in page
        assert "a secret" not in page


class TestEveryPage:
    @pytest.mark.parametrize("path", ["/login/", "/nowhere/"])
    def test_has_a_language_a_skip_link_and_no_script_or_style_written_into_it(self, path: str) -> None:
        page = Client().get(path).content.decode()
        assert '<html lang="en">' in page
        assert '<a class="skip" href="#main">' in page
        assert [tag for tag in page.split("<script")[1:] if "src=" not in tag.split(">")[0]] == []
        assert "<style" not in page
        assert "style=" not in page
