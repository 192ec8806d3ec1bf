"""What pages may load and run."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from backend.procompare.content_security_policy import ContentSecurityPolicyMiddleware

BASE_POLICY = {
    "default-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
ADMIN_ADDITIONS = {
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
}


def policy_of(response: HttpResponse) -> dict[str, str]:
    """Return the directives of the response's policy."""
    directives = response.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


def policy_for(path: str) -> dict[str, str]:
    """Return the directives of an answer at ``path``."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    return policy_of(ContentSecurityPolicyMiddleware(view)(RequestFactory().get(path)))


class TestPolicy:
    @pytest.mark.parametrize("path", ["/", "/favicon.ico", "/leads/", "/administration/", "/x/admin/"])
    def test_allows_only_our_own_files(self, path: str) -> None:
        assert policy_for(path) == BASE_POLICY

    @pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/leads/lead/1/change/"])
    def test_allows_the_admin_what_its_skin_needs(self, path: str) -> None:
        assert policy_for(path) == BASE_POLICY | ADMIN_ADDITIONS

    def test_of_one_answer_does_not_leak_into_the_next(self) -> None:
        policy_for("/admin/")
        assert policy_for("/") == BASE_POLICY

    def test_is_sent_with_every_answer(self, client: Client) -> None:
        assert policy_of(client.get("/")) == BASE_POLICY
        assert policy_of(client.get("/favicon.ico")) == BASE_POLICY


@pytest.mark.django_db
class TestLoginPage:
    def test_has_the_admins_policy(self, client: Client) -> None:
        assert policy_of(client.get("/admin/login/")) == BASE_POLICY | ADMIN_ADDITIONS

    def test_has_no_script_written_into_it(self, client: Client) -> None:
        page = client.get("/admin/login/").content.decode()
        scripts = [tag.split(">", 1)[0] for tag in page.split("<script")[1:]]
        assert [tag for tag in scripts if "src=" not in tag] == []
