"""The way in: each person's own pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from backend.portal.visitors import for_everybody_logged_in
from backend.users.models import User

__all__ = ["ChangePassword", "home"]


@for_everybody_logged_in
def home(request: HttpRequest, user: User) -> HttpResponseBase:
    """Lead to the pages of whoever it is: a provider's offers, the admin, or else what one was told."""
    if hasattr(user, "provider_profile"):
        return redirect("offers")
    return redirect("admin:index" if user.is_staff else "inbox")


class ChangePassword(PasswordChangeView):
    """Set another password; whoever is logged in elsewhere is logged out there."""

    template_name = "portal/password.html"
    success_url = reverse_lazy("settings")

    def form_valid(self, form: object) -> HttpResponse:
        """Set it and say so."""
        messages.success(self.request, _("Your password is changed."))
        return super().form_valid(form)  # type: ignore[arg-type]  # the form of the base class
