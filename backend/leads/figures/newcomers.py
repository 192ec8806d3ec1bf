"""Providers that take part and have never had an offer: how many, for how long, and which are newcomers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from backend.leads.figures.scope import WEEK, Scope
from backend.users.models import ProviderProfile

__all__ = [
    "LONGEST_SHOWN",
    "NEWCOMER_FOR",
    "WAITS_AT_MOST",
    "WAITS_TOO_LONG",
    "Newcomers",
    "Wait",
    "Waiting",
    "count_newcomers",
    "has_waited",
    "list_longest_waiting",
]

NEWCOMER_FOR = 8 * WEEK
"""A provider that joined later than so long ago is a newcomer: nothing is known of it, and it is to get its chance."""

WAITS_AT_MOST = 4 * WEEK
"""A newcomer that has waited longer for its first offer needs somebody to look why, before it is none any more."""

LONGEST_SHOWN = 20
"""Providers that are named, those that have waited longest."""


class Wait(TextChoices):
    """For how long a provider without an offer has taken part; those that are no newcomers any more apart."""

    UNDER_1 = "under_1", _("Less than a week")
    UNDER_2 = "under_2", _("1 to 2 weeks")
    UNDER_4 = "under_4", _("2 to 4 weeks")
    UNDER_8 = "under_8", _("4 to 8 weeks")
    SETTLED_IN = "settled_in", _("Joined more than 8 weeks ago")


WAITS_TOO_LONG = Wait.UNDER_8
"""The newcomers that have waited longer than ``WAITS_AT_MOST``."""

_WEEKS = {Wait.UNDER_1: (0, 1), Wait.UNDER_2: (1, 2), Wait.UNDER_4: (2, 4), Wait.UNDER_8: (4, 8)}


@dataclass(frozen=True, slots=True)
class Newcomers:
    """How many providers that have never had an offer wait for so long; every wait has its number."""

    by_wait: dict[Wait, int]

    @property
    def new(self) -> int:
        """Return how many of them are newcomers."""
        return sum(count for wait, count in self.by_wait.items() if wait is not Wait.SETTLED_IN)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A provider without an offer, and since when it takes part."""

    provider_id: int
    name: str
    place_name: str
    since: datetime.datetime


def has_waited(wait: Wait, *, now: datetime.datetime) -> Q:
    """Return the condition that an active provider has never had an offer, and has waited for so long."""
    never_offered = Q(status="active") & (Q(load__isnull=True) | Q(load__offers_total=0))
    joined_lately = Q(created_at__gt=now - NEWCOMER_FOR)
    if wait is Wait.SETTLED_IN:
        return never_offered & ~joined_lately
    least, most = _WEEKS[wait]
    until = Q(state_since__lte=now - least * WEEK) if least else Q()
    return never_offered & joined_lately & until & Q(state_since__gt=now - most * WEEK)


def count_newcomers(scope: Scope) -> Newcomers:
    """Count the providers that wait for their first offer now, by how long; one statement."""
    counts = _providers_of(scope).aggregate(
        **{wait.value: Count("pk", filter=has_waited(wait, now=scope.now)) for wait in Wait}
    )
    return Newcomers({wait: counts[wait.value] for wait in Wait})


def list_longest_waiting(scope: Scope) -> Sequence[Waiting]:
    """Return the newcomers without an offer that have waited longest; one statement."""
    new = Q(*(has_waited(wait, now=scope.now) for wait in _WEEKS), _connector=Q.OR)
    rows = _providers_of(scope).filter(new).order_by("state_since", "pk")
    return [
        Waiting(*row)
        for row in rows.values_list("pk", "company_name", "place_name", "state_since")[:LONGEST_SHOWN]
    ]


def _providers_of(scope: Scope) -> QuerySet[ProviderProfile]:
    providers: QuerySet[ProviderProfile] = ProviderProfile._base_manager.order_by()
    return providers if scope.category_id is None else providers.filter(categories=scope.category_id)
