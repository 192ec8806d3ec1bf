"""What came of the planted bugs, as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend.mutants.judging import Outcome, Trial

__all__ = ["as_text", "describe_progress"]


def as_text(trials: Sequence[Trial]) -> str:
    """Return the table, what is to be said of bugs that were not found, and a sentence that sums up."""
    return "\n".join([*_table(trials), *_complaints(trials), "", _verdict(trials)])


def describe_progress(trial: Trial, *, number: int, count: int) -> str:
    """Return a line about one of so many bugs that has just been tried."""
    return f"[{number}/{count}] {trial.mutant}: {trial.outcome}, {trial.took_s:.0f} s"


def _table(trials: Sequence[Trial]) -> Iterator[str]:
    yield "| | planted | found by | seconds |"
    yield "| --: | --- | --- | --: |"
    for trial in trials:
        finders = f"**{trial.outcome}**" if trial.outcome is not Outcome.FOUND else _name(trial.found_by)
        yield f"| {trial.mutant.number} | {trial.mutant.bug} | {finders} | {trial.took_s:.0f} |"


def _name(tests: Sequence[str]) -> str:
    """Return the first of some tests, without its parameters, and how many more there are."""
    first = tests[0].partition("[")[0].rpartition("/")[2].replace(".py::", " ").replace("::", ".")
    return f"`{first}`" + (f" and {len(tests) - 1} more" if len(tests) > 1 else "")


def _complaints(trials: Sequence[Trial]) -> Iterator[str]:
    for trial in trials:
        if trial.outcome is not Outcome.FOUND:
            yield f"\n{trial.mutant} {trial.outcome}.  It breaks: {trial.mutant.promise}\n{trial.why}"


def _verdict(trials: Sequence[Trial]) -> str:
    found = sum(trial.outcome is Outcome.FOUND for trial in trials)
    took_s = sum(trial.took_s for trial in trials)
    return f"{found} of {len(trials)} planted bugs found; {took_s:.0f} s."
