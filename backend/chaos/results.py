"""What came of a run, and how it is told: as a table, or for a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backend.chaos.record import Outcome
from backend.chaos.stalls import Stall

__all__ = ["Results", "as_json", "as_text"]

SHOWN_S = 0.1


@dataclass(frozen=True, slots=True)
class Results:
    """All figures of one run; ``findings`` is what is wrong: nothing, if all is well.

    ``deliveries`` are counted by channel and end, ``starts`` by program, ``lost`` by what the wires lost.
    """

    seed: int
    seconds: float
    outcomes: Counter[Outcome]
    stalls: list[Stall]
    transitions: int
    acknowledged: int
    deliveries: dict[str, int]
    taken_twice: int
    jobs: dict[str, int]
    starts: dict[str, int]
    lost: dict[str, int]
    invariants: int
    drain_s: float
    findings: list[str]

    @property
    def is_well(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.findings


def as_json(results: Results) -> dict[str, Any]:
    """Return everything for a program."""
    return {
        "seed": results.seed,
        "seconds": results.seconds,
        "verdict": "well" if results.is_well else "failed",
        "findings": results.findings,
        "faults": _faults(results),
        "requests": {str(outcome): results.outcomes[outcome] for outcome in Outcome},
        "transitions": results.transitions,
        "acknowledged": results.acknowledged,
        "deliveries": results.deliveries,
        "taken_twice": results.taken_twice,
        "jobs": results.jobs,
        "starts": results.starts,
        "lost": results.lost,
        "invariants": results.invariants,
        "drain_s": round(results.drain_s, 1),
    }


def as_text(results: Results) -> str:
    """Return the table and the verdict."""
    return "\n".join(_lines(results))


def _faults(results: Results) -> dict[str, dict[str, float]]:
    """Return how many of each kind, and the longest stalls after them, most frequent first."""
    counts = Counter(stall.kind for stall in results.stalls)
    return {
        str(kind): {
            "count": count,
            "transition_s": round(max(one.transition_s for one in results.stalls if one.kind == kind), 1),
            "job_s": round(max(one.job_s for one in results.stalls if one.kind == kind), 1),
            "start_s": round(max(one.start_s for one in results.stalls if one.kind == kind), 1),
        }
        for kind, count in counts.most_common()
    }


def _lines(results: Results) -> Iterator[str]:
    yield f"{'fault':<34} {'times':>5}   longest until a transition, a job; start of the server"
    for kind, row in _faults(results).items():
        start = f" {row['start_s']:>9.1f} s" if row["start_s"] >= SHOWN_S else ""
        yield f"{kind:<34} {row['count']:>5}   {row['transition_s']:>7.1f} s {row['job_s']:>7.1f} s{start}"
    yield f"{'all faults':<34} {len(results.stalls):>5}"
    yield ""
    yield _row("requests", {str(outcome): results.outcomes[outcome] for outcome in Outcome})
    yield _row("transitions", {"in the log": results.transitions, "acknowledged": results.acknowledged})
    yield _row("deliveries", {**results.deliveries, "taken twice with the same key": results.taken_twice})
    yield _row("jobs", results.jobs)
    yield _row("lost on the wires", results.lost)
    yield _row("starts", results.starts)
    yield f"{'drained in':<18} {results.drain_s:.1f} s"
    yield f"{'invariants':<18} {results.invariants} examined"
    yield ""
    yield from (f"WRONG  {finding}" for finding in results.findings)
    if results.is_well:
        yield f"All is well after {len(results.stalls)} faults in {results.seconds:g} s, seed {results.seed}."
    else:
        yield f"{len(results.findings)} things are wrong. The same plan of faults and choices again:"
        yield f"    make chaos SECONDS={results.seconds:g} SEED={results.seed}"


def _row(name: str, counts: dict[str, int]) -> str:
    return f"{name:<18} " + ", ".join(f"{count:,} {what}" for what, count in counts.items())
