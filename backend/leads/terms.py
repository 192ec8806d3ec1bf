"""The terms on which leads are offered: places, hours, waves, limits.  Values, and what they must be.

Operations change them (``TermsVersion``); which ones hold now is read by ``terms_in_force``.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from django.utils.translation import gettext as _

from backend.matching.exploration import Exploration

__all__ = [
    "BUILT_IN_TERMS",
    "EARLIER_BUILT_IN_TERMS",
    "MARKET_TERMS",
    "TERMS_BY_CATEGORY",
    "Terms",
    "find_faults",
]


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms; every decision names the version it used.

    ``places`` is how many offers may be open or accepted at a time, ``accepted_max`` how many providers may accept.
    At ``accepted_enough`` no further wave is made on its own: what is free then may be claimed.  In the simulated
    market of the design, waves that stop at two acceptors won as much as those that go on, with fewer offers.

    ``told_max`` is how many more are told and may claim, ``offers_max`` how many offers a lead makes in all its
    waves, ``waves_max`` how many waves, those that found nobody included.  ``exploration_percent`` of the places of a
    wave are drawn by chance, and a provider with fewer offers ever than ``new_provider_offers`` is likelier drawn.

    An offer is open ``offer_hours``; its provider is reminded ``reminder_hours`` before its end, or at half its
    time where that is later.  Staff should verify a lead within ``verify_hours``, a client choose among quotes within
    ``choose_days``: then they are reminded.  A lead that lacks providers looks again after ``retry_minutes``; it is
    offered for ``lead_days`` unless its client says otherwise.  A contact that asks for the same again within
    ``duplicate_days`` repeats itself.  A new provider starts with the three ``provider_…`` limits.
    """

    version: str = "built-in/3"
    places: int = 5
    accepted_max: int = 3
    accepted_enough: int = 2
    told_max: int = 20
    offers_max: int = 15
    waves_max: int = 30
    exploration_percent: int = 20
    new_provider_offers: int = 5
    offer_hours: int = 48
    reminder_hours: int = 6
    choose_days: int = 3
    retry_minutes: int = 60
    verify_hours: int = 4
    lead_days: int = 30
    duplicate_days: int = 30
    provider_open_offers: int = 5
    provider_offers_a_day: int = 10
    provider_offers_a_month: int = 200

    @property
    def exploration(self) -> Exploration:
        """Return what of a wave is left to chance."""
        return Exploration(share=self.exploration_percent / 100, new_below=self.new_provider_offers)

    @property
    def offer_open_for(self) -> datetime.timedelta:
        """Return how long an offer is open."""
        return datetime.timedelta(hours=self.offer_hours)

    @property
    def offer_reminder_before(self) -> datetime.timedelta:
        """Return how long before its end a provider is reminded of an offer."""
        return datetime.timedelta(hours=self.reminder_hours)

    @property
    def choose_within(self) -> datetime.timedelta:
        """Return the time that a client has to choose from the first quote on."""
        return datetime.timedelta(days=self.choose_days)

    @property
    def retry_after(self) -> datetime.timedelta:
        """Return the time after which a lead that lacks providers looks again."""
        return datetime.timedelta(minutes=self.retry_minutes)

    @property
    def verify_within(self) -> datetime.timedelta:
        """Return the time that a new lead may wait before staff are reminded of it."""
        return datetime.timedelta(hours=self.verify_hours)

    @property
    def lead_open_for(self) -> datetime.timedelta:
        """Return how long a lead may be offered."""
        return datetime.timedelta(days=self.lead_days)

    @property
    def duplicate_within(self) -> datetime.timedelta:
        """Return how far apart two leads of a contact may lie that are one."""
        return datetime.timedelta(days=self.duplicate_days)

    def with_changes(self, changes: Mapping[str, int | None], *, version: str) -> Terms:
        """Return these terms under another version, with the values that are not None put in."""
        values = {name: value for name, value in changes.items() if value is not None}
        return replace(self, version=version, **values)


BUILT_IN_TERMS = Terms()
"""The terms as long as nobody has published any."""

EARLIER_BUILT_IN_TERMS: Mapping[str, Terms] = MappingProxyType(
    # Nothing was left to chance.
    {"built-in/2": replace(BUILT_IN_TERMS, version="built-in/2", exploration_percent=0)}
)
"""What was built in before, by the version that decisions of the time name."""

TERMS_BY_CATEGORY = (
    "places",
    "accepted_max",
    "accepted_enough",
    "told_max",
    "offers_max",
    "waves_max",
    "exploration_percent",
    "new_provider_offers",
    "offer_hours",
    "reminder_hours",
    "choose_days",
    "retry_minutes",
    "verify_hours",
    "lead_days",
)
"""The terms in which a category may differ from the market."""

MARKET_TERMS = (
    *TERMS_BY_CATEGORY,
    "duplicate_days",
    "provider_open_offers",
    "provider_offers_a_day",
    "provider_offers_a_month",
)
"""All terms, in the order in which people read them."""

# The least and the most of each: beyond them a value is a slip of the pen, not a policy.
RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "places": (1, 50),
        "accepted_max": (1, 50),
        "accepted_enough": (1, 50),
        "told_max": (0, 200),
        "offers_max": (1, 200),
        "waves_max": (1, 200),
        "exploration_percent": (0, 50),
        "new_provider_offers": (0, 1000),
        "offer_hours": (1, 24 * 30),
        "reminder_hours": (0, 24 * 30),
        "choose_days": (1, 90),
        "retry_minutes": (5, 60 * 24 * 7),
        "verify_hours": (1, 24 * 30),
        "lead_days": (1, 365),
        "duplicate_days": (0, 365),
        "provider_open_offers": (1, 1000),
        "provider_offers_a_day": (1, 1000),
        "provider_offers_a_month": (1, 30_000),
    }
)


def find_faults(terms: Terms) -> dict[str, str]:
    """Return what is wrong with terms, by the name of the term; nothing when they can hold.

    The upper ends of what must not be exceeded are told at the smaller one, where a person changes it.
    """
    faults = {}
    for name, (least, most) in RANGES.items():
        if not least <= getattr(terms, name) <= most:
            faults[name] = _("From %(least)d to %(most)d.") % {"least": least, "most": most}
    for name, limit, message in _orders(terms):
        if name not in faults and getattr(terms, name) > limit:
            faults[name] = message % {"limit": limit}
    return faults


def _orders(terms: Terms) -> tuple[tuple[str, int, str], ...]:
    """Return what must not be more than what: the name, its limit, and what to say."""
    return (
        ("accepted_max", terms.places, _("No more providers can accept than there are places: %(limit)d.")),
        ("accepted_enough", terms.accepted_max, _("No more than may accept: %(limit)d.")),
        ("places", terms.offers_max, _("No more than the offers of a lead in all: %(limit)d.")),
        ("reminder_hours", terms.offer_hours - 1, _("Before the offer ends: at most %(limit)d.")),
        (
            "provider_open_offers",
            terms.provider_offers_a_month,
            _("No more than its offers in a month: %(limit)d."),
        ),
        (
            "provider_offers_a_day",
            terms.provider_offers_a_month,
            _("No more than its offers in a month: %(limit)d."),
        ),
    )
