"""Which models rank now: the champion, and the one in shadow."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import Any

from django.db import connection

from backend.matching.learning.artifact import Artifact, ArtifactUnreadable
from backend.matching.ranking import ExpertWeights, LogisticModel, Ranker
from backend.matching.ranking_models import RankingModel

__all__ = ["Models", "find_models"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Models:
    """``champion`` ranks; ``shadow``, if there is one, ranks along for the record."""

    champion: Ranker
    shadow: Ranker | None = None


def find_models() -> Models:
    """Return the models that rank now: one small statement; weights are read once for each model and process.

    Without a champion, or where it cannot be read, the experts' weights rank, and their version says so.
    """
    status = RankingModel.Status
    with connection.cursor() as cursor:
        cursor.execute(*_serving_sql())
        numbers = dict(cursor.fetchall())
    champion, shadow = numbers.get(status.CHAMPION), numbers.get(status.SHADOW)
    return Models(
        champion=_load_champion(champion) if champion else ExpertWeights(),
        shadow=_load(shadow) if shadow else None,
    )


@functools.cache
def _serving_sql() -> tuple[str, tuple[Any, ...]]:
    """Return the statement for the models in use: every routing asks it, and making it takes longer than running it."""
    status = RankingModel.Status
    rows = RankingModel._base_manager.filter(status__in=[status.CHAMPION, status.SHADOW])
    return rows.values_list("status", "pk").query.sql_with_params()


def _load_champion(number: int) -> LogisticModel:
    return _load(number) or _stand_in(number)


@functools.lru_cache(maxsize=16)
def _load(number: int) -> LogisticModel | None:
    """Return a model by its number, which stands for the same weights for ever; None when it cannot be read."""
    artifact = RankingModel._base_manager.values_list("artifact", flat=True).get(pk=number)
    try:
        return Artifact.from_json(artifact).as_model(f"learned/{number}")
    except ArtifactUnreadable:
        logger.exception("Cannot rank by model %d: the experts' weights rank instead", number)
        return None


def _stand_in(number: int) -> LogisticModel:
    experts = ExpertWeights()
    experts.version = f"{experts.version} (for learned/{number}, which cannot be read)"
    return experts
