"""Ending a kind of e-mail by the link in one, without a login (RFC 8058)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from backend.notifications.links import read_unsubscribe_token
from backend.notifications.models import DeliveryChannel
from backend.notifications.selectors import find_recipients
from backend.notifications.services import set_channel_choice, unsubscribe
from backend.users.models import User

__all__ = ["show_unsubscribing"]


# Mail programs post here on their own, with no cookie and no page of ours before: the token is the proof.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def show_unsubscribing(request: HttpRequest, token: str) -> HttpResponse:
    """Say which e-mails the link ends, and end them by POST; ``undo`` has them come again.

    Doing it again changes nothing, and the answer to a POST is no redirect: RFC 8058 forbids it.

    Raises: Http404 for a token that is not ours, or of somebody who is gone.
    """
    found = read_unsubscribe_token(token)
    user = User.objects.filter(pk=found[0]).first() if found else None
    if found is None or user is None:
        raise Http404(_("This link is not one of ours; perhaps it was cut off."))
    type_ = found[1]
    if request.method == "POST" and "undo" in request.POST:
        set_channel_choice(user, type_, DeliveryChannel.EMAIL, is_on=True)
    elif request.method == "POST":
        unsubscribe(user.pk, type_)
    context = {
        "type": type_,
        "email": user.email,
        "is_on": find_recipients([user.pk])[user.pk].is_on(type_, DeliveryChannel.EMAIL),
        "is_answer": request.method == "POST",
    }
    response = render(request, "portal/unsubscribe.html", context)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
