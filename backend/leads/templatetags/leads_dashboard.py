"""The dashboard for a template of the admin, Django's own or django-unfold's."""

from __future__ import annotations

from typing import Any

from django import template

__all__ = ["dashboard", "register"]

register = template.Library()


@register.inclusion_tag("leads/admin/dashboard/page.html", takes_context=True)
def dashboard(context: dict[str, Any]) -> dict[str, Any]:
    """Show the dashboard to whoever asks for the page."""
    # Tags are read while the admin is still being loaded.
    from backend.leads.admin.dashboard import build_dashboard

    return {"dashboard": build_dashboard(context["request"])}
