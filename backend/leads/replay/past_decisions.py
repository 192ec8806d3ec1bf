"""The first decision on each lead of a time, as it was stored, with what became of its offers.

Later waves answer what happened to the first: under another policy they would not have been the same, so that they
are no evidence of it.
"""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from backend.leads.models import LeadAssignment, RoutingDecision
from backend.leads.selectors import request_of
from backend.matching.features import EXPERIENCE_SCALE_OFFERS, IDLE_SCALE_DAYS
from backend.matching.values import Candidate, Request
from workflows import TransitionRecord

__all__ = ["Outcome", "PastCandidate", "PastDecision", "Period", "count_decisions", "read_decisions"]

_CHUNK = 500

# Those who could have had it; every other outcome is the rule by which somebody fell out under the lock.
_AVAILABLE = ("offered", "told", "ranked")

# Stored features have four digits: shares are put back as so many parts of this.
_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Period:
    """From one instant until before another."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an offer."""

    accepted: bool
    won: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class PastCandidate:
    """Somebody who could have been offered a lead.

    ``propensity`` is the probability with which the policy offered it; ``accepts`` and ``wins`` what the model of the
    time expected of an offer (wins: once it has accepted); ``outcome`` None: it was offered nothing.
    """

    candidate: Candidate
    propensity: float
    accepts: float
    wins: float
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One decision: its request, its places, and its candidates, best first."""

    lead_id: int
    request: Request
    places: int
    terms_version: str
    candidates: tuple[PastCandidate, ...]

    @property
    def is_open(self) -> bool:
        """Return whether an offer of it has no answer yet."""
        return any(one.outcome is not None and one.outcome.is_open for one in self.candidates)


def count_decisions(period: Period) -> int:
    """Return how many first decisions were made in a time: one statement."""
    return _decisions(period).count()


def read_decisions(period: Period) -> Iterator[PastDecision]:
    """Yield the first decisions of a time, in the order in which they were made: two statements for each 500."""
    last = 0
    while rows := list(_decisions(period).filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        outcomes = _read_outcomes(rows)
        for row in rows:
            yield _to_past(row, outcomes[row.pk])
        last = rows[-1].pk


def _decisions(period: Period) -> QuerySet[RoutingDecision]:
    made = RoutingDecision.objects.filter(
        wave=1, is_by_hand=False, created_at__gte=period.since, created_at__lt=period.until
    )
    shown = ["places", "policy_version", "terms_version", "candidates", "created_at", "lead"]
    return made.select_related("lead").only(*shown, *(f"lead__{name}" for name in _REQUEST))


_REQUEST = (
    "reference",
    "category",
    "latitude",
    "longitude",
    "wave",
    "budget",
    "language",
    "urgency",
    "deadline_at",
    "client",
)


def _read_outcomes(rows: Sequence[RoutingDecision]) -> Mapping[int, Mapping[int, Outcome]]:
    """Return what became of the offers of some decisions, by decision and provider: one statement."""
    accepted = TransitionRecord.objects.filter(
        machine=LeadAssignment.machine_label(), object_id=OuterRef("pk"), log__transition="accept"
    )
    offers = LeadAssignment.objects.filter(decision__in=[row.pk for row in rows], was_claimed=False)
    found: dict[int, dict[int, Outcome]] = defaultdict(dict)
    for decision, provider, status, was_accepted in offers.annotate(
        was_accepted=Exists(accepted)
    ).values_list("decision_id", "provider_id", "status", "was_accepted"):
        found[decision][provider] = Outcome(was_accepted, status == "won", status == "offered")
    return found


def _to_past(row: RoutingDecision, outcomes: Mapping[int, Outcome]) -> PastDecision:
    request = dataclasses.replace(request_of(row.lead), at=row.created_at, wave=1)
    # It wrote the propensity 1 for everybody.
    is_greedy = row.policy_version.startswith("top-n/1")
    return PastDecision(
        lead_id=row.lead_id,
        request=request,
        places=row.places,
        terms_version=row.terms_version,
        candidates=tuple(
            PastCandidate(
                candidate=_to_candidate(entry, at=row.created_at),
                propensity=_propensity_of(entry, places=row.places, is_greedy=is_greedy),
                accepts=entry.get("accepts", entry["score"]),
                wins=entry.get("wins", 1.0),
                outcome=outcomes.get(entry["provider"]),
            )
            for entry in row.candidates
            if entry["outcome"] in _AVAILABLE
        ),
    )


def _propensity_of(entry: Mapping[str, Any], *, places: int, is_greedy: bool) -> float:
    """Return how likely the policy of the time offered it.

    Who was offered though it was not among the first came in for somebody who fell out: that was sure to follow.
    """
    is_offered = entry["outcome"] == "offered"
    if is_greedy or (is_offered and entry["rank"] > places):
        return float(is_offered)
    return float(entry["propensity"])


def _to_candidate(entry: Mapping[str, Any], *, at: datetime) -> Candidate:
    """Return a candidate as it was.

    Load and idleness come from the features that tell them, so that the oldest decisions can be made anew as well.
    """
    features = {name: value for name, value, _contribution in entry["parts"] if name != "base"}
    return Candidate(
        provider_id=entry["provider"],
        user_id=entry.get("user", 0),
        company_name=entry["name"],
        distance_km=entry["distance_km"],
        open_offers=round(features.get("load_ratio", 0.0) * _PARTS),
        open_offers_max=_PARTS,
        last_offered_at=_last_offered_at(features.get("idle", 1.0), at=at),
        # Decisions say it since policies ask for it.
        offers_total=entry.get("offers_total", _offers_ever(features.get("experience", 0.0))),
        features=features,
    )


def _last_offered_at(idle: float, *, at: datetime) -> datetime | None:
    """Return when the last offer was, from the feature that grows with the time since; None: never, or long ago."""
    if idle >= 1:
        return None
    return at - timedelta(days=-math.log1p(-idle) * IDLE_SCALE_DAYS)


def _offers_ever(experience: float) -> int:
    """Return how many offers somebody had, from the feature that grows with them; at most a few hundred."""
    return round(-math.log1p(-min(experience, 0.9999)) * EXPERIENCE_SCALE_OFFERS)
