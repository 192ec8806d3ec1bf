"""The fields of a lead that a column can be mapped to, and the headers by which they are known."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["FIELDS", "Field", "find_field", "fold", "get_field"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a column is mapped to it by itself when its header is the name or one of ``known_as``.

    ``length_max`` bounds a text, in characters; None: no text, or one without a bound.
    """

    name: str
    description: str
    known_as: tuple[str, ...] = ()
    length_max: int | None = None


# Only what is beyond doubt is known by itself: a column "id" that numbers the rows of each file would make the
# next file look as if it had been imported.
FIELDS = (
    Field("external_id", "what tells the lead in its source", length_max=200),
    Field("category", "name or short name of a category", ("service",)),
    Field("title", "what is asked for, in one line", ("subject", "headline"), length_max=160),
    Field("text", "what is asked for", ("description", "message", "details", "comment", "comments")),
    Field("place", "a city of the gazetteer: Mumbai, or Mumbai, IN", ("city", "town"), length_max=120),
    Field("latitude", "in degrees, -90 to 90", ("lat",)),
    Field("longitude", "in degrees, -180 to 180", ("lon", "lng")),
    Field("budget", "an amount: 1200 or 1200.50"),
    Field("urgency", "flexible, month, week or now"),
    Field("language", "two letters, as en, or the name", ("lang",)),
    Field("deadline", "until when it may be offered: 2025-06-30, or with time", ("deadline at", "due date")),
    Field("name", "the client's name", ("full name", "contact name", "client name"), length_max=120),
    Field("email", "the client's e-mail address", ("mail", "email address"), length_max=254),
    Field("phone", "the client's phone number", ("tel", "telephone", "phone number", "mobile", "cell phone")),
    Field("contact_confirmed", "whether the client has confirmed the contact: yes or no", ("confirmed",)),
    Field(
        "created_at",
        "when it was submitted: 2025-05-31 14:05, in UTC unless it says otherwise",
        ("created", "submitted", "submitted at"),
    ),
)


def fold(text: str) -> str:
    """Return a name as it is compared: without accents, case, blanks and punctuation, unless it is nothing else."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if _is_spoken(character)) or text


def _is_spoken(character: str) -> bool:
    """Return whether it is a letter, a digit, or a vowel sign (which, unlike an accent, combines with nothing)."""
    is_vowel_sign = unicodedata.category(character).startswith("M") and not unicodedata.combining(character)
    return character.isalnum() or is_vowel_sign


_BY_NAME = {field.name: field for field in FIELDS}
_BY_HEADER = {fold(header): field for field in FIELDS for header in (field.name, *field.known_as)}


def get_field(name: str) -> Field:
    """Return a field by its name.  Raises: KeyError when there is none."""
    return _BY_NAME[name]


def find_field(header: str) -> Field | None:
    """Return the field that a column is known to hold by its header, or None."""
    return _BY_HEADER.get(fold(header))
