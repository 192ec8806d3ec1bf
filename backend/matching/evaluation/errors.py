"""Errors of evaluating a ranking.

``MatchingError``
└── ``EvaluationRefused``      the command cannot do what it was asked to
    ├── ``LogRefused``         the file cannot be read as a log of requests
    ├── ``SplitRefused``       the split leaves nothing to learn from, or nothing to judge
    └── ``TimeRanOut``         the time limit was reached before the first request was judged
"""

from __future__ import annotations

from backend.matching.errors import MatchingError

__all__ = ["EvaluationRefused", "LogRefused", "SplitRefused", "TimeRanOut"]


class EvaluationRefused(MatchingError):
    """A ranking cannot be evaluated as asked."""


class LogRefused(EvaluationRefused):
    """A file is no log of requests: it cannot be opened, lacks columns, or a row is malformed."""


class SplitRefused(EvaluationRefused):
    """A split is no date or fraction, or leaves one of its sides empty."""


class TimeRanOut(EvaluationRefused):
    """The time limit was reached before a single request was judged."""
