"""Addresses of a site with a page that fails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from backend.procompare.urls import urlpatterns as all_urls

__all__ = ["urlpatterns"]


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret")


urlpatterns = [path("broken/", fail), *all_urls]
