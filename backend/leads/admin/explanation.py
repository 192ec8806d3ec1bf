"""Why a provider stands where it does: what each feature adds to its score, in words and bars, and what chance did.

Read from what a decision keeps; nothing else is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from django.utils.translation import gettext as _

from backend.leads.models import RoutingDecision
from backend.matching.features import FEATURES
from backend.matching.wording import Known, put_in_words

__all__ = [
    "BAR_WIDTH",
    "Candidate",
    "Explanation",
    "Reason",
    "Scale",
    "chance_in_words",
    "explain_offer",
    "strongest_first",
]

BAR_WIDTH = 48
"""Width of a bar's drawing; its middle is zero."""

SAID_FIRST = 4
"""How many reasons are said; the others on demand."""

Candidate: TypeAlias = Mapping[str, Any]
"""One candidate of a decision: see ``RoutingDecision``."""

_NEUTRAL: Mapping[str, float] = MappingProxyType({feature.name: feature.neutral for feature in FEATURES})

# What counts less shows as 0.0.
_LEAST_SAID = 0.05


@dataclass(frozen=True, slots=True)
class Reason:
    """What one feature adds to the log-odds of accepting, compared with a provider of which it is not known.

    ``x`` and ``width`` are those of the rectangle of its bar.
    """

    feature: str
    text: str
    effect: float
    x: float
    width: float

    @property
    def is_for(self) -> bool:
        """Return whether it speaks for the provider."""
        return self.effect >= 0

    @property
    def is_said(self) -> bool:
        """Return whether it weighs enough to be said: less shows as 0.0."""
        return abs(self.effect) >= _LEAST_SAID

    @property
    def effect_in_words(self) -> str:
        """Return the effect with its sign, such as ``−0.3``; one that does not show has none."""
        return f"{self.effect:+.1f}".replace("-", "−") if self.is_said else "0.0"

    @property
    def sentence(self) -> str:
        """Return words and effect."""
        return f"{self.text} {self.effect_in_words}"


@dataclass(frozen=True, slots=True)
class Scale:
    """What the candidates of one decision are compared by: the model's weights, and the effect of a full bar."""

    weights: Mapping[str, float]
    largest: float

    @classmethod
    def of(cls, candidates: Sequence[Candidate]) -> Scale:
        """Return the scale of a decision's candidates.

        A part keeps value and contribution, which is weight × value: the weight is read where the value is largest.
        A feature that is zero for everybody has none, and tells nobody apart.
        """
        steepest: dict[str, tuple[float, float]] = {}
        for candidate in candidates:
            for name, value, contribution in candidate["parts"]:
                if abs(value) > abs(steepest.get(name, (0.0, 0.0))[0]):
                    steepest[name] = (value, contribution)
        weights = {name: contribution / value for name, (value, contribution) in steepest.items()}
        effects = [one[-1] for candidate in candidates for one in _list_effects(candidate, weights)]
        return cls(weights, max(map(abs, effects), default=0.0) or 1.0)

    def list_reasons(self, candidate: Candidate) -> tuple[Reason, ...]:
        """Return a reason for each feature, in the order in which the decision has them."""
        known = Known(**{name: candidate.get(name) for name in Known.__slots__})
        return tuple(
            self._reason_of(name, put_in_words(name, value, known=known), effect)
            for name, value, effect in _list_effects(candidate, self.weights)
        )

    def _reason_of(self, feature: str, text: str, effect: float) -> Reason:
        half = BAR_WIDTH / 2
        width = round(min(1.0, abs(effect) / self.largest) * half, 1)
        return Reason(feature.replace("_", " "), text, effect, half if effect >= 0 else half - width, width)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one provider was offered a lead.

    ``said`` are the strongest reasons, strongest first, ``others`` the rest.  ``accepts``, ``wins`` and ``discount``
    are the factors of the score; None where an older decision does not say.
    """

    rank: int
    ranked_count: int
    score: float
    accepts: float | None
    wins: float | None
    discount: float | None
    said: tuple[Reason, ...]
    others: tuple[Reason, ...]
    chance: str

    @property
    def accepts_in_words(self) -> str:
        """Return how likely it was to accept."""
        return "" if self.accepts is None else _percent(self.accepts)

    @property
    def wins_in_words(self) -> str:
        """Return how likely it was to win once it accepted."""
        return "" if self.wins is None else _percent(self.wins)


def explain_offer(decision: RoutingDecision, provider_id: int) -> Explanation | None:
    """Return why a decision has a provider where it has it; None when it does not name the provider.  Reads nothing."""
    candidates: Sequence[Candidate] = decision.candidates
    candidate = next((one for one in candidates if one["provider"] == provider_id), None)
    if candidate is None:
        return None
    reasons = strongest_first(Scale.of(candidates).list_reasons(candidate))
    said = tuple(reason for reason in reasons[:SAID_FIRST] if reason.is_said)
    return Explanation(
        rank=candidate["rank"],
        ranked_count=len(candidates),
        score=candidate["score"],
        accepts=candidate.get("accepts"),
        wins=candidate.get("wins"),
        discount=candidate.get("discount"),
        said=said,
        others=reasons[len(said) :],
        chance=chance_in_words(candidate, places=decision.places),
    )


def strongest_first(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return reasons by how much they weigh, for or against."""
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.effect)))


def chance_in_words(candidate: Candidate, *, places: int, is_brief: bool = False) -> str:
    """Return what chance had to do with a candidate; "" where it had nothing.  ``is_brief``: for a table."""
    propensity = candidate.get("propensity")
    if propensity is None or not 0 < propensity < 1:
        return ""
    is_drawn = candidate["rank"] <= places
    if is_brief:
        words = _("drawn by chance (%(share)s)") if is_drawn else _("not drawn by chance (%(share)s)")
    elif is_drawn:
        words = _(
            "Drawn by chance: a part of the places is, so that the market keeps learning. Its chance was %(share)s."
        )
    else:
        words = _("Not drawn for a place that was left to chance: its chance was %(share)s.")
    return words % {"share": _percent(propensity)}


def _list_effects(candidate: Candidate, weights: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Return name and value of each feature, and what it adds beyond a provider of which it is not known."""
    return [
        (name, value, round(contribution - weights.get(name, 0.0) * _NEUTRAL.get(name, 0.0), 4))
        for name, value, contribution in candidate["parts"]
        if name != "base"
    ]


def _percent(share: float) -> str:
    """Return a share in per cent, with a digit more where it is small."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"
