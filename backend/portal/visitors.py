"""Who looks at a page: somebody who logged in, or who came by a signed link from a message.

A signed link opens one page for one provider without a login, and starts none: whoever is logged in with the same
browser stays who they are on every other page.
"""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django_htmx.http import HttpResponseClientRedirect

from backend.notifications.links import user_of_key
from backend.users.models import ProviderProfile, User
from workflows import Channel, acting

__all__ = ["Visitor", "for_everybody_logged_in", "for_providers", "for_providers_and_links"]

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Visitor:
    """One provider at a page, with the user who acts for it; ``key`` is that of a signed link, "" after a login."""

    user: User
    provider: ProviderProfile
    key: str = ""

    @property
    def query(self) -> str:
        """Return what the address of this page ends in, so that its key is not lost."""
        return f"?key={self.key}" if self.key else ""


def for_everybody_logged_in(view: View) -> View:
    """Let a view ``(request, user, …)`` be used by whoever has logged in."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_login(request)
        with acting(by=request.user, channel=Channel.PAGE):
            return _not_stored(view(request, request.user, *args, **kwargs))

    return wrapped


def for_providers(view: View) -> View:
    """Let a view ``(request, visitor, …)`` be used by whoever has logged in for a provider.

    Times are told in the provider's zone.  Raises: PermissionDenied for those who log in for no provider.
    """

    @for_everybody_logged_in
    @functools.wraps(view)
    def wrapped(request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> HttpResponseBase:
        provider = getattr(user, "provider_profile", None)
        if provider is None:
            raise PermissionDenied(
                _("This page is for providers, and %(user)s logs in for none.") % {"user": user}
            )
        return _look(view, request, Visitor(user, provider), *args, **kwargs)

    return wrapped


def for_providers_and_links(view: View) -> View:
    """Let a view ``(request, visitor, …)`` be used after a login for a provider, and by a signed link without one.

    A key stands in the address of each request, and no browser adds it on its own: what comes with one needs no
    CSRF token (``docs/decisions/0025``).  What comes with a login does.
    """
    by_login = csrf_protect(for_providers(view))

    @csrf_exempt
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.GET.get("key")
        if key is None:
            return by_login(request, *args, **kwargs)
        visitor = _visitor_of(key, path=request.path)
        if visitor is None:
            return _refuse_key(request)
        if visitor.user == request.user and request.method == "GET":
            # The login opens more than the link; and the key leaves the address bar.
            return HttpResponseRedirect(request.path)
        with acting(by=visitor.user, channel=Channel.PAGE):
            response = _not_stored(_look(view, request, visitor, *args, **kwargs))
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return wrapped


def _look(view: View, request: HttpRequest, visitor: Visitor, *args: Any, **kwargs: Any) -> HttpResponseBase:
    with timezone.override(zoneinfo.ZoneInfo(visitor.provider.time_zone)):
        return view(request, visitor, *args, **kwargs)


def _visitor_of(key: str, *, path: str) -> Visitor | None:
    user_id = user_of_key(key, path=path)
    providers = ProviderProfile.objects.select_related("user").filter(user=user_id, user__is_active=True)
    provider = None if user_id is None else providers.first()
    return None if provider is None else Visitor(provider.user, provider, key)


def _refuse_key(request: HttpRequest) -> HttpResponseBase:
    messages.warning(request, _("This link does not open the page any more. Log in to see it."))
    if request.user.is_authenticated:
        return HttpResponseRedirect(request.path)
    return redirect_to_login(request.path)


def _to_login(request: HttpRequest) -> HttpResponseBase:
    """Lead to the login and back; a part of a page that is fetched alone leads the whole page there."""
    if cast(Any, request).htmx:
        return HttpResponseClientRedirect(redirect_to_login(request.path).url)
    return redirect_to_login(request.get_full_path())


def _not_stored(response: HttpResponseBase) -> HttpResponseBase:
    """Keep what is one person's out of every cache, that of the browser's Back button included."""
    response.headers["Cache-Control"] = "no-store"
    return response
