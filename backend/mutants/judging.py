"""Whether a failure shows that the tests have found a bug, or merely that the patch made nonsense of the code."""

from __future__ import annotations

import enum
import json
from collections.abc import Collection
from dataclasses import dataclass

from backend.mutants.planted_bugs import Mutant
from backend.mutants.programs import Ended

__all__ = ["Outcome", "Trial", "find_finders", "judge"]

# What code raises that cannot run at all.  A bug that somebody could commit runs, and does the wrong thing: then an
# assertion fails, or the engine or the database refuses.
NONSENSE = frozenset(
    {"ImportError", "SyntaxError", "NameError", "AttributeError", "TypeError", "ProgrammingError"}
)

TESTS_FAILED = 1  # of pytest's exit statuses; others: interrupted (at collection too), misused, no test there


class Outcome(enum.StrEnum):
    """What came of a planted bug."""

    FOUND = "found"
    SURVIVED = "not found"
    BROKEN = "could not be tried"


@dataclass(frozen=True, slots=True)
class Trial:
    """What the tests made of one bug; ``found_by`` are those that failed for it, ``why`` says what went wrong."""

    mutant: Mutant
    outcome: Outcome
    found_by: tuple[str, ...]
    took_s: float
    why: str = ""


def judge(mutant: Mutant, ended: Ended, record: str, *, took_s: float) -> Trial:
    """Return what came of a bug from how its tests ended and what they recorded."""
    found_by = find_finders(record.splitlines())
    if ended.status == 0:
        return Trial(mutant, Outcome.SURVIVED, (), took_s, "Its tests pass all the same.")
    if ended.status == TESTS_FAILED and found_by:
        return Trial(mutant, Outcome.FOUND, found_by, took_s)
    if ended.status is None:
        return Trial(mutant, Outcome.BROKEN, (), took_s, f"It did not come to an end:\n{ended.last_lines}")
    if ended.status == TESTS_FAILED:
        return Trial(mutant, Outcome.BROKEN, (), took_s, f"No assertion failed:\n{ended.last_lines}")
    return Trial(mutant, Outcome.BROKEN, (), took_s, f"The tests do not run:\n{ended.last_lines}")


def find_finders(lines: Collection[str]) -> tuple[str, ...]:
    """Return the tests of a record that failed as a test should."""
    tests = [json.loads(line) for line in lines]
    return tuple(
        test["test"]
        for test in tests
        if test["has_failed"] and test["in_its_call"] and NONSENSE.isdisjoint(test["errors"])
    )
