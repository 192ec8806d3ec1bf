"""When a job that failed is tried again: later each time, and not all at the same moment."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from workflows import clock

__all__ = ["Backoff", "backoff_s"]


def backoff_s(attempts: int, *, first_s: float, factor: float, longest_s: float) -> float:
    """Return how many seconds to wait after so many attempts (1 after the first), with jitter.

    It grows by ``factor`` up to ``longest_s``; of that, between half and all is waited ("equal jitter"), so that
    those who failed together do not come back together.
    """
    full = min(longest_s, first_s * factor ** max(0, attempts - 1))
    return full * random.uniform(0.5, 1.0)  # noqa: S311  no secret


@dataclass(frozen=True, slots=True)
class Backoff(BaseRetryStrategy):
    """Try again after any error, ``attempts_max`` times in all; then the job is failed: a dead letter.

    With the defaults the last attempt comes some ten minutes after the first.
    """

    attempts_max: int = 8
    first_s: float = 2
    factor: float = 3
    longest_s: float = 300

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again; None when it was tried often enough."""
        attempts = job.attempts + 1
        if attempts >= self.attempts_max:
            return None
        wait_s = backoff_s(attempts, first_s=self.first_s, factor=self.factor, longest_s=self.longest_s)
        return RetryDecision(retry_at=clock.now() + datetime.timedelta(seconds=wait_s))
