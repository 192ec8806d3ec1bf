"""The one receiver of this app: staff are told when a new lead has been saved.

Nothing here reacts to a lead's status.  Routing and assignment are called by ``Lead.verify()``, once each, and by
nothing else: two receivers that both fire on "verified" were how leads came to be routed twice.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from backend.leads.models import Lead
from backend.leads.services import announcements

__all__ = ["announce_new_lead"]


@receiver(post_save, sender=Lead, dispatch_uid="announce_new_lead")
def announce_new_lead(sender: type[Lead], *, instance: Lead, created: bool, **kwargs: Any) -> None:
    """Tell staff that a new lead waits for verification.  (A bulk import tells them once, by itself.)"""
    if created:
        announcements.tell_staff_of_new_lead(instance)
