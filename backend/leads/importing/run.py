"""One run of an import: check every row, then write the leads batch by batch, then verify them.

Two passes over the file.  The first writes nothing; the second writes whole rows, one transaction per batch, so
that a run that is stopped leaves whole leads, and the same run again completes it.
"""

from __future__ import annotations

import contextlib
import datetime
import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction

from backend.leads.importing.drafts import LeadDraft
from backend.leads.importing.errors import FileRefused, RowsRefused
from backend.leads.importing.file_register import FileRegister
from backend.leads.importing.known_leads import KnownLeads, look_up
from backend.leads.importing.lead_writer import create_leads, lock_out_other_imports
from backend.leads.importing.problems import ProblemLog
from backend.leads.importing.row_parser import RowParser
from backend.leads.importing.summary import Summary
from backend.leads.importing.table import Table
from backend.leads.importing.verification import IMPORTER, Verification
from backend.leads.models import Lead
from backend.leads.services import announcements
from backend.leads.terms_in_force import read_terms_book
from backend.notifications.services import tallying
from backend.users.models import User
from workflows import Channel, acting

__all__ = ["BATCH_ROWS", "ImportRun", "Policy", "Progress", "Unseen"]

BATCH_ROWS = 500


class _Verdict(enum.Enum):
    """What a row turns out to be."""

    NEW = enum.auto()
    IMPORTED = enum.auto()
    DUPLICATE = enum.auto()


class Progress(Protocol):
    """Is told how far a run has come."""

    def begin(self, what: str, *, total: int | None) -> None:
        """Note that a pass begins; ``total`` rows, None: not known."""

    def advance(self) -> None:
        """Note that one row more is done."""


