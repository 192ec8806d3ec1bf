"""``manage.py draw_workflows``: write the drawings of the state machines, or check them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.drawing.folder import Drift, draw_files, draw_index, find_drift, write_files
from workflows.machine import Machine

__all__ = ["Command"]


class Command(BaseCommand):
    """Draw all machines, or those that are named, to a folder."""

    help = "Write NAME.md, NAME.svg and NAME.dot for every state machine, and an index."
    requires_system_checks: list[str] = []  # drawings need no database, and must not wait for one

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these machines; default: all")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when a file is not up to date"
        )
        parser.add_argument("--output-dir", default="diagrams", help="the folder of the drawings")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or check.  Raises: CommandError when a name is unknown or a check finds a difference."""
        from workflows.registry import list_machines

        machines = list_machines()
        names: list[str] = options["names"]
        chosen = _choose(machines, names)
        files = {name: text for machine in chosen for name, text in draw_files(machine).items()}
        if not names:
            files |= draw_index(machines)
        folder = Path(options["output_dir"])
        if options["check"]:
            drift = find_drift(folder, files, is_complete=not names)
            if drift:
                raise CommandError(_explain(drift, folder))
            self.stdout.write(f"{len(files)} files in {folder} are up to date.")
        else:
            self._write(folder, files, is_complete=not names)

    def _write(self, folder: Path, files: dict[str, str], *, is_complete: bool) -> None:
        """Write what differs; files without a machine are named, not deleted."""
        for name in write_files(folder, files):
            self.stdout.write(f"wrote {folder / name}")
        for name in find_drift(folder, files, is_complete=is_complete).orphaned:
            self.stdout.write(f"{folder / name} belongs to no machine; delete it")


def _choose(machines: Sequence[Machine], names: Sequence[str]) -> tuple[Machine, ...]:
    """Return the machines that are named, or all.  Raises: CommandError when a name is unknown."""
    by_name = {machine.name: machine for machine in machines}
    unknown = sorted(set(names) - set(by_name))
    if unknown:
        known = ", ".join(sorted(by_name)) or "none"
        raise CommandError(f"Cannot draw {', '.join(unknown)}: no such machine; known: {known}.")
    return tuple(machine for machine in machines if not names or machine.name in names)


def _explain(drift: Drift, folder: Path) -> str:
    lines = [f"The drawings in {folder} are not up to date; run make diagrams."]
    for what, names in (("stale", drift.stale), ("missing", drift.missing), ("orphaned", drift.orphaned)):
        lines.extend(f"  {what}: {name}" for name in names)
    return "\n".join(lines)
