"""Receivers that keep the coverage index up to date when a profile or an offered category changes.

Deleting a profile needs none: its coverage and its load go with it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save

from backend.matching.coverage import refresh_coverage
from backend.matching.models import CoverageArea
from backend.users.models import ProviderCategory, ProviderProfile

__all__ = ["connect"]

# What the coverage is computed from; a save of other fields alone changes nothing here.
_COVERAGE_FIELDS = frozenset({"latitude", "longitude", "radius_km", "rating", "time_zone"})


def connect() -> None:
    """Connect every receiver; connecting twice does nothing."""
    post_save.connect(refresh_provider, sender=ProviderProfile)
    post_save.connect(refresh_offering_provider, sender=ProviderCategory)
    post_delete.connect(remove_category, sender=ProviderCategory)
    m2m_changed.connect(refresh_changed_categories, sender=ProviderProfile.categories.through)


def refresh_provider(
    *, instance: ProviderProfile, update_fields: Collection[str] | None = None, **_: Any
) -> None:
    """Refresh a provider that was saved, if the save wrote anything that its coverage depends on."""
    has_retired = instance.status == ProviderProfile.Status.RETIRED
    if update_fields is None or has_retired or not _COVERAGE_FIELDS.isdisjoint(update_fields):
        refresh_coverage([instance.pk])


def refresh_offering_provider(*, instance: ProviderCategory, **_: Any) -> None:
    """Refresh a provider that offers a category from now on."""
    refresh_coverage([instance.provider_id])


def remove_category(*, instance: ProviderCategory, **_: Any) -> None:
    """Remove the coverage of a category that is no longer offered.

    Nothing is inserted: the provider itself may be about to be deleted.
    """
    CoverageArea.objects.filter(provider_id=instance.provider_id, category_id=instance.category_id).delete()


def refresh_changed_categories(
    *,
    instance: Any,
    action: str,
    reverse: bool,
    pk_set: Collection[int] | None,
    **_: Any,
) -> None:
    """Refresh after ``provider.categories.add(…)`` and its kin, which save no ``ProviderCategory``."""
    if action not in {"post_add", "post_remove", "post_clear"}:
        return
    if not reverse:
        refresh_coverage([instance.pk])
    else:  # category.providers: after a clear it is not told whose
        refresh_coverage(None if pk_set is None else sorted(pk_set))
