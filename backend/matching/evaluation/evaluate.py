"""From a file to a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from backend.matching.evaluation.contest import NEVER, Contest, ContestRules, Verdicts
from backend.matching.evaluation.figures import compare, compare_by_week, find_best_baseline
from backend.matching.evaluation.log_file import LoggedRequest
from backend.matching.evaluation.models import CONDITIONAL_LOGIT
from backend.matching.evaluation.report import Report

__all__ = ["evaluate"]


def evaluate(
    requests: Sequence[LoggedRequest],
    rules: ContestRules,
    *,
    log: Path,
    advance: Callable[[], object] = lambda: None,
) -> Report:
    """Run the contest and sum it up.

    Raises: EvaluationRefused when nothing can be learned or judged; see ``Contest.run``.
    """
    return _sum_up(Contest(requests, rules).run(advance=advance), requests, rules, log=log)


def _sum_up(
    verdicts: Verdicts, requests: Sequence[LoggedRequest], rules: ContestRules, *, log: Path
) -> Report:
    return Report(
        log=log.name,
        requests=len(requests),
        to_judge=len(requests) - rules.split,
        judged=len(verdicts.days),
        candidates=verdicts.candidates,
        unseen=sum(rank == NEVER for rank in verdicts.ranks[CONDITIONAL_LOGIT]),
        fits=verdicts.fits,
        best_baseline=find_best_baseline(verdicts.ranks),
        figures=compare(verdicts.ranks, days=verdicts.days),
        weeks=compare_by_week(verdicts.ranks, days=verdicts.days),
    )
