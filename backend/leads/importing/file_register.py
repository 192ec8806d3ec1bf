"""Which leads the rows of the file have brought so far, so that later rows that repeat them are known."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator

from backend.leads.importing.drafts import LeadDraft

__all__ = ["FileRegister"]


class FileRegister:
    """The contacts and keys of the rows that are leads, by category and time.

    It lies in a temporary file of SQLite's, so that a file of any size is imported in the same memory.  Asking the
    market's database would not do: what repeats a row of the file does so in a later run too, when the first
    lead may have ended.
    """

    def __init__(self, *, duplicate_within: datetime.timedelta) -> None:
        self._duplicate_within = duplicate_within
        self._database = sqlite3.connect("", isolation_level=None)
        # Nothing in it is needed after a crash.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE lead (key TEXT, category INTEGER, at REAL)")
        self._database.execute("CREATE INDEX lead_by_key ON lead (key, category)")

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def has_row(self, draft: LeadDraft) -> bool:
        """Return whether an earlier row has the same key."""
        return self._finds(draft.source_key, category_id=0, earliest=0, latest=0)

    def has_request(self, draft: LeadDraft, *, at: datetime.datetime) -> bool:
        """Return whether an earlier row has the same contact and category, at about this time."""
        within_s, instant_s = self._duplicate_within.total_seconds(), at.timestamp()
        return any(
            self._finds(
                key, category_id=draft.category_id, earliest=instant_s - within_s, latest=instant_s + within_s
            )
            for key in _contact_keys_of(draft)
        )

    def add(self, draft: LeadDraft, *, at: datetime.datetime) -> None:
        """Note that a row is a lead, submitted at this instant."""
        rows = [(key, draft.category_id, at.timestamp()) for key in _contact_keys_of(draft)]
        rows.append((draft.source_key, 0, 0.0))
        self._database.executemany("INSERT INTO lead VALUES (?, ?, ?)", rows)

    def _finds(self, key: str, *, category_id: int, earliest: float, latest: float) -> bool:
        found = self._database.execute(
            "SELECT 1 FROM lead WHERE key = ? AND category = ? AND at BETWEEN ? AND ? LIMIT 1",
            (key, category_id, earliest, latest),
        )
        return found.fetchone() is not None


def _contact_keys_of(draft: LeadDraft) -> Iterator[str]:
    if draft.contact.email_key:
        yield f"email:{draft.contact.email_key}"
    if draft.contact.phone_key:
        yield f"phone:{draft.contact.phone_key}"
