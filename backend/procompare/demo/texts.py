"""What clients of the demo market write, and what its providers are called."""

from __future__ import annotations

from backend.procompare.demo.chance import Random
from backend.procompare.demo.people import Directory
from backend.procompare.demo.tables import read_table

__all__ = ["make_company_name", "write_request"]

PATTERNS = {
    "en": (
        "{last} {trade}",
        "{last} & Sons {trade}",
        "{place} {trade}",
        "{last} {trade} Ltd",
        "{first}'s {trade}",
    ),
    "de": (
        "{trade} {last}",
        "{trade} {last} GmbH",
        "{last} {trade}",
        "{trade} {place}",
        "{trade} {first} {last}",
    ),
    "fr": ("{trade} {last}", "{last} & Fils {trade}", "{trade} {place}", "Maison {last} {trade}"),
}
PATTERNS_OF_INDIA = ("{last} {trade}", "Shree {last} {trade}", "{last} Brothers {trade}", "{place} {trade}")


def write_request(chance: Random, category: str, language: str) -> tuple[str, str]:
    """Return the title and the text of a request."""
    numbers = {
        "number": chance.randint(3, 6),
        "small": chance.randint(5, 18),
        "area": chance.randint(9, 28) * 5,
    }
    rows = [
        row for row in read_table("requests") if (row["category"], row["language"]) == (category, language)
    ]
    row = chance.choice(rows)
    endings = [row["text"] for row in read_table("closings") if row["language"] == language]
    text = f"{row['text']} {chance.choice(endings)}".strip()
    return row["title"].format(**numbers), text.format(**numbers)


def make_company_name(
    chance: Random,
    directory: Directory,
    *,
    category: str,
    language: str,
    country_code: str,
    owner: tuple[str, str],
    place: str,
) -> str:
    """Make up the name of a business by its trade, its owner (first and last name) and its place."""
    row = next(
        row for row in read_table("trades") if (row["category"], row["language"]) == (category, language)
    )
    patterns = PATTERNS_OF_INDIA if country_code == "IN" else PATTERNS[language]
    name = chance.choice(patterns).format(
        trade=chance.choice(row["names"].split(";")), first=owner[0], last=owner[1], place=place
    )
    return directory.claim(f"{name} {{}}").strip()
