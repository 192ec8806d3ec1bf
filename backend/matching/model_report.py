"""What a ranking model's page shows: metrics beside the experts', reliability, and every weight, as frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backend.matching.features import FEATURES
from backend.matching.models import RankingModel
from backend.matching.ranking import COLUMNS, EXPERT_WEIGHTS, EXPERT_WIN_WEIGHTS

__all__ = ["Metric", "Point", "StageReport", "Weight", "build_report"]

PLOT_SIZE = 200
"""Side of the reliability plot, in its own units; 0 and 1 are its edges."""

BAR_HALF = 60
"""Half the width of a bar's drawing; its middle is zero."""

_METRICS = (
    ("log_loss", "Log loss", "Lower is better; 0.693 is a coin."),
    ("auc", "AUC", "How often the better one of two came first: 0.5 is chance, 1 is perfect."),
    ("calibration_error", "Calibration error", "How far promised and observed shares lie apart, on average."),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure, of the model and of others on the same offers; ``logistic`` is empty unless the model has trees."""

    label: str
    meaning: str
    learned: str
    logistic: str
    experts: str


@dataclass(frozen=True, slots=True)
class Point:
    """One bin of predictions, at its place in the plot."""

    x: float
    y: float
    radius: float
    words: str


@dataclass(frozen=True, slots=True)
class Weight:
    """One feature's weight in log-odds, with its bar, and what the experts' weight is."""

    feature: str
    meaning: str
    weight: float
    experts: float
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StageReport:
    """One of the two questions that a model answers."""

    name: str
    title: str
    examples: int
    has_trees: bool
    metrics: tuple[Metric, ...]
    points: tuple[Point, ...]
    weights: tuple[Weight, ...]


def build_report(model: RankingModel) -> tuple[StageReport, ...]:
    """Return the report of both stages."""
    stages: tuple[tuple[str, str, Mapping[str, float]], ...] = (
        ("accept", _("Does it accept the offer?"), EXPERT_WEIGHTS),
        ("win", _("Does it win, once it has accepted?"), EXPERT_WIN_WEIGHTS),
    )
    return tuple(_report_stage(model, name, title, experts) for name, title, experts in stages)


def _report_stage(model: RankingModel, name: str, title: str, experts: Mapping[str, float]) -> StageReport:
    judged = model.metrics.get(name, {})
    learned, logistic, theirs = (judged.get(who, {}) for who in ("learned", "logistic", "experts"))
    return StageReport(
        name=name,
        title=title,
        examples=learned.get("examples", 0),
        has_trees=bool(logistic),
        metrics=tuple(
            Metric(
                label,
                meaning,
                _format(learned.get(key)),
                _format(logistic.get(key)) if logistic else "",
                _format(theirs.get(key)),
            )
            for key, label, meaning in _METRICS
        ),
        points=tuple(_points(learned.get("bins", []))),
        weights=tuple(_weights(model.artifact.get(name, {}).get("weights", {}), experts)),
    )


def _points(bins: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
    largest = max((one["count"] for one in bins), default=1)
    for one in bins:
        yield Point(
            x=round(one["predicted"] * PLOT_SIZE, 1),
            y=round((1 - one["observed"]) * PLOT_SIZE, 1),
            radius=round(3 + 3 * (one["count"] / largest) ** 0.5, 1),
            words=_("promised %(predicted)d %%, observed %(observed)d %%, %(count)d offers")
            % {
                "predicted": round(100 * one["predicted"]),
                "observed": round(100 * one["observed"]),
                "count": one["count"],
            },
        )


def _weights(weights: Mapping[str, float], experts: Mapping[str, float]) -> Iterator[Weight]:
    meanings = {feature.name: feature.description for feature in FEATURES}
    largest = max((abs(weight) for weight in weights.values()), default=0) or 1
    for name in COLUMNS:
        if name in weights:
            length = abs(weights[name]) / largest * BAR_HALF
            yield Weight(
                feature=name,
                meaning=meanings.get(name, _("What holds where every feature is zero.")),
                weight=weights[name],
                experts=experts.get(name, 0.0),
                x=round(BAR_HALF if weights[name] >= 0 else BAR_HALF - length, 1),
                width=round(length, 1),
            )


def _format(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.4f}"
