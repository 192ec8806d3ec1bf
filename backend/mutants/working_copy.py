"""A copy of the committed project, in which a bug is planted and taken out again: the project itself is not touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.mutants.errors import MutantsError, PatchDoesNotApply
from backend.mutants.planted_bugs import Mutant
from backend.mutants.programs import run_git

__all__ = ["WorkingCopy", "check_applies"]


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """A folder with what was committed last."""

    folder: Path

    @classmethod
    def clone(cls, project: Path, folder: Path) -> WorkingCopy:
        """Make a copy of a project.  Raises: MutantsError when it is no repository of git."""
        head = run_git("rev-parse", "HEAD", folder=project)
        for step in (
            head,
            run_git("clone", "--quiet", "--shared", "--no-checkout", ".", str(folder), folder=project),
        ):
            if step.returncode:
                raise MutantsError(f"Cannot copy {project}: {step.stderr.strip()}")
        copy = cls(folder)
        copy._git("checkout", "--quiet", "--detach", head.stdout.strip())
        return copy

    @contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """Have a bug in the copy while the block runs.  Raises: PatchDoesNotApply when the code has changed."""
        check_applies(mutant, self.folder)
        self._git("apply", str(mutant.patch))
        try:
            yield
        finally:
            self._git("reset", "--quiet", "--hard")
            # What was made beside it, such as migrations; not what git is told to ignore.
            self._git("clean", "--quiet", "--force", "-d")

    def _git(self, *arguments: str) -> None:
        ended = run_git(*arguments, folder=self.folder)
        if ended.returncode:
            raise MutantsError(f"git {' '.join(arguments)} failed: {ended.stderr.strip()}")


def check_applies(mutant: Mutant, project: Path) -> None:
    """Raise: PatchDoesNotApply when the code in the folder is not any more what the patch changes."""
    checked = run_git("apply", "--check", str(mutant.patch), folder=project)
    if checked.returncode:
        raise PatchDoesNotApply(
            f"Cannot plant {mutant}: {checked.stderr.strip()}\n"
            f"The code has changed: plant the bug there anew, in {mutant.patch.name}."
        )
