"""How a person wants to be told, and whether its business takes new offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backend.notifications.models import WebhookEndpoint
from backend.notifications.selectors import channel_table, get_preferences
from backend.notifications.services import try_webhook
from backend.portal.forms import PreferencesForm, WebhookForm
from backend.portal.visitors import for_everybody_logged_in
from backend.users.models import ProviderProfile, User
from workflows import Availability, TransitionRefused, explain
from workflows.admin.forms import SeenForm

__all__ = ["show_settings"]

Answer = HttpResponseBase | None
"""What an action answers itself; None: it is done, and the page is shown anew."""


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody_logged_in
def show_settings(request: HttpRequest, user: User) -> HttpResponseBase:
    """Show the settings; POST does what the ``part`` of the page asks for.

    Raises: BadRequest for a part that there is not.
    """
    if request.method != "POST":
        return _show(request, user)
    act = _PARTS.get(request.POST.get("part", ""))
    if act is None:
        raise BadRequest("There is no such part of the settings.")
    return act(request, user) or redirect("settings")


def _save_preferences(request: HttpRequest, user: User) -> Answer:
    form = PreferencesForm(get_preferences(user), request.POST)
    if not (form.is_valid() and form.save(user, channel_table(user))):
        return _show(request, user, form=form, status=422)
    messages.success(request, _("Saved."))
    return None


def _save_webhook(request: HttpRequest, user: User) -> Answer:
    earlier = _find_webhook(user)
    form = WebhookForm(request.POST)
    if not (form.is_valid() and form.save(user)):
        return _show(request, user, webhook_form=form, status=422)
    now = _find_webhook(user)
    if now is None or now == earlier:
        messages.success(request, _("Saved."))
        return None
    messages.success(request, _("Saved. Below is the secret by which your system tells genuine calls."))
    return _show(request, user, secret=now.secret)


def _show_secret(request: HttpRequest, user: User) -> Answer:
    endpoint = _find_webhook(user)
    return None if endpoint is None else _show(request, user, secret=endpoint.secret)


def _try_webhook(request: HttpRequest, user: User) -> Answer:
    endpoint = _find_webhook(user)
    if endpoint is None:
        return None
    failure = try_webhook(endpoint)
    if failure:
        messages.error(request, _("The test call failed. %(failure)s") % {"failure": failure})
    else:
        messages.success(request, _("Your system took the test call."))
    return None


def _move_profile(request: HttpRequest, user: User) -> Answer:
    """Pause or resume.  Raises: PermissionDenied for those who log in for no provider."""
    profile: ProviderProfile | None = getattr(user, "provider_profile", None)
    name, seen = request.POST.get("part"), SeenForm(request.POST)
    if profile is None:
        raise PermissionDenied(_("This is for providers."))
    if not seen.is_valid():
        raise BadRequest("What the page showed cannot be read.")
    try:
        getattr(profile, str(name))(by=user, **seen.cleaned_data)
    except TransitionRefused as refusal:
        messages.error(request, str(refusal))
        return None
    paused, resumed = _("You have paused: no new offers come."), _("You take new offers again.")
    messages.success(request, paused if name == "pause" else resumed)
    return None


_PARTS: dict[str, Callable[[HttpRequest, User], Answer]] = {
    "preferences": _save_preferences,
    "webhook": _save_webhook,
    "secret": _show_secret,
    "try": _try_webhook,
    "pause": _move_profile,
    "resume": _move_profile,
}


def _show(
    request: HttpRequest,
    user: User,
    *,
    form: PreferencesForm | None = None,
    webhook_form: WebhookForm | None = None,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    profile: ProviderProfile | None = getattr(user, "provider_profile", None)
    endpoint = _find_webhook(user)
    context: dict[str, Any] = {
        "profile": profile,
        "moves": _moves_of(profile, user),
        "table": channel_table(user),
        "form": form or PreferencesForm(get_preferences(user)),
        "webhook": endpoint,
        "webhook_form": webhook_form or WebhookForm(initial={"url": endpoint.url if endpoint else ""}),
        "secret": secret,
        "zone": profile.time_zone if profile else "UTC",
    }
    return render(request, "portal/settings.html", context, status=status)


def _moves_of(profile: ProviderProfile | None, user: User) -> list[str]:
    """Return which of pausing and resuming the person can do now."""
    if profile is None:
        return []
    return [
        one.transition.name
        for one in explain(profile, by=user)
        if one.transition.name in ("pause", "resume") and one.availability is Availability.AVAILABLE
    ]


def _find_webhook(user: User) -> WebhookEndpoint | None:
    return WebhookEndpoint.objects.filter(user=user, is_active=True).first()
