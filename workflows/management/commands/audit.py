"""``manage.py audit``: examine every invariant over the whole database."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.invariants import Finding, Invariant, examine, list_invariants

__all__ = ["Command"]


class Command(BaseCommand):
    """Looks at everything and changes nothing; exit status 1 when an invariant is violated."""

    help = "Examine what must hold in the whole database, and say where it does not and how to mend it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "names", nargs="*", metavar="CODE", help="only these, by code or name; default: all"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
        parser.add_argument("--ids", type=_positive, default=10, metavar="N", help="ids shown of each (10)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and print.

        Raises: CommandError when a name is unknown; SystemExit with status 1 when an invariant is violated.
        """
        chosen = _choose(list_invariants(), options["names"])
        show = self._keep if options["json"] else self._print
        findings = [show(found) for found in examine(chosen, ids_max=options["ids"])]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(findings), indent=2))
        else:
            self.stdout.write(_sum_up(findings))
        if not all(found.holds for found in findings):
            sys.exit(1)

    @staticmethod
    def _keep(found: Finding) -> Finding:
        return found

    def _print(self, found: Finding) -> Finding:
        """Print what came of an invariant as soon as it is known."""
        good: Callable[[str], str] = self.style.SUCCESS
        bad: Callable[[str], str] = self.style.ERROR
        verdict = good("holds   ") if found.holds else bad("VIOLATED")
        invariant = found.invariant
        self.stdout.write(f"{verdict} {invariant.code} {invariant.name} ({found.took_ms:,.0f} ms)")
        if not found.holds:
            self.stdout.write(f"    must hold: {invariant.holds}")
            self.stdout.write(f"    {invariant.model}: {_list_ids(found)}")
            self.stdout.write(f"    what to do: {invariant.mend}")
        return found


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return number


def _choose(invariants: Iterable[Invariant], names: list[str]) -> list[Invariant]:
    """Return those that are named, or all.  Raises: CommandError when a name is unknown."""
    every = list(invariants)
    if not names:
        return every
    known = {one.code for one in every} | {one.name for one in every}
    if unknown := [name for name in names if name not in known]:
        codes = ", ".join(sorted({one.code for one in every}))
        raise CommandError(f"Cannot audit {', '.join(unknown)}: no such invariant; possible: {codes}.")
    return [one for one in every if one.code in names or one.name in names]


def _list_ids(found: Finding) -> str:
    shown = ", ".join(map(str, found.ids))
    more = found.count - len(found.ids)
    return f"{found.count:,} in all: {shown}, and {more:,} more" if more else f"{found.count:,}: {shown}"


def _sum_up(findings: list[Finding]) -> str:
    """Return the last line: how many invariants, how many violations of how many, how long."""
    violated = [found for found in findings if not found.holds]
    seconds = sum(found.took_ms for found in findings) / 1000
    examined = f"{len(findings)} invariants in {seconds:.1f} s"
    if not violated:
        return f"{examined}: all hold."
    total = sum(found.count for found in violated)
    return f"{examined}: {len(violated)} violated; violations: {total:,}."


def _as_json(findings: list[Finding]) -> dict[str, Any]:
    return {
        "holds": all(found.holds for found in findings),
        "violations": sum(found.count for found in findings),
        "took_ms": round(sum(found.took_ms for found in findings), 1),
        "invariants": [
            {
                "code": found.invariant.code,
                "name": found.invariant.name,
                "model": found.invariant.model,
                "holds": str(found.invariant.holds),
                "mend": str(found.invariant.mend),
                "count": found.count,
                "ids": list(found.ids),
                "took_ms": round(found.took_ms, 1),
            }
            for found in findings
        ],
    }