class Unseen:
    """A progress that nobody looks at."""

    def begin(self, what: str, *, total: int | None) -> None:
        """Do nothing."""

    def advance(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a run goes.

    ``source`` is what the leads name as their source, ``now`` the instant of the run.  ``skips_bad_rows`` leaves rows
    with errors out, instead of importing nothing.  ``writes`` False: a dry run.  ``verifies``: the new leads, and
    those of this file that an earlier run left new; by ``voucher``, who vouches for contacts that nobody has
    confirmed, or by the importer.
    """

    source: str
    now: datetime.datetime
    skips_bad_rows: bool = False
    writes: bool = True
    verifies: bool = False
    voucher: User | None = None
    batch_rows: int = BATCH_ROWS


class ImportRun:
    """One run over one file; ``summary`` and ``problems`` tell what became of it, also when it is refused."""

    def __init__(
        self, table: Table, parser: RowParser, policy: Policy, *, problems: ProblemLog, progress: Progress
    ) -> None:
        self.summary = Summary()
        self.problems = problems
        self._table = table
        self._parser = parser
        self._policy = policy
        self._progress = progress
        self._verification = Verification(self.summary, voucher=policy.voucher, keeps=policy.writes)

    def run(self) -> Summary:
        """Import the file.

        Raises: FileRefused when it cannot be read to its end, or has no rows; RowsRefused when rows have errors that
        are not to be skipped.  Nothing is written then.
        """
        self._check()
        with (
            acting(by=IMPORTER, channel=Channel.IMPORT) as circumstances,
            tallying() as notifications,
            contextlib.closing(_open_register()) as register,
        ):
            try:
                self._import(register)
            finally:
                # Also of what was written before a Ctrl-C.
                self._announce(run=circumstances.request_id)
                self.summary.notifications = notifications.written
        return self.summary

    def _check(self) -> None:
        """Read every row and write nothing."""
        self._progress.begin("checking", total=None)
        for row in self._table.rows():
            self.summary.read += 1
            parsed = self._parser.parse(row)
            if not isinstance(parsed, LeadDraft):
                self.problems.add(parsed)
            self._progress.advance()
        self.summary.refused = self.problems.rows_count
        self.summary.refused_by = self.problems.counts
        if not self.summary.read:
            raise FileRefused(f"{self._table.path} has a header and no rows.")
        self._refuse_bad_rows()

    def _refuse_bad_rows(self) -> None:
        if not self.problems.count or (self._policy.skips_bad_rows and not self.problems.has_structural):
            return
        advice = "correct them, or leave them out with --skip-bad-rows"
        if self.problems.has_structural:
            advice = (
                "rows that do not fit the columns cannot be left out, since others may have shifted unseen"
            )
        raise RowsRefused(
            f"{self.problems.rows_count:,} of {self.summary.read:,} rows have errors, "
            f"so nothing was imported: {advice}.",
            count=self.problems.rows_count,
        )

    def _import(self, register: FileRegister) -> None:
        self._progress.begin("importing", total=self.summary.read - self.summary.refused)
        for batch in _batches(self._drafts(), size=self._policy.batch_rows):
            with transaction.atomic():
                lock_out_other_imports()
                created, waiting = self._write(batch, register)
                if not self._policy.writes:
                    self._verify([*created, *waiting])
                    transaction.set_rollback(True)
            if self._policy.writes:
                self._verify([*created, *waiting])
            for _row in range(len(batch) - len(created) - len(waiting)):
                self._progress.advance()

    def _drafts(self) -> Iterator[LeadDraft]:
        """Yield the leads of the good rows."""
        for row in self._table.rows():
            parsed = self._parser.parse(row)
            if isinstance(parsed, LeadDraft):
                yield parsed

    def _write(self, batch: Sequence[LeadDraft], register: FileRegister) -> tuple[list[Lead], list[Lead]]:
        """Write the leads of a batch that are new; return them, and those of an earlier run that still wait."""
        known = look_up(batch)
        verdicts = [self._judge(draft, known, register) for draft in batch]
        fresh = [draft for draft, verdict in zip(batch, verdicts, strict=True) if verdict is _Verdict.NEW]
        imported = [
            known.imported[draft.source_key]
            for draft, verdict in zip(batch, verdicts, strict=True)
            if verdict is _Verdict.IMPORTED
        ]
        created = create_leads(fresh, source=self._policy.source, now=self._policy.now)
        self.summary.created += len(created)
        self.summary.placeholders += sum(draft.contact.is_placeholder for draft in fresh)
        self.summary.assumed_places += sum(draft.place.is_assumed for draft in fresh)
        self.summary.already_imported += len(imported)
        self.summary.duplicates += verdicts.count(_Verdict.DUPLICATE)
        return created, [lead for lead in imported if lead.status == Lead.Status.NEW]

    def _judge(self, draft: LeadDraft, known: KnownLeads, register: FileRegister) -> _Verdict:
        """Say what a row is; one that is a lead is noted for the rows below it."""
        # A row that does not say when it was submitted was so together with the others, whenever that was.
        at = draft.created_at or self._policy.now
        is_imported = draft.source_key in known.imported
        if register.has_row(draft):
            return _Verdict.DUPLICATE
        if not is_imported and (register.has_request(draft, at=at) or known.repeats(draft, at=at)):
            return _Verdict.DUPLICATE
        register.add(draft, at=at)
        return _Verdict.IMPORTED if is_imported else _Verdict.NEW

    def _verify(self, leads: Iterable[Lead]) -> None:
        for lead in leads:
            if self._policy.verifies:
                self._verification.verify(lead)
            self._progress.advance()

    def _announce(self, *, run: str) -> None:
        if not self._policy.writes:
            return
        source = self._table.path.name
        with transaction.atomic():
            if self.summary.created:
                announcements.tell_staff_of_import(source, run=run, created=self.summary.created)
            if self.summary.without_provider:
                announcements.tell_staff_of_import_shortfall(
                    source, run=run, verified=self.summary.verified, lacking=self.summary.without_provider
                )


def _batches(drafts: Iterator[LeadDraft], *, size: int) -> Iterator[list[LeadDraft]]:
    while batch := list(itertools.islice(drafts, size)):
        yield batch


def _open_register() -> FileRegister:
    return FileRegister(duplicate_within=read_terms_book().market.duplicate_within)
