"""The addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from backend.portal.views.home import ChangePassword, home
from backend.portal.views.inbox import list_notifications, mark_all_read, open_notification
from backend.portal.views.offer import show_offer
from backend.portal.views.offers import list_offers
from backend.portal.views.preferences import show_settings
from backend.portal.views.unsubscribing import show_unsubscribing

__all__ = ["urlpatterns"]

login = LoginView.as_view(template_name="portal/login.html", redirect_authenticated_user=True)

urlpatterns = [
    path("", home, name="home"),
    path("login/", login, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", ChangePassword.as_view(), name="password"),
    path("provider/offers/", list_offers, name="offers"),
    path("provider/offers/<slug:reference>/", show_offer, name="offer"),
    path("notifications/", list_notifications, name="inbox"),
    path("notifications/read/", mark_all_read, name="inbox-read"),
    path("notifications/<int:number>/", open_notification, name="notification"),
    path("settings/notifications/", show_settings, name="settings"),
    path("unsubscribe/<str:token>/", show_unsubscribing, name="unsubscribe"),
]
