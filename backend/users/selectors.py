"""Reading people."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from backend.users.models import User

__all__ = ["list_staff_in"]


def list_staff_in(permission: str) -> QuerySet[User, int]:
    """Return the ids of active staff whose group has a permission (``app_label.codename``), by id."""
    app_label, _dot, codename = permission.partition(".")
    granted = Q(
        groups__permissions__codename=codename, groups__permissions__content_type__app_label=app_label
    )
    staff = User.objects.filter(granted, is_active=True, is_staff=True)
    return staff.order_by("pk").distinct().values_list("pk", flat=True)
