"""The two providers of the demo market who can log in: in the first city, where new leads wait for what they offer."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db.models import Count, F, Q

from backend.leads.models import Lead
from backend.procompare.demo.chance import Random
from backend.procompare.demo.hubs import Hub
from backend.procompare.demo.staff import SALT_CHARACTERS
from backend.procompare.demo_logins import PROVIDER_LOGINS
from backend.users.models import ProviderProfile, User

__all__ = ["give_provider_logins"]


def give_provider_logins(chance: Random, hub: Hub) -> None:
    """Let the two active providers of a city log in for whose work most new leads wait there.

    Whoever verifies one of those leads sees it arrive on their pages.  Of equals the one with more offers is taken:
    its page has more to look at.
    """
    salt = "".join(chance.choices(SALT_CHARACTERS, k=22))
    waiting = Q(
        offered_categories__category__leads__status=Lead.Status.NEW,
        offered_categories__category__leads__place_name=hub.place,
    )
    able = ProviderProfile.objects.filter(
        status=ProviderProfile.Status.ACTIVE,
        place_name=hub.place,
        holiday_from_date=None,
        load__open_offers__lt=F("open_offers_max"),
    )
    counted = able.annotate(
        waiting=Count("offered_categories__category__leads", filter=waiting, distinct=True),
        offers=Count("assignments", distinct=True),
    )
    chosen = counted.order_by("-waiting", "-offers", "pk")[: len(PROVIDER_LOGINS)]
    for login, provider in zip(PROVIDER_LOGINS, chosen, strict=False):
        User.objects.filter(pk=provider.user_id).update(
            username=login.username, password=make_password(login.password, salt=salt)
        )
