"""A small made-up log: who resolves what follows the group and the half of the day, with some chance."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random

from backend.matching.evaluation.log_file import COLUMNS, FACTS, LoggedRequest

FIRST_DAY = 16_000.0


def make_request(
    day: float,
    *,
    provider: str = "ann",
    group: str = "desk",
    days_open: float | None = 0.01,
    **facts: str,
) -> LoggedRequest:
    """Return a request opened so many days after the first; None: never resolved."""
    opened_day = FIRST_DAY + day
    known = dict.fromkeys(FACTS, "") | {"first_group": group} | facts
    resolved_day = None if days_open is None else opened_day + days_open
    return LoggedRequest(opened_day, known, provider, group, resolved_day)


def make_log(count: int = 240, *, seed: int = 5) -> list[LoggedRequest]:
    """Return requests of 12 a day; three of four go to the one of six providers whose group and turn it is."""
    random = Random(seed)
    return [_make_one(n / 12, random) for n in range(count)]


def write_log(path: Path, rows: Sequence[dict[str, str]], *, columns: Sequence[str] = COLUMNS) -> Path:
    """Write rows as CSV; what a row lacks is empty."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _make_one(day: float, random: Random) -> LoggedRequest:
    group = random.choice(["desk", "network", "field"])
    turn = "early" if day % 1 < 0.5 else "late"
    provider = f"{group}-{turn}" if random.random() < 0.75 else f"{group}-{random.choice(['early', 'late'])}"
    return make_request(
        day,
        provider=provider,
        group=group,
        days_open=random.choice([0.02, 0.3, 2.0]),
        subcategory=random.choice(["vpn", "mail"]),
        location=random.choice(["north", "south"]),
        requester=str(random.randrange(9)),
    )
