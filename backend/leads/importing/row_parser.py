"""From a row to a lead, or to everything that is wrong with it.  Pure: what there is in the market is given to it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from backend.leads.importing import values as read
from backend.leads.importing.drafts import ContactDraft, LeadDraft, make_source_key
from backend.leads.importing.errors import OptionRefused
from backend.leads.importing.fields import FIELDS, fold, get_field
from backend.leads.importing.mapping import ColumnMapping
from backend.leads.importing.places import Gazetteer, Place
from backend.leads.importing.problems import RowProblem, quote
from backend.leads.importing.table import Row
from backend.leads.importing.values import ValueRefused

__all__ = ["NamedCategory", "RowParser", "Vocabulary"]

V = TypeVar("V")

_CATEGORIES_NAMED_MAX = 20
# Signs may come first in these; what is no number is refused all the same.
_NUMBERS = frozenset({"phone", "latitude", "longitude", "budget"})


@dataclass(frozen=True, slots=True)
class NamedCategory:
    """A category by its id and both of its names."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the cells of a file can mean: the market as it is when a run begins.

    ``urgencies`` and ``languages`` are label by value.  ``country_code`` is where phone numbers without a country's
    code are dialled (None: they are refused); ``now`` is the instant of the run.
    """

    categories: tuple[NamedCategory, ...]
    gazetteer: Gazetteer
    urgencies: Mapping[str, str]
    languages: Mapping[str, str]
    now: datetime.datetime
    country_code: str | None = None


class RowParser:
    """Reads rows by a mapping.  ``source`` is the space in which external ids are unique.

    Raises: OptionRefused when the mapping leaves out what every lead needs, or a constant of it cannot be taken.
    """

    def __init__(
        self, mapping: ColumnMapping, vocabulary: Vocabulary, *, source: str, allows_placeholder: bool
    ) -> None:
        self._mapping = mapping
        self._vocabulary = vocabulary
        self._source = source
        self._allows_placeholder = allows_placeholder
        self._categories = {fold(c.name): c for c in vocabulary.categories}
        self._categories |= {fold(c.slug): c for c in vocabulary.categories}
        self._readers = self._make_readers()
        self._refuse_incomplete_mapping()
        self._refuse_bad_constants()

    def parse(self, row: Row) -> LeadDraft | list[RowProblem]:
        """Return the lead that a row describes, or all that is wrong with it."""
        fault = self._mapping.header.find_fault(row)
        if fault is not None:
            return [fault]
        reading = _Reading(row, self._mapping)
        values = {name: value for name in reading.cells if (value := self._read(reading, name)) is not None}
        _refuse_blanks(reading, values)
        place = self._find_place(reading, values)
        contact = self._find_contact(reading, values)
        self._check_instants(reading, values)
        if reading.problems or place is None:
            return reading.problems
        return LeadDraft(
            source_key=make_source_key(self._source, values.get("external_id", ""), _identity_of(values)),
            category_id=values["category"].id,
            title=values["title"],
            place=place,
            contact=contact,
            text=values.get("text", ""),
            budget=values.get("budget"),
            urgency=values.get("urgency"),
            language=values.get("language"),
            deadline_at=values.get("deadline"),
            created_at=values.get("created_at"),
        )

    def _make_readers(self) -> dict[str, Callable[[str], Any]]:
        """Return for each field how its cells are read."""
        vocabulary = self._vocabulary
        readers: dict[str, Callable[[str], Any]] = {
            "category": self._read_category,
            "text": read.read_text,
            "latitude": lambda raw: read.read_degrees(raw, degrees_max=90),
            "longitude": lambda raw: read.read_degrees(raw, degrees_max=180),
            "budget": read.read_amount,
            "urgency": lambda raw: read.read_choice(raw, choices=vocabulary.urgencies),
            "language": lambda raw: read.read_choice(raw, choices=vocabulary.languages),
            "deadline": lambda raw: read.read_instant(raw, is_end=True),
            "email": lambda raw: read.read_email(raw, length_max=get_field("email").length_max or 0),
            "phone": lambda raw: read.read_phone(raw, country_code=vocabulary.country_code),
            "contact_confirmed": read.read_yes_or_no,
            "created_at": read.read_instant,
        }
        for known in FIELDS:
            if known.name not in readers:
                readers[known.name] = _line_reader(known.length_max or 0)
        return readers

    def _read(self, reading: _Reading, name: str) -> Any:
        """Return the value of a cell; None when it is blank or refused."""
        raw = reading.cells[name]
        if not raw.strip():
            return None
        return reading.attempt(name, lambda: self._read_value(name, raw))

    def _read_value(self, name: str, raw: str) -> Any:
        read.refuse_formula(raw, is_number=name in _NUMBERS)
        return self._readers[name](raw)

    def _read_category(self, raw: str) -> NamedCategory:
        category = self._categories.get(fold(raw))
        if category is None:
            slugs = [category.slug for category in self._vocabulary.categories]
            more = ", …" if len(slugs) > _CATEGORIES_NAMED_MAX else ""
            raise ValueRefused(
                "is no category",
                hint=f"there are: {', '.join(slugs[:_CATEGORIES_NAMED_MAX]) or 'none'}{more}",
            )
        return category

    def _find_place(self, reading: _Reading, values: Mapping[str, Any]) -> Place | None:
        """Return where the lead is: at its coordinates, or in its city; None when that was refused."""
        if reading.failed & {"latitude", "longitude", "place"}:
            return None
        name = values.get("place", "")
        missing = [axis for axis in ("latitude", "longitude") if axis not in values]
        if not missing:
            return Place(name, "", values["latitude"], values["longitude"])
        if len(missing) == 1:
            reading.refuse(missing[0], ValueRefused("is empty, though the other coordinate is not"))
            return None
        return reading.attempt("place", lambda: self._vocabulary.gazetteer.find(name))

    def _find_contact(self, reading: _Reading, values: Mapping[str, Any]) -> ContactDraft:
        contact = ContactDraft(
            name=values.get("name", ""),
            email=values.get("email", ""),
            phone=values.get("phone", ""),
            is_confirmed=values.get("contact_confirmed", False),
        )
        if not contact.is_placeholder or reading.failed & {"email", "phone"}:
            return contact
        if not self._allows_placeholder:
            field_named = "phone" if "phone" in self._mapping.positions else "email"
            hint = "neither e-mail nor phone; --placeholder-contact takes such leads in"
            reading.refuse(field_named, ValueRefused("there is no contact", hint=hint))
        elif contact.is_confirmed:
            reading.refuse("contact_confirmed", ValueRefused("is yes, but there is no contact"))
        return contact

    def _check_instants(self, reading: _Reading, values: Mapping[str, Any]) -> None:
        created_at, deadline_at = values.get("created_at"), values.get("deadline")
        if created_at is None:
            return
        if created_at > self._vocabulary.now:
            reading.refuse("created_at", ValueRefused("is in the future"))
        if deadline_at is not None and deadline_at <= created_at:
            reading.refuse("deadline", ValueRefused("is before it was submitted"))

    def _refuse_incomplete_mapping(self) -> None:
        mapping = self._mapping
        has_coordinates = mapping.has("latitude") and mapping.has("longitude")
        has_contact = mapping.has("email") or mapping.has("phone") or self._allows_placeholder
        has_place = mapping.has("place") or has_coordinates or self._vocabulary.gazetteer.has_default
        needs = (
            (mapping.has("category"), "category", "category"),
            (mapping.has("title"), "title", "title"),
            (has_place, "place", "place (or latitude and longitude)"),
            (has_contact, "email", "contact (email or phone, or --placeholder-contact)"),
        )
        for is_met, name, words in needs:
            if not is_met:
                raise OptionRefused(
                    f"Nothing says the {words} of the leads: map a column with --map COLUMN={name}, or set one value "
                    f"for all with --set {name}=VALUE. The columns are: {', '.join(mapping.header.named)}."
                )

    def _refuse_bad_constants(self) -> None:
        for name, raw in self._mapping.constants.items():
            try:
                value = self._read_value(name, raw)
                if name == "place":
                    self._vocabulary.gazetteer.find(value)
            except ValueRefused as refusal:
                hint = f" ({refusal.hint})" if refusal.hint else ""
                raise OptionRefused(f"--set {name}: {quote(raw)} {refusal.reason}{hint}.") from refusal


@dataclass(slots=True)
class _Reading:
    """One row while it is read: its raw values by field, and what is wrong with them."""

    row: Row
    mapping: ColumnMapping
    cells: dict[str, str] = field(init=False)
    failed: set[str] = field(default_factory=set)
    problems: list[RowProblem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells = self.mapping.cells_of(self.row)

    def attempt(self, name: str, action: Callable[[], V]) -> V | None:
        """Return what the action returns; note its refusal, which is of this field, and return None."""
        try:
            return action()
        except ValueRefused as refusal:
            self.refuse(name, refusal)
            return None

    def refuse(self, name: str, refusal: ValueRefused) -> None:
        """Note that a field cannot be taken."""
        self.failed.add(name)
        self.problems.append(
            RowProblem(
                line=self.row.line,
                column=self.mapping.column_of(name),
                reason=refusal.reason,
                value=self.cells.get(name, ""),
                hint=refusal.hint,
            )
        )


def _refuse_blanks(reading: _Reading, values: Mapping[str, Any]) -> None:
    for name in ("category", "title"):
        if name not in values and name not in reading.failed:
            reading.refuse(name, ValueRefused("is empty"))


def _line_reader(length_max: int) -> Callable[[str], str]:
    return lambda raw: read.read_line(raw, length_max=length_max)


def _identity_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what a row says, in one way of writing it; whether the contact is confirmed may change meanwhile."""
    return {name: _canonical(name, value) for name, value in values.items() if name != "contact_confirmed"}


def _canonical(name: str, value: Any) -> str:
    if isinstance(value, NamedCategory):
        return value.slug
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return str(value).casefold() if name in ("email", "place") else str(value)
