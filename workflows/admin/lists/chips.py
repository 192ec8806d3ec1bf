"""What narrows a list, in words, each with the address without it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model
from django.db.models.constants import LOOKUP_SEP
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.lists.address import without
from workflows.admin.lists.change_list import ListChangeList

__all__ = ["Chip", "Chips", "list_chips"]

_LOOKUPS = {
    "exact": gettext_lazy("%(field)s: %(value)s"),
    "in": gettext_lazy("%(field)s: %(value)s"),
    "gte": gettext_lazy("%(field)s from %(value)s"),
    "gt": gettext_lazy("%(field)s after %(value)s"),
    "lte": gettext_lazy("%(field)s until %(value)s"),
    "lt": gettext_lazy("%(field)s before %(value)s"),
    "isnull": gettext_lazy("%(field)s is empty: %(value)s"),
    "isempty": gettext_lazy("%(field)s is empty: %(value)s"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows a list.  ``query`` is the address without it; ``names`` are its parameters.

    ``is_known`` is False where a filter has no such choice (any more), and so takes no notice of it.
    """

    text: str
    query: str
    names: tuple[str, ...]
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Chips:
    """Everything that narrows a list beside its state, and the address without any of it."""

    all: tuple[Chip, ...]
    cleared_query: str

    def __bool__(self) -> bool:
        return bool(self.all)


def list_chips(changelist: ListChangeList) -> Chips:
    """Return what narrows a list beside its state: the search, the filters in their order, and what else is asked."""
    chips = (*_search_chip(changelist), *_filter_chips(changelist), *_lookup_chips(changelist))
    names = [name for chip in chips for name in chip.names]
    return Chips(chips, without(changelist.filter_params, names))


def _search_chip(changelist: ListChangeList) -> Iterator[Chip]:
    if changelist.query:
        yield _chip(changelist, _("Search: “%s”") % changelist.query, [SEARCH_VAR])


def _filter_chips(changelist: ListChangeList) -> Iterator[Chip]:
    for spec in changelist.filter_specs:
        used = [name for name in spec.expected_parameters() or [] if name in changelist.params]
        if not used:
            continue
        if words := _describe(spec, changelist):
            yield _chip(changelist, f"{capfirst(str(spec.title))}: {words}", used)
        elif hasattr(spec, "describe"):
            continue
        elif hasattr(spec, "value"):
            # Its choices are all that it knows.
            text = _("%(filter)s: “%(value)s” is not known") % {
                "filter": capfirst(str(spec.title)),
                "value": changelist.params[used[0]],
            }
            yield _chip(changelist, text, used, is_known=False)
        else:
            yield from (_lookup_chip(changelist, name) for name in used)


def _lookup_chips(changelist: ListChangeList) -> Iterator[Chip]:
    """Yield what is asked for in the address past the filters, such as by a link to this list."""
    told = {name for spec in changelist.filter_specs for name in spec.expected_parameters() or []}
    for name in changelist.get_filters_params():
        if name not in told and name != changelist.state_parameter:
            yield _lookup_chip(changelist, name)


def _describe(spec: ListFilter, changelist: ListChangeList) -> str:
    """Return what a filter is set to; a filter may say so itself, by ``describe``."""
    if hasattr(spec, "describe"):
        return str(spec.describe())
    _first, *choices = spec.choices(changelist)
    return ", ".join(str(choice["display"]) for choice in choices if choice["selected"])


def _lookup_chip(changelist: ListChangeList, name: str) -> Chip:
    path, _sep, lookup = name.rpartition(LOOKUP_SEP)
    if lookup not in _LOOKUPS:
        path, lookup = name, "exact"
    field = _find_field(changelist.model, path)
    title = str(field.verbose_name) if field is not None else path.replace(LOOKUP_SEP, " ")
    values = str(changelist.params[name]).split(",") if lookup == "in" else [str(changelist.params[name])]
    value = ", ".join(_value_in_words(value, field) for value in values)
    return _chip(changelist, capfirst(_LOOKUPS[lookup] % {"field": title, "value": value}), [name])


def _find_field(model: type[Model], path: str) -> Field[Any, Any] | None:
    try:
        field = get_fields_from_path(model, path)[-1]
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None


def _value_in_words(value: str, field: Field[Any, Any] | None) -> str:
    labels = {str(one): str(label) for one, label in getattr(field, "flatchoices", [])}
    if value in labels:
        return labels[value]
    try:
        instant = parse_datetime(value)
    except ValueError:  # well formed, but no such day
        return value
    if instant is None:
        return value
    local = timezone.localtime(instant) if timezone.is_aware(instant) else instant
    return f"{local:%-d %b %Y %H:%M}"


def _chip(changelist: ListChangeList, text: str, names: Collection[str], *, is_known: bool = True) -> Chip:
    return Chip(text, without(changelist.filter_params, names), tuple(names), is_known)
