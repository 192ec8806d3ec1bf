"""Where bugs are tried: a copy of the project with a database of its own, in one temporary folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.mutants.errors import BaselineFails
from backend.mutants.judging import Trial, judge
from backend.mutants.planted_bugs import Mutant
from backend.mutants.programs import Ended, Programs
from backend.mutants.recording import RECORD
from backend.mutants.working_copy import WorkingCopy

__all__ = ["Stand"]

_SETTINGS = "backend.procompare.settings_test"
# Kept from bug to bug, as tests leave it; another one for those that change what migrations make.
_KEPT, _OF_ITS_OWN = "kept", "migrated"
_PYTEST = [sys.executable, "-m", "pytest", "-q", "--reuse-db", "-p", "backend.mutants.recording"]


@dataclass(slots=True)
class Stand:
    """One copy, in which one bug at a time is tried; ``data_dir`` is that of the database server.

    ``is_new``: its database is made at its next use, for there is none yet, or something was killed while using it.
    """

    copy: WorkingCopy
    name: str
    data_dir: Path
    programs: Programs
    timeout_s: float
    is_new: bool = True

    def run_baseline(self, tests: Sequence[str]) -> float:
        """Run tests with nothing planted; return how long that took in seconds.

        Raises: BaselineFails when one fails or none runs.
        """
        began = time.monotonic()
        # All of them together: they may take longer than those of one bug.
        ended = self._run_tests(tests, timeout_s=10 * self.timeout_s)
        if ended.status != 0:
            raise BaselineFails(f"With nothing planted the tests do not pass:\n{ended.last_lines}")
        return time.monotonic() - began

    def try_out(self, mutant: Mutant) -> Trial:
        """Plant a bug, run its tests, take it out again, and return what they made of it.

        Raises: PatchDoesNotApply when the code has changed.
        """
        began = time.monotonic()
        self._record.write_text("")
        with self.copy.planted(mutant):
            ended = self._run_migrated(mutant) if mutant.makes_migrations else self._run_tests(mutant.tests)
        return judge(mutant, ended, self._record.read_text(), took_s=time.monotonic() - began)

    @property
    def _record(self) -> Path:
        return self.data_dir / f"{self.name}.record"

    def _run_tests(self, tests: Sequence[str], *, timeout_s: float | None = None) -> Ended:
        command = [*_PYTEST, *(["--create-db"] if self.is_new else []), *tests]
        ended = self._run(command, database=_KEPT, timeout_s=timeout_s or self.timeout_s)
        # Killed in the middle, they may have left anything behind.
        self.is_new = ended.status is None
        return ended

    def _run_migrated(self, mutant: Mutant) -> Ended:
        """Make the migrations that the changed models need, and run the tests in a database made from them."""
        makes = [sys.executable, "manage.py", "makemigrations", "--settings", _SETTINGS]
        made = self._run(makes, database=_OF_ITS_OWN, timeout_s=self.timeout_s)
        if made.status != 0:
            # Not a failure of tests, whatever its status is.
            return Ended(None, made.output)
        return self._run(
            [*_PYTEST, "--create-db", *mutant.tests], database=_OF_ITS_OWN, timeout_s=self.timeout_s
        )

    def _run(self, command: Sequence[str], *, database: str, timeout_s: float) -> Ended:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "DATA_DIR": str(self.data_dir),
            "TEST_DATABASE_NAME": f"test_mutants_{self.name}_{database}",
            RECORD: str(self._record),
            # A file that is changed and changed back within a second would be taken for what was compiled.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return self.programs.run(
            command, folder=self.copy.folder, environment=environment, timeout_s=timeout_s
        )
