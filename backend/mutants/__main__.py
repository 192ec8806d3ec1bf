"""``python -m backend.mutants``: plant known bugs, one at a time; see whether the tests find each (`make mutants`)."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from backend.mutants.errors import MutantsError
from backend.mutants.judging import Outcome
from backend.mutants.planted_bugs import FOLDER, choose, read_mutants
from backend.mutants.programs import Programs
from backend.mutants.report import as_text
from backend.mutants.trying import try_out_all
from backend.procompare.embedded_postgres import EmbeddedPostgres

__all__ = ["main"]

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run as the arguments say; return the exit status: 0 when every bug was found."""
    chosen = _parse()
    folder = Path(tempfile.mkdtemp(prefix="procompare-mutants-"))
    server, programs = EmbeddedPostgres(folder / "data"), Programs()
    try:
        mutants = choose(read_mutants(chosen.patches.resolve()), chosen.names)
        _say(f"Bugs to plant in a copy of what is committed: {len(mutants)}")
        # Held from here: else each run of tests would start and stop it.
        server.acquire()
        trials = try_out_all(
            mutants,
            project=PROJECT,
            folder=folder,
            programs=programs,
            processes=chosen.processes,
            timeout_s=chosen.timeout_s,
            tell=_say,
        )
    except MutantsError as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("Interrupted.")
        return 130
    finally:
        programs.end_all()
        _clean_up(server, folder)
    sys.stdout.write(as_text(trials) + "\n")
    return 0 if all(trial.outcome is Outcome.FOUND for trial in trials) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="numbers or names of planted bugs (all)")
    parser.add_argument("--processes", type=int, default=1, help="how many are tried at a time (1)")
    parser.add_argument(
        "--timeout-s", type=float, default=180, help="how long the tests of one may take (180)"
    )
    parser.add_argument("--patches", type=Path, default=FOLDER, help="the folder of the patches")
    return parser.parse_args()


def _say(text: str) -> None:
    """Tell how far it is, apart from the table."""
    sys.stderr.write(f"{text}\n")


def _clean_up(server: EmbeddedPostgres, folder: Path) -> None:
    # Tests that were killed a moment ago may hold it still, and would keep it from being stopped by the last one.
    server.cluster.stop()
    server.release()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
