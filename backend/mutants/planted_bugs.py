"""The planted bugs: patches in the folder ``planted``, each with a head.

The head says what is wrong in one sentence, which promise that breaks, and which tests are asked to find it (the
fewest that should); a line that begins with a blank goes on with the one before::

    Bug: The job that plans deliveries is enqueued after the commit.
    Breaks: J1, each notification has its deliveries: who dies in between tells nobody.
    Tests: backend/notifications/tests/test_notifications.py::TestNotify

A patch that changes what migrations make (a trigger, a constraint) says ``Migrations: made``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.mutants.errors import HeadIncomplete, MutantsError

__all__ = ["FOLDER", "Mutant", "choose", "read_mutant", "read_mutants"]

FOLDER = Path(__file__).parent / "planted"

_FILE_NAME = re.compile(r"(\d\d)-([a-z0-9-]+)\.patch")
_REQUIRED = ("Bug", "Breaks", "Tests")
_OPTIONAL = ("Migrations",)
_MADE = "made"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug that can be planted; ``tests`` are node ids of pytest.

    ``makes_migrations``: migrations are made for the changed models, as a colleague would, and a database from them.
    """

    number: int
    name: str
    patch: Path
    bug: str
    promise: str
    tests: tuple[str, ...]
    makes_migrations: bool

    def __str__(self) -> str:
        return f"{self.number:02} {self.name}"


def read_mutants(folder: Path = FOLDER) -> list[Mutant]:
    """Return all planted bugs by number.  Raises: HeadIncomplete as :func:`read_mutant`, or for a number twice."""
    mutants = [read_mutant(patch) for patch in sorted(folder.iterdir())]
    numbers = [mutant.number for mutant in mutants]
    if twice := sorted({number for number in numbers if numbers.count(number) > 1}):
        raise HeadIncomplete(f"Cannot tell the planted bugs apart: the number {twice[0]:02} is there twice.")
    return mutants


def read_mutant(patch: Path) -> Mutant:
    """Return the bug that a patch plants.

    Raises: HeadIncomplete when its name is no ``NN-what-it-is.patch``, or its head lacks a field or has another.
    """
    named = _FILE_NAME.fullmatch(patch.name)
    if named is None:
        raise HeadIncomplete(f"Cannot read {patch.name}: a planted bug is called NN-what-it-is.patch.")
    fields = _read_head(patch)
    return Mutant(
        number=int(named[1]),
        name=named[2],
        patch=patch,
        bug=fields["Bug"],
        promise=fields["Breaks"],
        tests=tuple(fields["Tests"].split()),
        makes_migrations="Migrations" in fields,
    )


def choose(mutants: Sequence[Mutant], wanted: Iterable[str]) -> list[Mutant]:
    """Return the bugs that are named, by number or name; all when none is.  Raises: MutantsError for another name."""
    chosen: list[Mutant] = []
    for word in wanted:
        found = [one for one in mutants if word in (one.name, str(one.number), f"{one.number:02}")]
        if not found:
            raise MutantsError(f"Cannot plant {word!r}; there are: {', '.join(str(one) for one in mutants)}.")
        chosen += found
    return chosen or list(mutants)


def _read_head(patch: Path) -> dict[str, str]:
    """Return the fields of the head, each on one line."""
    head, _diff, _rest = patch.read_text().partition("\ndiff --git ")
    fields: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", head).strip().splitlines():
        name, _colon, text = line.partition(":")
        if name not in (*_REQUIRED, *_OPTIONAL) or name in fields or not text.strip():
            raise HeadIncomplete(
                f"Cannot read the head of {patch.name}: {line!r} says nothing that is known."
            )
        fields[name] = text.strip()
    if missing := [name for name in _REQUIRED if name not in fields]:
        raise HeadIncomplete(f"Cannot read the head of {patch.name}: it does not say {', '.join(missing)}.")
    if fields.get("Migrations", _MADE) != _MADE:
        raise HeadIncomplete(f"Cannot read the head of {patch.name}: Migrations are '{_MADE}', or not named.")
    return fields
