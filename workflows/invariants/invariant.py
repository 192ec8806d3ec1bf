"""One thing that must hold in the whole database, and the statement that finds where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Invariant"]


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold.  ``code`` is its row in ``docs/reliability.md``, ``name`` tells it from all others for good.

    ``sql`` is one SELECT with one column ``id``: a row for each violation, none while it holds.  The ids are of rows
    of ``model`` (``app_label.model_name``).  The statement may use ``%(now)s`` and whatever ``parameters()`` returns;
    a percent sign of its own is doubled.  ``holds`` says in a sentence what must hold, ``mend`` what to do where it
    does not; both may be lazy translations.
    """

    code: str
    name: str
    model: str
    holds: Any
    mend: Any
    sql: str
    parameters: Callable[[], Mapping[str, Any]] = dict
