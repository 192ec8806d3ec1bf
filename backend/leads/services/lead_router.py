"""Routing: who may have this lead, who is best for it, and why not the others.  Decides and records; offers nothing.

``Lead.verify()`` and ``Lead.reroute()`` call :func:`route`, once each, inside their transaction.  It searches and
ranks, reserves capacity under lock for the best, and writes one ``RoutingDecision``.  Many leads that are verified
together are routed by :func:`route_many`, of which one lead is the smallest case.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backend.leads import selectors
from backend.leads.models import Lead, RoutingDecision
from backend.leads.models.candidates import CandidateTable
from backend.leads.models.decision import exclusion_key
from backend.leads.selectors import request_of
from backend.leads.terms import Terms
from backend.leads.terms_in_force import read_terms_book
from backend.matching import capacity
from backend.matching.meanwhile import Meanwhile
from backend.matching.parts import describe_parts, tabulate_parts
from backend.matching.policy import Balanced, Policy, rank_candidates
from backend.matching.ranking import Ranker, score_safely
from backend.matching.rules import BUSY
from backend.matching.search import read_search
from backend.matching.search_together import find_rows_together
from backend.matching.serving import Models, find_models
from backend.matching.values import Ranked, Ranking, Request, Search
from workflows import clock

__all__ = ["describe", "route", "route_many"]

NOTHING_OFFERED = selectors.OfferCounts(open=0, accepted=0, made=0)


def route(
    lead: Lead,
    *,
    wait: bool = True,
    is_revision: bool = False,
    model: Ranker | None = None,
    policy: Policy | None = None,
) -> RoutingDecision:
    """Decide who is offered the free places of a lead, and who is told of it: as ``route_many``, of one."""
    return route_many([lead], wait=wait, is_revision=is_revision, model=model, policy=policy)[0]


def route_many(
    leads: Sequence[Lead],
    *,
    wait: bool = True,
    is_revision: bool = False,
    model: Ranker | None = None,
    policy: Policy | None = None,
) -> list[RoutingDecision]:
    """Decide who is offered the free places of leads, one lead after the other; record every reason.

    Capacity of those offered is reserved before the decisions are written, so that what they say holds.  The leads'
    rows must be locked by the running transition.  ``wait=False`` passes over providers whose rows are locked: for a
    transaction that holds a provider's row already, which could otherwise end in a deadlock.  ``is_revision``: the
    requests are others now, and what was decided before is superseded.  ``model`` None: the one in use; ``policy``
    None: a share of the places is drawn by chance, as the terms say.

    A later lead is decided on as if the offers to the earlier ones had been made.
    """
    if not leads:
        return []
    openings = _open(leads, is_revision=is_revision)
    models = find_models() if model is None else Models(model)
    ranked = _rank_in_turn(openings, models=models, policy=policy)
    wishes = [capacity.Wish(one.preferred, one.opening.places) for one in ranked]
    reservations = capacity.reserve_many(wishes, at=clock.now(), wait=wait)
    decisions = [
        _decide(one, reservation, models=models, is_revision=is_revision)
        for one, reservation in zip(ranked, reservations, strict=True)
    ]
    RoutingDecision.objects.bulk_create(decisions)
    return decisions


@dataclass(frozen=True, slots=True)
class _Opening:
    """What is free on a lead: so many offers, on these terms, and so many providers told of it beside."""

    lead: Lead
    request: Request
    terms: Terms
    places: int
    told_max: int


@dataclass(frozen=True, slots=True)
class _Ranked:
    """An opening with those who may have it, in the order in which they are asked."""

    opening: _Opening
    found: Search
    ranking: Ranking

    @property
    def preferred(self) -> list[int]:
        return [entry.candidate.provider_id for entry in self.ranking.ranked]


def _open(leads: Sequence[Lead], *, is_revision: bool) -> list[_Opening]:
    """Return what is free on each lead: one statement for the terms, two more if any was routed before."""
    routed = [lead.pk for lead in leads if lead.wave]
    counts = selectors.count_offers_by_lead(routed) if routed else {}
    offered = selectors.list_offered_before(routed) if routed else {}
    book = read_terms_book()
    return [
        _open_one(
            lead,
            counts.get(lead.pk, NOTHING_OFFERED),
            request=request_of(lead, already_offered=offered.get(lead.pk, frozenset())),
            terms=book.of(lead.category_id),
            tells=is_revision or lead.status == Lead.Status.NEW,
        )
        for lead in leads
    ]


def _open_one(
    lead: Lead, counts: selectors.OfferCounts, *, request: Request, terms: Terms, tells: bool
) -> _Opening:
    # Where nobody else may accept, there is nothing to claim either.
    told_max = terms.told_max if tells and not _is_taken(counts, terms) else 0
    return _Opening(lead, request, terms, places=_free_places(counts, terms), told_max=told_max)


def _rank_in_turn(openings: Sequence[_Opening], *, models: Models, policy: Policy | None) -> list[_Ranked]:
    """Rank who may have each lead, searched for at once; a later one sees the offers that earlier ones will make."""
    meanwhile = Meanwhile(clock.now())
    ranked = []
    rows = find_rows_together([opening.request for opening in openings])
    for opening, found_at_first in zip(openings, rows, strict=True):
        found = read_search(meanwhile.see(found_at_first), request=opening.request)
        ranking = rank_candidates(
            opening.request,
            found.eligible,
            model=models.champion,
            policy=policy or Balanced(opening.terms.exploration),
            places=opening.places,
        )
        ranked.append(_Ranked(opening, found, ranking))
        meanwhile.note(ranked[-1].preferred[: opening.places])
    return ranked


def _decide(
    ranked: _Ranked, reservation: capacity.Reservation, *, models: Models, is_revision: bool
) -> RoutingDecision:
    """Return the decision of one lead, to be written; the lead counts the wave."""
    opening, found = ranked.opening, ranked.found
    lead, terms, places = opening.lead, opening.terms, opening.places
    outcomes = _outcomes(ranked.ranking, reservation, told_max=opening.told_max)
    lead.wave += 1
    lead.retry_at = _retry_at(reservation, places=places, terms=terms)
    decision = RoutingDecision(
        lead=lead,
        wave=lead.wave,
        is_revision=is_revision,
        policy_version=ranked.ranking.version,
        terms_version=terms.version,
        places=places,
        offered_count=len(reservation.reserved),
        shortfall=_shortfall(len(reservation.reserved), places, found),
        **_describe_search(found, ranked.ranking, outcomes, at=opening.request.at),
        exclusion_keys=_list_exclusion_keys(found, reservation),
        shadow=_rank_in_shadow(found, models),
    )
    decision.terms = terms
    return decision


def _rank_in_shadow(found: Search, models: Models) -> dict[str, Any]:
    """Return what the model in shadow makes of the candidates, for the record; {} without one."""
    if models.shadow is None:
        return {}
    scored, version = score_safely(models.shadow, found.eligible)
    scores = {str(one.candidate.provider_id): round(one.wins, 6) for one in scored}
    return {"version": version, "scores": scores}


def _free_places(counts: selectors.OfferCounts, terms: Terms) -> int:
    """Return how many offers may be made now: none that nobody could accept, nor more than a lead makes in all."""
    if _is_taken(counts, terms):
        return 0
    return max(0, min(terms.places - counts.occupied, terms.offers_max - counts.made))


def _is_taken(counts: selectors.OfferCounts, terms: Terms) -> bool:
    return counts.accepted >= terms.accepted_max


def _retry_at(reservation: capacity.Reservation, *, places: int, terms: Terms) -> datetime.datetime | None:
    """Return when providers are looked for again; None when all places were offered.

    A provider that was busy is free within the second: then the next tick looks again, not the next hour.
    """
    if len(reservation.reserved) >= places:
        return None
    if BUSY.code in reservation.refused.values():
        return clock.now()
    return clock.now() + terms.retry_after


def _outcomes(ranking: Ranking, reservation: capacity.Reservation, *, told_max: int) -> dict[int, str]:
    """Say of each ranked provider what became of it: the best are offered the lead, the next are told of it."""
    outcomes: dict[int, str] = {}
    told_left = told_max
    reserved = frozenset(reservation.reserved)
    for entry in ranking.ranked:
        provider_id = entry.candidate.provider_id
        if provider_id in reserved:
            outcomes[provider_id] = "offered"
        elif provider_id in reservation.refused:
            outcomes[provider_id] = reservation.refused[provider_id]
        elif told_left:
            outcomes[provider_id] = "told"
            told_left -= 1
        else:
            outcomes[provider_id] = "ranked"
    return outcomes


def _describe_search(
    found: Search, ranking: Ranking, outcomes: Mapping[int, str], *, at: datetime.datetime
) -> dict[str, Any]:
    """Return the fields of a decision that say who was looked at, and what became of each."""
    return {
        "told_count": sum(outcome == "told" for outcome in outcomes.values()),
        "candidates_count": _count_all(found),
        "eligible_count": found.eligible_count,
        "candidates": _describe_all(ranking, outcomes, at=at),
        "excluded": _group_excluded(found),
        "excluded_counts": dict(found.counts),
    }


def _describe_all(
    ranking: Ranking, outcomes: Mapping[int, str], *, at: datetime.datetime
) -> Sequence[Mapping[str, Any]]:
    """Return the ranked providers as ``RoutingDecision.candidates`` keeps them: in columns, without a row for each."""
    parts = tabulate_parts([entry.parts for entry in ranking.ranked])
    if parts is None:
        return [describe(entry, outcomes[entry.candidate.provider_id], at=at) for entry in ranking.ranked]
    rows = [_list_values(entry, outcomes[entry.candidate.provider_id], at=at) for entry in ranking.ranked]
    columns = zip(_NAMES, map(list, zip(*rows, strict=True)), strict=True)
    return CandidateTable({**dict(columns), **parts})


def describe(entry: Ranked, outcome: str, *, at: datetime.datetime) -> dict[str, Any]:
    """Return one ranked provider as ``RoutingDecision.candidates`` has it."""
    named = zip(_NAMES, _list_values(entry, outcome, at=at), strict=True)
    return {**dict(named), "parts": describe_parts(entry.parts)}


_NAMES = (
    "provider",
    "user",
    "name",
    "rank",
    "score",
    "accepts",
    "wins",
    "discount",
    "propensity",
    "offers_total",
    "open_offers",
    "open_offers_max",
    "distance_km",
    "opens_at",
    "outcome",
)


def _list_values(entry: Ranked, outcome: str, *, at: datetime.datetime) -> tuple[Any, ...]:
    """Return the values of ``_NAMES``."""
    candidate = entry.candidate
    opening_at = candidate.opening_at
    return (
        candidate.provider_id,
        candidate.user_id,
        candidate.company_name,
        entry.rank,
        round(entry.score, 6),
        round(entry.probability, 6),
        round(entry.win_probability, 6),
        round(entry.discount, 6),
        float(f"{entry.propensity:.6g}"),
        candidate.offers_total,
        candidate.open_offers,
        candidate.open_offers_max,
        round(candidate.distance_km, 2),
        opening_at.isoformat() if opening_at is not None and opening_at > at else None,
        outcome,
    )


def _group_excluded(found: Search) -> dict[str, list[list[int | str]]]:
    grouped: dict[str, list[list[int | str]]] = {}
    for exclusion in found.excluded:
        grouped.setdefault(exclusion.rule_code, []).append([exclusion.provider_id, exclusion.company_name])
    return grouped


def _list_exclusion_keys(found: Search, reservation: capacity.Reservation) -> list[str]:
    """Return the keys of those that the search excluded, and of those that fell out under the lock."""
    excluded = [exclusion_key(one.rule_code, one.provider_id) for one in found.excluded]
    return excluded + [exclusion_key(code, provider_id) for provider_id, code in reservation.refused.items()]


def _shortfall(offered: int, places: int, found: Search) -> str:
    """Say why fewer offers were made than wanted; "" when all were."""
    if offered >= places:
        return ""
    return _("%(offered)d of %(places)d: %(eligible)d eligible of %(all)d looked at") % {
        "offered": offered,
        "places": places,
        "eligible": found.eligible_count,
        "all": _count_all(found),
    }


def _count_all(found: Search) -> int:
    """Return how many providers were looked at, also those that are not listed."""
    return found.eligible_count + sum(found.counts.values())
