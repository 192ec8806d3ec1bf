"""The page that documents what ranking sees, ``docs/features.md``: made from the features themselves."""

from __future__ import annotations

from collections.abc import Mapping

from backend.matching.features import FEATURES, Feature
from backend.matching.ranking import EXPERT_WEIGHTS, EXPERT_WIN_WEIGHTS

__all__ = ["render_features"]

_HEAD = """# What ranking sees

Made by `manage.py describe_features`; do not edit.

Every feature is a number from 0 to 1 that is measured at the instant of the decision, for each candidate, in the
statement that finds it, and kept with the decision: training reads what ranking saw. Where its source is missing the
neutral value stands in, so that being new is neither a fault nor a merit. Explanations compare with the neutral values
too.

The experts' weights are log-odds for the whole way from 0 to 1: of accepting the offer, and of being chosen then.
Learned models start from them (`docs/decisions/0041-models-are-a-machine.md`).

| feature | what it says, from 0 to 1 | measured in | from | missing | neutral | to accept | to win then |
| --- | --- | --- | --- | --- | ---: | ---: | ---: |
"""


def render_features() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_row_of(feature) for feature in FEATURES)


def _row_of(feature: Feature) -> str:
    cells = (
        f"`{feature.name}`",
        feature.description,
        feature.unit,
        feature.source,
        feature.missing,
        f"{feature.neutral:.2f}",
        _weight_of(feature, EXPERT_WEIGHTS),
        _weight_of(feature, EXPERT_WIN_WEIGHTS),
    )
    return f"| {' | '.join(cells)} |\n"


def _weight_of(feature: Feature, weights: Mapping[str, float]) -> str:
    return f"{weights[feature.name]:+.1f}" if feature.name in weights else ""
