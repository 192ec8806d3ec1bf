"""What a process map tells of, as it stands in its address: the span of days, and related objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from django import forms
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Field, Model, QuerySet
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowModel
from workflows.process_map import Period

__all__ = ["MapFilters", "PeriodChoice"]

ALL = "all"
DEFAULT = "30"
_DAYS = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), ALL: _("All time")}

PeriodChoice = tuple[str, Any, bool]
"""The words of a period, the query of its address, and whether it is the present one."""


class MapFilters(forms.Form):
    """``days`` is one of a few spans that end today; dates take its place.  Beside them a field for each relation,
    by its path.  An address that makes no sense shows nothing, and says why.
    """

    days = forms.ChoiceField(required=False, choices=list(_DAYS.items()), widget=forms.HiddenInput)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, query: QueryDict, *, model: type[WorkflowModel], paths: Sequence[str]) -> None:
        """Read what is in the address; ``paths`` lead from the model to the relations that it may be narrowed by."""
        # Labels of its own: Django's ":" after each is a matter of language.
        super().__init__(query, label_suffix="")
        self.paths = tuple(paths)
        self._model = model
        fields = cast(dict[str, Any], self.fields)
        for path in self.paths:
            fields[path] = _field_of(_related_field(model, path))

    @property
    def period(self) -> Period:
        """Return the span of days; that of a form with errors is the default one."""
        chosen = getattr(self, "cleaned_data", {})
        since, until = chosen.get("since"), chosen.get("until")
        if since or until:
            return Period(since=since, until=until)
        days = chosen.get("days") or DEFAULT
        return Period() if days == ALL else Period.last(int(days))

    @property
    def is_narrow(self) -> bool:
        """Return whether anything but the days is filtered."""
        return any(self.data.get(path) for path in self.paths)

    def clean(self) -> dict[str, Any]:
        """Raise: ValidationError when the range of dates ends before it begins."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The range ends before it begins."))
        return self.cleaned_data

    def objects(self) -> QuerySet[Any] | None:
        """Return the objects that are asked of, None for all."""
        chosen = {path: self.cleaned_data[path] for path in self.paths if self.cleaned_data.get(path)}
        return self._model._base_manager.filter(**chosen) if chosen else None

    def list_query(self) -> dict[str, Any]:
        """Return what narrows the list of the model in the same way, by the parameters of Django's own filters."""
        return {
            f"{path}__{_key_name(self._model, path)}__exact": self.cleaned_data[path].pk
            for path in self.paths
            if self.cleaned_data.get(path)
        }

    def period_choices(self) -> Iterator[PeriodChoice]:
        """Yield the spans that end today, with what else is filtered."""
        has_dates = bool(self.data.get("since") or self.data.get("until"))
        present = "" if has_dates else (self.data.get("days") or DEFAULT)
        for days, label in _DAYS.items():
            query = QueryDict(mutable=True)
            query["days"] = days
            for path in self.paths:
                if value := self.data.get(path):
                    query[path] = value
            yield str(label), query.urlencode(), days == present


def _related_field(model: type[WorkflowModel], path: str) -> Field[Any, Any]:
    return get_fields_from_path(model, path)[-1]


def _key_name(model: type[WorkflowModel], path: str) -> str:
    related = cast("type[Model]", _related_field(model, path).related_model)
    return related._meta.pk.name


def _field_of(field: Field[Any, Any]) -> forms.Field:
    related = cast("type[Model]", field.related_model)
    return forms.ModelChoiceField(
        queryset=related._default_manager.all(),
        label=capfirst(str(related._meta.verbose_name)),
        required=False,
        empty_label=str(_("All")),
    )
