"""What the page of a provider shows above its form, to whoever may see which part of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist

from backend.leads.admin.dashboard.addresses import Addresses
from backend.leads.admin.provider_page.area_map import AreaMap, build_area_map
from backend.leads.admin.provider_page.exclusion_list import ExclusionRow, build_exclusion_rows
from backend.leads.admin.provider_page.meters import Meter, build_meters
from backend.leads.admin.provider_page.score_table import (
    RankingRow,
    ScoreTable,
    build_ranking_rows,
    build_score_table,
)
from backend.leads.figures.exclusions import count_exclusions
from backend.leads.figures.scope import Scope
from backend.leads.figures.scorecard import measure_scorecard
from backend.leads.models import Lead, LeadAssignment, RoutingDecision
from backend.matching.models import ProviderLoad
from backend.matching.reputation import list_reputations
from backend.users.models import ProviderProfile, User
from workflows import clock, machine_of
from workflows.machine import State

__all__ = [
    "EXCLUDED_DAYS",
    "POINTS_MAX",
    "RECENT_OFFERS",
    "SCORED_DAYS",
    "OfferRow",
    "ProviderPage",
    "build_provider_page",
    "load_of",
]

SCORED_DAYS = 90
EXCLUDED_DAYS = 30

POINTS_MAX = 100
"""Offers on the map, the latest ones: more would hide each other."""

RECENT_OFFERS = 10
"""Offers that are listed."""


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One of the latest offers, in the state that it is in."""

    offer: LeadAssignment
    state: State


@dataclass(frozen=True, slots=True)
class ProviderPage:
    """Everything that is shown; what the reader may not see is None."""

    provider: ProviderProfile
    area_map: AreaMap
    meters: tuple[Meter, ...]
    load: ProviderLoad | None
    score: ScoreTable | None
    ranking: tuple[RankingRow, ...] | None
    exclusions: tuple[ExclusionRow, ...] | None
    recent_offers: tuple[OfferRow, ...] | None
    scored_days: int = SCORED_DAYS
    excluded_days: int = EXCLUDED_DAYS


def build_provider_page(provider: ProviderProfile, *, reader: User | AnonymousUser) -> ProviderPage:
    """Read and describe a provider; six statements for whoever may see everything."""
    now = clock.now()
    addresses = Addresses(reader, Scope(now, SCORED_DAYS))
    sees_offers = addresses.may_open(Lead) and addresses.may_open(LeadAssignment)
    sees_decisions = addresses.may_open(Lead) and addresses.may_open(RoutingDecision)
    offers = _read_offers(provider) if sees_offers else None
    load = load_of(provider)
    return ProviderPage(
        provider=provider,
        area_map=build_area_map(provider, offers),
        meters=build_meters(provider, load, at=now),
        load=load,
        score=_read_score(provider, addresses) if sees_offers else None,
        ranking=build_ranking_rows(list_reputations(provider.pk, at=now)) if sees_offers else None,
        exclusions=_read_exclusions(provider, now) if sees_decisions else None,
        recent_offers=None if offers is None else _latest_of(offers),
    )


def load_of(provider: ProviderProfile) -> ProviderLoad | None:
    """Return the counters of a provider; None when nothing was counted yet."""
    try:
        load: ProviderLoad = provider.load
    except ObjectDoesNotExist:
        return None
    return load


def _read_offers(provider: ProviderProfile) -> Sequence[LeadAssignment]:
    offers = provider.assignments.select_related("lead").order_by("-created_at", "-pk")
    return list(offers[:POINTS_MAX])


def _latest_of(offers: Sequence[LeadAssignment]) -> tuple[OfferRow, ...]:
    machine = machine_of(LeadAssignment)
    return tuple(OfferRow(offer, machine.state(offer.state)) for offer in offers[:RECENT_OFFERS])


def _read_score(provider: ProviderProfile, addresses: Addresses) -> ScoreTable:
    card = measure_scorecard(provider.pk, span=addresses.scope.span)
    return build_score_table(card, addresses, provider_id=provider.pk)


def _read_exclusions(provider: ProviderProfile, now: datetime.datetime) -> tuple[ExclusionRow, ...]:
    since = now - datetime.timedelta(days=EXCLUDED_DAYS)
    return build_exclusion_rows(provider, count_exclusions(provider.pk, since=since))
