"""``python -m backend.chaos``: see whether anything that was acknowledged is lost, whatever breaks (`make chaos`)."""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from backend.chaos.stage import raised_stage, use_own_database
from backend.procompare.postgres_cluster import PostgresCluster

__all__ = ["main"]


def main() -> int:
    """Run as the arguments say; return the exit status: 0 when all is well."""
    chosen = _parse()
    folder = Path(tempfile.mkdtemp(prefix="procompare-chaos-"))
    is_well = False
    try:
        is_well = _run(chosen, folder)
    finally:
        if is_well:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            sys.stderr.write(f"Database and logs are kept in {folder}.\n")
    return 0 if is_well else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long things go wrong (60)")
    parser.add_argument("--seed", type=int, help="the plan of faults and choices; drawn when not given")
    parser.add_argument(
        "--stall-s", type=float, default=10, help="how long nothing may move after a fault (10)"
    )
    parser.add_argument("--drain-s", type=float, default=120, help="how long all may take to end then (120)")
    parser.add_argument("--json", action="store_true", help="print for a program")
    chosen = parser.parse_args()
    if chosen.seed is None:
        chosen.seed = secrets.randbelow(1_000_000)
    return chosen


def _run(chosen: argparse.Namespace, folder: Path) -> bool:
    """Run and print what came of it; return whether all is well."""
    if not chosen.json:
        sys.stdout.write(f"{chosen.seconds:g} s of chaos, seed {chosen.seed} …\n")
        sys.stdout.flush()
    cluster = PostgresCluster(folder)
    try:
        use_own_database(cluster)
        # What has models can be imported when Django is set up.
        from backend.chaos.judging import judge
        from backend.chaos.results import as_json, as_text
        from backend.chaos.run import Limits, run

        limits = Limits(stall_s=chosen.stall_s, drain_s=chosen.drain_s)
        with raised_stage(cluster) as stage:
            ran = run(stage, seconds=chosen.seconds, seed=chosen.seed, limits=limits)
        results = judge(ran, stage, seconds=chosen.seconds, seed=chosen.seed, limits=limits)
    finally:
        cluster.stop()
    sys.stdout.write(f"{json.dumps(as_json(results), indent=2) if chosen.json else as_text(results)}\n")
    return results.is_well


if __name__ == "__main__":
    sys.exit(main())
