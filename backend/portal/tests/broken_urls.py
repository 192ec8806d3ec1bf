"""The addresses of the pages, with one that fails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from backend.portal.urls import urlpatterns as portal_urls

__all__ = ["urlpatterns"]


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret")


urlpatterns = [path("broken/", fail), *portal_urls]
