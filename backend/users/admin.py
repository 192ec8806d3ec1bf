"""The admin of people and their groups.  Providers are in ``backend/leads/admin``: their page shows their offers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from backend.saved_views.admin import SavedViewsAdmin
from backend.users.models import User

__all__ = ["GroupAdmin", "UserAdmin"]

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(SavedViewsAdmin, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]  # unfold writes no types
    """People who can log in.  Whoever acted is named in the audit log: deactivate, never delete."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "full_name", "email", "group_names", "is_staff", "is_active", "last_login"]
    list_filter = ["groups", "is_staff", "is_active", "language"]
    list_per_page = 50
    search_fields = ["username", "first_name", "last_name", "email", "provider_profile__company_name"]
    ordering = ["username"]
    readonly_fields = ["last_login", "date_joined"]
    autocomplete_fields = ["groups"]
    filter_horizontal = ["user_permissions"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": [("first_name", "last_name"), ("email", "language")]}),
        (
            _("What they may do"),
            {
                "fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"],
                "description": _(
                    "To take somebody's access away, deactivate them: the audit log names them."
                ),
            },
        ),
        (_("Dates"), {"fields": [("last_login", "date_joined")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the people with their groups: one statement for all of a list."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return also "superuser" for whoever is none: nobody makes themselves one."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: whoever acted is named in the audit log."""
        return False

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user: User) -> str:
        """Return first and last name."""
        return user.get_full_name()

    @admin.display(description=_("groups"))
    def group_names(self, user: User) -> str:
        """Return the names of the groups."""
        return ", ".join(group.name for group in user.groups.all())


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold writes no types
    """Groups of staff.  Those of ``backend/procompare/roles.py`` are filled again by every migration."""

    list_display = ["name"]
    search_fields = ["name"]
