"""One thing that must hold in the whole database, and the statement that finds where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Invariant", "SharedScan"]


@dataclass(frozen=True, slots=True)
class SharedScan:
    """One SELECT that looks for violations of several invariants at once, and says of each row which one it violates.

    Its columns are ``name``, the invariant's, and ``id``; the rest is as of an invariant's own ``sql``, but that the
    same row may come twice.  A name that no invariant has is passed over.
    """

    sql: str
    parameters: Callable[[], Mapping[str, Any]] = dict


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold.  ``code`` is its row in ``docs/reliability.md``, ``name`` tells it from all others for good.

    ``sql`` is one SELECT with one column ``id``: a row for each violation, none while it holds.  The ids are of rows
    of ``model`` (``app_label.model_name``).  The statement may use ``%(now)s`` and whatever ``parameters()`` returns;
    a percent sign of its own is doubled.  In place of a statement of its own there may be a scan that several
    invariants share.  ``holds`` says in a sentence what must hold, ``mend`` what to do where it does not; both may be
    lazy translations.
    """

    code: str
    name: str
    model: str
    holds: Any
    mend: Any
    sql: str | SharedScan
    parameters: Callable[[], Mapping[str, Any]] = dict
