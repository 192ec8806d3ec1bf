"""The receivers of this app: staff are told of a new lead, and waiting leads of a provider that can take more.

Nothing here reacts to a lead's status.  Routing and assignment are called by ``Lead.verify()``, once each, and by
nothing else: two receivers that both fire on "verified" were how leads came to be routed twice.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models.signals import m2m_changed, post_save
from django.dispatch import receiver

from backend.leads.models import Lead
from backend.leads.services import announcements, supply
from backend.users.models import ProviderCategory, ProviderProfile

__all__ = ["announce_categories", "announce_new_lead", "announce_offered_category", "announce_provider"]

# What decides which leads a provider may have.
_SUPPLY_FIELDS = frozenset(
    {
        "status",
        "latitude",
        "longitude",
        "radius_km",
        "languages",
        "open_offers_max",
        "leads_per_day_max",
        "leads_per_month_max",
        "holiday_from_date",
        "holiday_until_date",
        "opens_at",
        "closes_at",
        "open_weekdays",
        "time_zone",
    }
)


@receiver(post_save, sender=Lead, dispatch_uid="announce_new_lead")
def announce_new_lead(sender: type[Lead], *, instance: Lead, created: bool, **kwargs: Any) -> None:
    """Tell staff that a new lead waits for verification.  (A bulk import tells them once, by itself.)"""
    if created:
        announcements.tell_staff_of_new_lead(instance)


@receiver(post_save, sender=ProviderProfile, dispatch_uid="announce_provider")
def announce_provider(
    sender: type[ProviderProfile],
    *,
    instance: ProviderProfile,
    update_fields: Collection[str] | None = None,
    **kwargs: Any,
) -> None:
    """Have waiting leads tried with a provider that was approved, came back, or changed what it can take."""
    is_about_supply = update_fields is None or not _SUPPLY_FIELDS.isdisjoint(update_fields)
    if is_about_supply and instance.status == ProviderProfile.Status.ACTIVE:
        supply.announce(instance.pk)


@receiver(post_save, sender=ProviderCategory, dispatch_uid="announce_offered_category")
def announce_offered_category(
    sender: type[ProviderCategory], *, instance: ProviderCategory, **kwargs: Any
) -> None:
    """Have waiting leads tried with an active provider that offers a category from now on."""
    if instance.provider.status == ProviderProfile.Status.ACTIVE:
        supply.announce(instance.provider_id)


@receiver(m2m_changed, sender=ProviderProfile.categories.through, dispatch_uid="announce_categories")
def announce_categories(
    sender: Any, *, instance: Any, action: str, reverse: bool, pk_set: Collection[int] | None, **kwargs: Any
) -> None:
    """Do the same after ``provider.categories.add(…)`` and ``category.providers.add(…)``, which save no row."""
    if action != "post_add":
        return
    provider_ids = pk_set or () if reverse else (instance.pk,)
    for provider_id in sorted(provider_ids):
        supply.announce(provider_id)
