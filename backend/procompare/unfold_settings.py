"""How the admin looks (django-unfold): its name, its colours, and the menu at its side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

__all__ = ["UNFOLD"]


def _entry(title: Any, icon: str, model: str) -> dict[str, Any]:
    """Return the menu's entry for the list of a model (``app.model``), seen by whoever may look at it."""
    app_label, model_name = model.split(".")

    def may_see(request: HttpRequest) -> bool:
        return request.user.has_perms([f"{app_label}.view_{model_name}"])

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app_label}_{model_name}_changelist"),
        "permission": may_see,
    }


def _may_see_a_map(request: HttpRequest) -> bool:
    """Return whether the user may look at the objects of any machine."""
    # Imported here, because it needs the models and these are settings.
    from workflows.registry import list_workflow_models

    views = (f"{model._meta.app_label}.view_{model._meta.model_name}" for model in list_workflow_models())
    return any(request.user.has_perm(view) for view in views)


def _may_see_fairness(request: HttpRequest) -> bool:
    """Return whether the user may look at everything that the report speaks of."""
    # Imported here, because it needs the models and these are settings.
    from backend.leads.admin.dashboard.fairness import may_see_fairness

    return may_see_fairness(request.user)


def _own_entry(title: Any, icon: str, model: str, permission: str) -> dict[str, Any]:
    """Return the menu's entry for a list in which everybody with a permission finds what is theirs."""
    entry = _entry(title, icon, model)
    may_see_all = entry["permission"]

    def may_see(request: HttpRequest) -> bool:
        return request.user.has_perm(permission) or may_see_all(request)

    return {**entry, "permission": may_see}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "ProCompare",
    "SITE_HEADER": "ProCompare",
    "SITE_SYMBOL": "handshake",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # The accent of the workflow panel is one of these, so that its buttons and the skin's are alike.
        "primary": {
            "50": "#f5f3ff",
            "100": "#ede9fe",
            "200": "#ddd6fe",
            "300": "#c4b5fd",
            "400": "#b78bff",
            "500": "#a371f7",
            "600": "#6d28d9",
            "700": "#5b21b6",
            "800": "#4c1d95",
            "900": "#3b1578",
            "950": "#2e1065",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Marketplace"),
                "items": [
                    _entry(_("Leads"), "inbox", "leads.lead"),
                    _entry(_("Offers"), "local_offer", "leads.leadassignment"),
                    _entry(_("Routing decisions"), "alt_route", "leads.routingdecision"),
                ],
            },
            {
                "title": _("Supply"),
                "items": [
                    _entry(_("Providers"), "storefront", "users.providerprofile"),
                    _entry(_("Categories"), "category", "catalog.category"),
                    _entry(_("Cities"), "location_city", "catalog.city"),
                ],
            },
            {
                "title": _("People"),
                "items": [
                    _entry(_("Notifications"), "notifications", "notifications.notification"),
                    _entry(_("Deliveries"), "outgoing_mail", "notifications.delivery"),
                    _entry(_("Receivers"), "dns", "notifications.receiver"),
                    _entry(_("Users"), "person", "users.user"),
                    _entry(_("Groups"), "group", "auth.group"),
                ],
            },
            {
                "title": _("Operations"),
                "items": [
                    {
                        "title": _("Process maps"),
                        "icon": "conversion_path",
                        "link": reverse_lazy("process_maps"),
                        "permission": _may_see_a_map,
                    },
                    _entry(_("Audit list"), "history", "workflows.transitionrecord"),
                    _entry(_("Invariants"), "rule", "workflows.auditrun"),
                    _own_entry(_("Bulk runs"), "playlist_play", "bulk.bulkrun", "bulk.start_bulkrun"),
                    _entry(_("Terms"), "tune", "leads.termsversion"),
                    _entry(_("What-ifs"), "science", "leads.whatif"),
                    _entry(_("Ranking models"), "model_training", "matching.rankingmodel"),
                    {
                        "title": _("Fairness and drift"),
                        "icon": "balance",
                        "link": reverse_lazy("fairness"),
                        "permission": _may_see_fairness,
                    },
                    _entry(_("Jobs"), "work_history", "jobs.job"),
                    _entry(_("Workers"), "engineering", "jobs.worker"),
                ],
            },
        ],
    },
}
