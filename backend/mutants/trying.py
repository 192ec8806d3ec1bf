"""All chosen bugs, tried by so many stands at a time."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from backend.mutants.judging import Trial
from backend.mutants.planted_bugs import Mutant
from backend.mutants.programs import Programs
from backend.mutants.report import describe_progress
from backend.mutants.stand import Stand
from backend.mutants.working_copy import WorkingCopy, check_applies

__all__ = ["try_out_all"]


def try_out_all(
    mutants: Sequence[Mutant],
    *,
    project: Path,
    folder: Path,
    programs: Programs,
    processes: int,
    timeout_s: float,
    tell: Callable[[str], None],
) -> list[Trial]:
    """Try every bug out and return what came of each, in their order; ``tell`` is told how far it is.

    Raises: PatchDoesNotApply before anything is tried, when the code has changed under one of them; BaselineFails
    when their tests fail with nothing planted.  KeyboardInterrupt, with everything that runs killed.
    """
    stands = [
        Stand(
            copy=WorkingCopy.clone(project, folder / f"copy-{number}"),
            name=str(number),
            data_dir=folder / "data",
            programs=programs,
            timeout_s=timeout_s,
        )
        for number in range(min(processes, len(mutants)))
    ]
    for mutant in mutants:
        check_applies(mutant, stands[0].copy.folder)
    tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
    tell(f"With nothing planted {len(tests)} files and tests pass, in {stands[0].run_baseline(tests):.0f} s.")
    return _share_out(mutants, stands, programs=programs, tell=tell)


def _share_out(
    mutants: Sequence[Mutant], stands: Sequence[Stand], *, programs: Programs, tell: Callable[[str], None]
) -> list[Trial]:
    free: queue.SimpleQueue[Stand] = queue.SimpleQueue()
    for stand in stands:
        free.put(stand)

    def try_out(mutant: Mutant) -> Trial:
        stand = free.get()
        try:
            return stand.try_out(mutant)
        finally:
            free.put(stand)

    with ThreadPoolExecutor(len(stands)) as pool:
        futures: list[Future[Trial]] = [pool.submit(try_out, mutant) for mutant in mutants]
        try:
            for number, future in enumerate(as_completed(futures), start=1):
                tell(describe_progress(future.result(), number=number, count=len(mutants)))
        except BaseException:
            programs.end_all()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]
