"""Filters that are fields of one form: several are set at once, and each says in its chip what it is set to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _

__all__ = ["Option", "SelectFilter"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a filter, as it stands in the address and as it reads."""

    value: str
    label: str
    is_chosen: bool


class SelectFilter(admin.SimpleListFilter):
    """A filter shown as a drop-down list; a value that is none of its options filters nothing."""

    template = "leads/admin/filters/select.html"

    def has_output(self) -> bool:
        """Return whether there is anything to choose, or was when the address was written."""
        return super().has_output() or self.value() is not None

    def list_options(self) -> list[Option]:
        """Return the options beside "all"."""
        return [
            Option(str(value), str(label), is_chosen=str(value) == self.value())
            for value, label in self.lookup_choices
        ]

    def choices(self, changelist: Any) -> Any:
        """Yield the options as Django's own filters do: "all", then each with its address."""
        parameter = str(self.parameter_name)
        everything = changelist.get_query_string({parameter: None})
        yield {"selected": self.value() is None, "query_string": everything, "display": _("All")}
        for option in self.list_options():
            query = changelist.get_query_string({parameter: option.value})
            yield {"selected": option.is_chosen, "query_string": query, "display": option.label}
