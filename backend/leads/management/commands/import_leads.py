"""``manage.py import_leads``: take in the leads of a CSV file, and verify them."""

from __future__ import annotations

import contextlib
import os
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from backend.leads.importing.errors import FileRefused, ImportRefused, OptionRefused, RowsRefused
from backend.leads.importing.fields import FIELDS
from backend.leads.importing.mapping import read_pairs
from backend.leads.importing.preparation import ImportOptions, prepare_run
from backend.leads.importing.run import ImportRun
from backend.leads.importing.summary import format_summary

__all__ = ["Command"]

_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT


class Command(BaseCommand):
    """Imports a file whole: while a row has an error, nothing is written (but see ``--skip-bad-rows``)."""

    help = "Take in the leads of a CSV file (any delimiter and encoding, gzip too). See docs/how-to/import-leads.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the options."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "fields:\n" + "\n".join(f"  {f.name:<18} {f.description}" for f in FIELDS)
        parser.add_argument("file", type=Path, metavar="FILE")
        _add_mapping_arguments(parser)
        _add_running_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import, and print what became of it."""
        started_at = time.monotonic()
        try:
            with _open_problem_file(options["errors"], source=options["file"]) as problem_file, _Bar() as bar:
                run = prepare_run(
                    options["file"], _options_of(options), progress=bar, problem_file=problem_file
                )
                self._run(run, started_at)
        except RowsRefused as error:
            raise CommandError(str(error)) from error
        except ImportRefused as error:
            raise CommandError(f"{error} Nothing was imported.") from error
        if options["dry_run"]:
            self.stdout.write("A dry run: nothing was written.")
        if run.summary.failed:
            raise CommandError(
                f"{len(run.summary.failed):,} leads could not be verified; the same command tries again."
            )

    def _run(self, run: ImportRun, started_at: float) -> None:
        """Run; print the problems and the summary, also of a run that is refused for its rows or stopped."""
        try:
            run.run()
        except RowsRefused:
            self._report(run, started_at)
            raise
        except (FileRefused, KeyboardInterrupt) as error:
            if isinstance(error, FileRefused) and not run.summary.created:
                raise
            self._report(run, started_at)
            raise CommandError(
                f"{str(error) or 'Stopped.'} What is counted above is whole; the same command goes on from there.",
                returncode=1 if isinstance(error, FileRefused) else _INTERRUPTED,
            ) from error
        self._report(run, started_at)

    def _report(self, run: ImportRun, started_at: float) -> None:
        run.summary.seconds = time.monotonic() - started_at
        for problem in run.problems.shown:
            self.stderr.write(str(problem))
        if run.problems.count > len(run.problems.shown):
            more = run.problems.count - len(run.problems.shown)
            self.stderr.write(f"… and {more:,} more (all of them with --errors FILE.csv)")
        for failure in run.summary.failed:
            self.stderr.write(failure)
        self.stdout.write(format_summary(run.summary))


class _Bar:
    """A progress bar on the error stream, when that is a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None  # tqdm has no types

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def begin(self, what: str, *, total: int | None) -> None:
        """Begin another pass with a bar of its own."""
        self._close()
        self._bar = tqdm(desc=what, total=total, unit=" rows", disable=None, leave=False)

    def advance(self) -> None:
        """Move on by a row."""
        if self._bar is not None:
            self._bar.update()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _add_mapping_arguments(parser: ArgumentParser) -> None:
    """Declare what says how the file is to be read."""
    add = parser.add_argument
    add(
        "--map",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="which column holds a field; COLUMN=- for none",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a value that all leads of the file have",
    )
    add(
        "--place-alias",
        action="append",
        default=[],
        metavar="NAME=CITY",
        help='what a place means: "Bombay=Mumbai, IN"',
    )
    add(
        "--default-place",
        metavar="CITY",
        help="where leads are whose place is unknown; they are marked “assumed”",
    )
    add(
        "--country",
        metavar="CC",
        help="where phone numbers without a country's code are dialled, and cities are",
    )
    add("--source", default="import", help="the name of the source; external ids are unique within it")
    add("--encoding", help="recognised by itself: UTF-8, UTF-16 with its mark, Western European")
    add("--delimiter", help="recognised by itself: comma, semicolon, tab (“tab”) or bar")


def _add_running_arguments(parser: ArgumentParser) -> None:
    """Declare what says what is done with the rows."""
    add = parser.add_argument
    add("--verify", action="store_true", help="verify the leads, which routes them and makes the offers")
    add(
        "--vouch-by",
        metavar="USERNAME",
        help="who verifies, and vouches for contacts that nobody has confirmed",
    )
    add("--placeholder-contact", action="store_true", help="take in leads without e-mail and phone")
    add(
        "--skip-bad-rows",
        action="store_true",
        help="leave rows with errors out, instead of importing nothing",
    )
    add("--errors", type=Path, metavar="FILE.csv", help="write all errors to a file")
    add("--dry-run", action="store_true", help="do everything but write")


def _options_of(options: dict[str, Any]) -> ImportOptions:
    return ImportOptions(
        columns=read_pairs(options["map"], option="--map", form="COLUMN=FIELD", by_last=True),
        constants=read_pairs(options["set"], option="--set", form="FIELD=VALUE"),
        place_aliases=read_pairs(options["place_alias"], option="--place-alias", form="NAME=CITY"),
        default_place=options["default_place"],
        country_code=options["country"],
        source=options["source"],
        encoding=options["encoding"],
        delimiter=options["delimiter"],
        takes_placeholder_contacts=options["placeholder_contact"],
        skips_bad_rows=options["skip_bad_rows"],
        is_dry_run=options["dry_run"],
        verifies=options["verify"],
        voucher=options["vouch_by"],
    )


@contextmanager
def _open_problem_file(path: Path | None, *, source: Path) -> Iterator[TextIO | None]:
    """Open the file for errors; with the mark by which spreadsheets recognise UTF-8."""
    if path is None:
        yield None
        return
    if path.exists() and source.exists() and os.path.samefile(path, source):
        raise OptionRefused(f"--errors would overwrite {source}.")
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
        except OSError as error:
            raise OptionRefused(f"--errors: cannot write {path}: {error.strerror}.") from error
        yield file
