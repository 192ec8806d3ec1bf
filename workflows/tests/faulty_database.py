"""A database that fails: of every hundred transactions so many, drawn from a seed, each in one of four ways.

The faults are real: PostgreSQL itself raises the error or ends the connection, so that what a fault leaves behind (an
aborted transaction, a connection that is gone, a commit that nobody heard of) is what it leaves behind in use.
"""

from __future__ import annotations

import enum
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection

SEED = int(os.environ.get("FAULTY_SEED", "1"))
RATE = int(os.environ.get("FAULTY_RATE", "7"))

_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{}'; END $$"
# In which of a transaction's statements a conflict comes: in one of the first so many, or at its end.
_STATEMENTS = 12


class Fault(enum.Enum):
    """In which way a transaction fails."""

    DEADLOCK = "40P01"
    NOT_SERIALIZABLE = "40001"
    NOT_COMMITTED = "the connection is lost before the commit"
    ANSWER_LOST = "it is committed, and the connection lost before anybody is told"


CONFLICTS = (Fault.DEADLOCK, Fault.NOT_SERIALIZABLE)


@dataclass(slots=True)
class FaultyDatabase:
    """Draws the faults, and counts them; ``latest`` is the one that came last, until it is asked for."""

    dice: random.Random
    rate: int
    counts: Counter[Fault] = field(default_factory=Counter)
    latest: Fault | None = None
    _planned: Fault | None = None
    _drawn: Fault | None = None
    _statements_left: int = 0

    def take_latest(self) -> Fault | None:
        """Return which fault came since the last time, if any did."""
        latest, self.latest = self.latest, None
        return latest

    def plan(self, fault: Fault) -> None:
        """Have the next transaction fail in this way, whatever is drawn."""
        self._planned = fault

    def begin(self) -> None:
        """Draw whether the transaction that begins will fail, how and when."""
        fails = self.dice.randrange(100) < self.rate
        self._drawn = self._planned or (self.dice.choice(list(Fault)) if fails else None)
        self._planned = None
        self._statements_left = self.dice.randrange(_STATEMENTS)

    def before_statement(self) -> None:
        """Have a conflict now, if it is time."""
        if self._drawn in CONFLICTS and connection.in_atomic_block:
            self._statements_left -= 1
            if self._statements_left < 0:
                self._conflict()

    def commit(self, commit: Any) -> None:
        """Commit, unless that is what fails."""
        if self._drawn in CONFLICTS:
            self._conflict()
        fault = self._take()
        if fault is Fault.ANSWER_LOST:
            commit()
        if fault is not None:
            connection.connection.close()
            raise OperationalError("server closed the connection unexpectedly")
        commit()

    def _conflict(self) -> None:
        fault = self._take()
        assert fault is not None
        with connection.wrap_database_errors:
            connection.connection.execute(_RAISE.format(fault.value))

    def _take(self) -> Fault | None:
        fault, self._drawn = self._drawn, None
        if fault is not None:
            self.counts[fault] += 1
            self.latest = fault
        return fault


@contextmanager
def faulty_database(*, rate: int = RATE, seed: int = SEED) -> Iterator[FaultyDatabase]:
    """Let ``rate`` of a hundred transactions of this connection fail inside the block."""
    faults = FaultyDatabase(random.Random(seed), rate)
    begin, commit = connection._set_autocommit, connection._commit

    def set_autocommit(autocommit: bool) -> None:
        begin(autocommit)
        if not autocommit:
            faults.begin()

    def execute(run: Any, sql: Any, parameters: Any, many: bool, context: Any) -> Any:
        faults.before_statement()
        return run(sql, parameters, many, context)

    connection._set_autocommit = set_autocommit  # type: ignore[method-assign]
    connection._commit = lambda: faults.commit(commit)  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(execute):
            yield faults
    finally:
        del connection._set_autocommit, connection._commit
