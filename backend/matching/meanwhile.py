"""What offers that are about to be made change in a search that was made before them.

Many requests are searched for at once and served one after the other: the later ones must see the offers of the
earlier ones, as if they had been searched for after those.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from backend.matching.judgement import Row
from backend.matching.rules import COUNTED, RULES
from backend.matching.search import EXCLUDED_LIMIT, Found

__all__ = ["Meanwhile"]

_ORDER = {rule.code: number for number, rule in enumerate(RULES)}
_NO_RULE = len(RULES)


@dataclass(slots=True)
class Meanwhile:
    """The offers made since a search, all at one instant, by provider."""

    at: datetime.datetime
    offers: Counter[int] = field(default_factory=Counter)

    def note(self, provider_ids: Iterable[int]) -> None:
        """Note one more offer for each provider."""
        self.offers.update(provider_ids)

    def see(self, found: Found) -> Found:
        """Return what would have been found after the offers.

        Only whoever had a place in the lists is seen: where more are eligible than are listed, nobody moves up for one
        that is full by now.
        """
        if self.offers.keys().isdisjoint(row.provider_id for row in (*found.eligible, *found.covering)):
            return found
        eligible, full = self._divide(found.eligible)
        known = [self._judge_again(row) for row in found.covering]
        covering = sorted([*known, *full], key=lambda row: (row.distance_km, row.provider_id))
        counts = Counter(found.counts)
        counts.subtract(row.rule_code for row in found.covering)
        counts.update(row.rule_code for row in (*known, *full))
        return replace(
            found,
            eligible=eligible,
            covering=covering[:EXCLUDED_LIMIT],
            eligible_count=found.eligible_count - len(full),
            counts={code: count for code, count in counts.items() if count},
        )

    def _divide(self, rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
        """Return who may have one more, as they are by now, and who is full."""
        seen = [self._judge_again(row) for row in rows]
        return (
            [row for row in seen if row.rule_code is None],
            [row for row in seen if row.rule_code is not None],
        )

    def _judge_again(self, row: Row) -> Row:
        offers = self.offers.get(row.provider_id, 0)
        if not offers:
            return row
        code = self._first_failed(row, offers)
        if row.rule_code is not None:
            return row._replace(rule_code=code)
        return row._replace(
            rule_code=code,
            open_offers=row.open_offers + offers,
            offers_total=row.offers_total + offers,
            last_offered_at=max(row.last_offered_at or 0.0, self.at.timestamp()),
        )

    def _first_failed(self, row: Row, offers: int) -> str | None:
        """Return the rule that excludes a provider by now: that of before, or a limit that comes first."""
        rules: list[str | None] = [row.rule_code]
        rules += [
            rule.code
            for rule, room in zip(COUNTED, row.rooms, strict=True)
            if room is not None and room <= offers
        ]
        return min(rules, key=lambda code: _NO_RULE if code is None else _ORDER[code])
