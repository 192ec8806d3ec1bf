"""The two providers of the demo market who can log in: busy ones, who are offered the same leads."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db.models import Count, Q, QuerySet

from backend.leads.models import LeadAssignment
from backend.procompare.demo.chance import Random
from backend.procompare.demo.staff import SALT_CHARACTERS
from backend.procompare.demo_logins import PROVIDER_LOGINS
from backend.users.models import ProviderProfile, User

__all__ = ["give_provider_logins"]


def give_provider_logins(chance: Random) -> None:
    """Let the active provider with most open offers log in, and the one that shares most open leads with it."""
    open_offers = LeadAssignment.objects.filter(status=LeadAssignment.Status.OFFERED)
    first = _busiest(open_offers)
    if first is None:
        return
    shared = open_offers.filter(lead__in=open_offers.filter(provider=first).values("lead"))
    second = _busiest(shared.exclude(provider=first))
    salt = "".join(chance.choices(SALT_CHARACTERS, k=22))
    for login, provider in zip(PROVIDER_LOGINS, (first, second), strict=True):
        if provider is not None:
            User.objects.filter(pk=provider.user_id).update(
                username=login.username, password=make_password(login.password, salt=salt)
            )


def _busiest(offers: QuerySet[LeadAssignment]) -> ProviderProfile | None:
    """Return the active provider with most of these offers, or None."""
    counted = Count("assignments", filter=Q(assignments__in=offers))
    active = ProviderProfile.objects.filter(status=ProviderProfile.Status.ACTIVE, assignments__in=offers)
    busiest: ProviderProfile | None = active.annotate(offers=counted).order_by("-offers", "pk").first()
    return busiest
