"""Why these providers: routing decisions in words and bars, as frozen values for their template."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext as _

from backend.leads.admin.explanation import Candidate, Reason, Scale, chance_in_words, strongest_first
from backend.leads.admin.offer_actions import OfferAction
from backend.leads.models import LeadAssignment, RoutingDecision
from backend.matching.features import FEATURES
from backend.matching.rules import get_rule
from workflows import machine_of
from workflows.machine import State

__all__ = ["Entry", "ExcludedGroup", "Wave", "build_waves", "in_words", "sentence_of"]

STRONGEST = 3
"""How many reasons are said of each provider beside its bars."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ranked provider.  ``offer`` and ``state`` are those of the offer that it got; ``why`` it fell out.

    ``bars`` are its reasons in the order of the columns; ``chance`` says what chance had to do with it.
    ``propensity`` None: somebody chose it.  ``actions`` are what the reader may do with the offer.
    """

    provider_id: int
    name: str
    rank: int
    score: float
    distance_km: float
    bars: tuple[Reason, ...]
    offer: LeadAssignment | None
    state: State | None
    why: str
    outcome: str = ""
    propensity: float | None = None
    actions: tuple[OfferAction, ...] = ()
    chance: str = ""

    @property
    def strongest(self) -> tuple[Reason, ...]:
        """Return the few reasons that weigh most, as far as they weigh anything."""
        return tuple(one for one in strongest_first(self.bars)[:STRONGEST] if one.is_said)


@dataclass(frozen=True, slots=True)
class ExcludedGroup:
    """The providers that one rule excluded; ``count`` counts also those that are not named."""

    code: str
    sentence: str
    count: int
    named: tuple[tuple[int, str], ...]

    @property
    def unnamed_count(self) -> int:
        """Return how many are not named."""
        return max(0, self.count - len(self.named))


@dataclass(frozen=True, slots=True)
class Wave:
    """One decision, ready to be shown; ``is_superseded``: the request was changed after it.

    ``lifted`` are the sentences of the rules that were lifted; ``terms`` the versions of the terms that it names,
    each with its key; ``is_full``: more is told of each candidate, as on the page of the decision itself.
    """

    decision: RoutingDecision
    offered: tuple[Entry, ...]
    told: tuple[Entry, ...]
    not_reached: tuple[Entry, ...]
    fell_out: tuple[Entry, ...]
    excluded: tuple[ExcludedGroup, ...]
    features: tuple[tuple[str, str], ...]
    is_superseded: bool
    lifted: tuple[str, ...] = ()
    terms: tuple[tuple[int, str], ...] = ()
    is_full: bool = False

    @property
    def has_actions(self) -> bool:
        """Return whether there is anything that the reader may do with an offer of it."""
        return any(entry.actions for entry in (*self.offered, *self.told))

    @property
    def compared(self) -> tuple[Entry, ...]:
        """Return those not reached whose bars are shown."""
        return tuple(entry for entry in self.not_reached if entry.bars)

    @property
    def not_compared(self) -> tuple[Entry, ...]:
        """Return those not reached that are only named."""
        return tuple(entry for entry in self.not_reached if not entry.bars)

    @property
    def excluded_count(self) -> int:
        """Return how many providers were excluded by all rules together."""
        return sum(group.count for group in self.excluded)


def build_waves(
    decisions: Iterable[RoutingDecision],
    offers: Iterable[LeadAssignment],
    *,
    actions: Mapping[int, tuple[OfferAction, ...]] = MappingProxyType({}),
    bars_max: int = 0,
) -> tuple[Wave, ...]:
    """Return the decisions in their order, with the offers that came of them; reads nothing.

    ``actions`` are what can be done with the offers, by their keys.  ``bars_max``: how many of the best have bars
    though they got no offer.
    """
    by_place = {(offer.decision_id, offer.provider_id): offer for offer in offers}
    shown = list(decisions)
    revised_in = max((decision.wave for decision in shown if decision.is_revision), default=0)
    return tuple(
        _wave_of(
            decision,
            by_place,
            actions=actions,
            bars_max=bars_max,
            is_superseded=decision.wave < revised_in,
        )
        for decision in shown
    )


def in_words(feature: str) -> str:
    """Return the name of a feature as a heading."""
    return feature.replace("_", " ")


def _wave_of(
    decision: RoutingDecision,
    offers: Mapping[tuple[int, int], LeadAssignment],
    *,
    actions: Mapping[int, tuple[OfferAction, ...]],
    bars_max: int,
    is_superseded: bool,
) -> Wave:
    by_outcome: dict[str, list[Entry]] = {"offered": [], "told": [], "ranked": []}
    fell_out = []
    scale = Scale.of(decision.candidates)
    for candidate in decision.candidates:
        offer = offers.get((decision.pk, candidate["provider"]))
        entry = _entry_of(candidate, offer, scale=scale, bars_max=bars_max)
        entry = dataclasses.replace(
            entry,
            actions=actions.get(offer.pk, ()) if offer else (),
            chance=chance_in_words(candidate, places=decision.places, is_brief=True),
        )
        if entry.why:
            fell_out.append(entry)
        else:
            by_outcome[candidate["outcome"]].append(entry)
    return Wave(
        decision=decision,
        offered=tuple(by_outcome["offered"]),
        told=tuple(by_outcome["told"]),
        not_reached=tuple(by_outcome["ranked"]),
        fell_out=tuple(fell_out),
        excluded=_excluded_of(decision),
        features=_features_of(decision.candidates),
        is_superseded=is_superseded,
        lifted=tuple(sentence_of(code) for code in decision.lifted),
        terms=_terms_of(decision),
        is_full=bool(bars_max),
    )


def _terms_of(decision: RoutingDecision) -> tuple[tuple[int, str], ...]:
    """Return key and name of the published versions that a decision names: of ``terms/7+12`` two, of old ones none."""
    numbers = decision.terms_version.removeprefix("terms/").split("+")
    names = (_("terms/%s"), _("exception %s"))
    return tuple((int(n), name % n) for n, name in zip(numbers, names, strict=False) if n.isdigit())


def _entry_of(candidate: Candidate, offer: LeadAssignment | None, *, scale: Scale, bars_max: int) -> Entry:
    outcome = candidate["outcome"]
    is_rule = outcome not in ("offered", "told", "ranked")
    return Entry(
        provider_id=candidate["provider"],
        name=candidate["name"],
        rank=candidate["rank"],
        score=candidate["score"],
        distance_km=candidate["distance_km"],
        # Bars compare those that got the lead; for hundreds of others they would only be heavy.
        bars=scale.list_reasons(candidate)
        if outcome == "offered" or is_rule or candidate["rank"] <= bars_max
        else (),
        offer=offer,
        state=machine_of(LeadAssignment).state(offer.state) if offer else None,
        why=sentence_of(outcome) if is_rule else "",
        outcome={"told": _("told"), "ranked": _("not reached")}.get(outcome, ""),
        propensity=candidate.get("propensity"),
    )


def _excluded_of(decision: RoutingDecision) -> tuple[ExcludedGroup, ...]:
    groups = [
        ExcludedGroup(
            code=code,
            sentence=sentence_of(code),
            count=count,
            named=tuple((pk, name) for pk, name in decision.excluded.get(code, [])),
        )
        for code, count in decision.excluded_counts.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.code)))


def _features_of(candidates: Sequence[Candidate]) -> tuple[tuple[str, str], ...]:
    """Return name and description of the features that were used, as the first candidate has them."""
    described = {feature.name: feature.description for feature in FEATURES}
    parts = candidates[0]["parts"] if candidates else []
    return tuple((in_words(name), described.get(name, "")) for name, *_rest in parts if name != "base")


def sentence_of(code: str) -> str:
    """Return what a rule says, also one that is no longer among the rules."""
    try:
        return str(get_rule(code).sentence)
    except KeyError:
        return _("is excluded by the rule “%(code)s”") % {"code": code}
