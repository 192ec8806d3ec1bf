"""The people of the demo market: names as in their country, addresses and numbers that nobody has."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from django.utils.text import slugify

from backend.procompare.demo.chance import Random
from backend.procompare.demo.hubs import Hub
from backend.procompare.demo.tables import read_table

__all__ = ["Directory", "Person"]

DOMAINS = ("example.com", "example.org")
SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "ð": "d"})


@dataclass(frozen=True, slots=True)
class Person:
    """One person with their contact; ``email`` or ``phone`` may be empty, not both."""

    first_name: str
    last_name: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(slots=True)
class Directory:
    """Everybody who was made up so far: no two share an e-mail address, a number or a login."""

    taken: set[str] = field(default_factory=set)

    def make_person(self, chance: Random, hub: Hub) -> Person:
        """Make up a person who lives in a city."""
        names = next(row for row in read_table("people") if row["country"] == hub.country_code)
        first_name = chance.choice(names["first_names"].split(";"))
        last_name = chance.choice(names["last_names"].split(";"))
        phone = self._make_phone(chance, hub) if chance.random() < 0.75 else ""
        has_email = not phone or chance.random() < 0.8
        email = self.make_email(chance, f"{first_name} {last_name}") if has_email else ""
        return Person(first_name, last_name, email, phone)

    def make_email(self, chance: Random, name: str) -> str:
        """Make up an address for a name."""
        return self.claim(f"{fold(name).replace('-', '.')}{{}}@{chance.choice(DOMAINS)}")

    def claim(self, pattern: str) -> str:
        """Return the first text of a pattern that is not taken: ``{}`` becomes nothing, then 2, 3, …"""
        number = 1
        while (text := pattern.format("" if number == 1 else number)) in self.taken:
            number += 1
        self.taken.add(text)
        return text

    def _make_phone(self, chance: Random, hub: Hub) -> str:
        """Return a number that is not taken; "" where there are none, or few are left."""
        for _attempt in range(20 if hub.phones else 0):
            pattern = chance.choice(hub.phones)
            phone = "".join(chance.choice("0123456789") if sign == "#" else sign for sign in pattern)
            if phone not in self.taken:
                self.taken.add(phone)
                return phone
        return ""


def fold(name: str) -> str:
    """Return a name as it stands in addresses: ``Jörg Müller`` becomes ``joerg-mueller``."""
    spelled_out = unicodedata.normalize("NFC", name).lower().translate(SPELLED_OUT)
    return slugify(spelled_out)
