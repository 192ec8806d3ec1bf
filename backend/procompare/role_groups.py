"""The groups of the roles, brought in line with the table after every migration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models.signals import post_migrate

from backend.procompare.roles import ROLES

__all__ = ["connect", "fill_groups", "fill_groups_after_migrating", "find_last"]


def connect() -> None:
    """Have the groups filled when the last app was migrated: by then the others' permissions exist."""
    last = find_last(installed_apps.get_app_configs())
    post_migrate.connect(fill_groups_after_migrating, sender=last, dispatch_uid="fill_groups")


def find_last(configs: Iterable[AppConfig]) -> AppConfig:
    """Return the last app with models: of an app that has none Django says nothing after a migration."""
    return [config for config in configs if config.models_module is not None][-1]


def fill_groups_after_migrating(
    *, sender: AppConfig, using: str, apps: Any = installed_apps, **kwargs: Any
) -> None:
    """Fill the groups, unless only a part of the apps is migrated so far.

    The permissions of the last app itself are made here: Django's own receiver is connected after this one.
    """
    if using != DEFAULT_DB_ALIAS or not _has_every_model(apps):
        return
    create_permissions(sender, verbosity=0, using=using)
    fill_groups()


def fill_groups() -> None:
    """Give the group of each role exactly the permissions of the table; twice does the same as once.

    Raises: UnknownPermission when the table names one that does not exist: no group is changed.
    """
    rows = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    known = {f"{app_label}.{codename}": pk for app_label, codename, pk in rows}
    granted = {role.name: role.resolve(known) for role in ROLES.values()}
    with transaction.atomic():
        for name, permissions in granted.items():
            group, _is_new = Group.objects.get_or_create(name=name)
            group.permissions.set([known[permission] for permission in sorted(permissions)])


def _has_every_model(apps: Any) -> bool:
    """Return whether the migrated state knows every installed model (a partial ``migrate`` does not)."""
    migrated = {model._meta.label for model in apps.get_models()}
    return all(model._meta.label in migrated for model in installed_apps.get_models())
