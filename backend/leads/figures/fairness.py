"""Fairness and drift: all figures of the report, for its page and its command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.leads.figures.drift import Drift, Week, measure_drift, measure_week
from backend.leads.figures.newcomers import Newcomers, Waiting, count_newcomers, list_longest_waiting
from backend.leads.figures.scope import Scope
from backend.leads.figures.sharing import Exploration, Sharing, count_explored, measure_sharing

__all__ = ["FairnessReport", "measure_fairness"]


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """What is told of a period; ``week`` is the last settled one, whatever the period."""

    scope: Scope
    week: Week
    sharing: Sharing
    exploration: Exploration
    newcomers: Newcomers
    longest_waiting: Sequence[Waiting]
    drift: Drift


def measure_fairness(scope: Scope) -> FairnessReport:
    """Return the figures of a period, perhaps of one category; six statements, whatever there is."""
    return FairnessReport(
        scope,
        week=measure_week(scope),
        sharing=measure_sharing(scope),
        exploration=count_explored(scope),
        newcomers=count_newcomers(scope),
        longest_waiting=list_longest_waiting(scope),
        drift=measure_drift(scope),
    )
