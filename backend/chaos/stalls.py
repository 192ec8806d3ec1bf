"""How long nothing moved after each fault."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.chaos.plan import FaultKind
from backend.chaos.striking import Struck

__all__ = ["Stall", "measure_stalls"]


@dataclass(frozen=True, slots=True)
class Stall:
    """What came of one fault: seconds until a transition was acknowledged, and from then until a job finished.

    A job that finished before that transition counts from the fault's end.  ``start_s`` is how long the web server,
    ended by the fault, took to be there again: that comes before and is not counted.
    """

    kind: FaultKind
    transition_s: float
    job_s: float
    start_s: float = 0.0


def measure_stalls(
    struck: Iterable[Struck], *, acknowledged_at: Iterable[float], jobs_at: Iterable[float], until: float
) -> list[Stall]:
    """Return the stall after each fault; where nothing came any more it lasts to the end of the run, ``until``.

    All instants are ``time.time()``.  Jobs are mostly made by transitions, so that there may be none to finish before
    the first one: that is no stall of theirs.
    """
    transitions, jobs = sorted(acknowledged_at), sorted(jobs_at)
    return [_measure(one, transitions, jobs, until=until) for one in struck]


def _measure(struck: Struck, transitions: Sequence[float], jobs: Sequence[float], *, until: float) -> Stall:
    end = struck.ended_at
    transition_at = _first_since(end, transitions, until=until)
    job_at = _first_since(end, jobs, until=until)
    begin = end if job_at <= transition_at else transition_at
    return Stall(struck.fault.kind, transition_at - end, job_at - begin, struck.start_s)


def _first_since(instant: float, sorted_instants: Sequence[float], *, until: float) -> float:
    place = bisect_left(sorted_instants, instant)
    return sorted_instants[place] if place < len(sorted_instants) else max(instant, until)
