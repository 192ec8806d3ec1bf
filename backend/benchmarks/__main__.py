"""``python -m backend.benchmarks [NAME …] [--json] [--write]``: measure, print, and write down."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module

from backend.benchmarks.figures import Measurement
from backend.benchmarks.processes import use_fresh_database, use_own_database
from backend.benchmarks.progress import say
from backend.benchmarks.report import describe_machine, draw_table, write_section

__all__ = ["main"]

NAMES = (
    "verify",
    "engine",
    "growth",
    "latency",
    "throughput",
    "audit_list",
    "dashboard",
    "process_map",
    "provider_page",
    "audit",
)
"""The benchmarks: modules of this package with ``TITLE`` and ``measure()``."""
ON_REQUEST = ("bulk_run", "bulk_pace", "matching", "ranking")
"""Those that take many minutes, or have a target of their own, and are run only when named."""


def main(arguments: Sequence[str]) -> None:
    """Run benchmarks, all unless some are named."""
    parser = argparse.ArgumentParser(prog="python -m backend.benchmarks", description="Measure.")
    parser.add_argument("names", nargs="*", help=", ".join((*NAMES, *ON_REQUEST)))
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/benchmarks.md too")
    chosen = parser.parse_args(arguments)
    names = chosen.names or NAMES
    known = (*NAMES, *ON_REQUEST)
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}")
    say("a database of its own is made")
    use_own_database()
    results = {}
    for number, name in enumerate(names, start=1):
        use_fresh_database()
        say(f"{name}, benchmark {number} of {len(names)}")
        results[name] = _run(name, is_written=chosen.write, is_quiet=chosen.json)
    if chosen.json:
        shown = {name: [asdict(one) for one in measurements] for name, measurements in results.items()}
        sys.stdout.write(json.dumps({"machine": describe_machine(), "benchmarks": shown}, indent=2) + "\n")


def _run(name: str, *, is_written: bool, is_quiet: bool) -> list[Measurement]:
    # Imported when Django is set up: benchmarks use the models.
    benchmark = import_module(f"backend.benchmarks.{name}")
    measurements = list(benchmark.measure())
    table = draw_table(measurements)
    if not is_quiet:
        sys.stdout.write(f"\n{benchmark.TITLE}\n\n{table}\n")
    if is_written:
        write_section(name, f"Measured on {describe_machine()}.\n\n{table}")
    return measurements


if __name__ == "__main__":
    main(sys.argv[1:])
