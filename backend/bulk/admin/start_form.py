"""What is asked before a run starts: the arguments for all objects, consents, and the count of what is dangerous."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from backend.bulk.machines import bulk_arguments
from backend.bulk.models import BulkRun
from backend.bulk.selectors import Consents, Forecast, count_moving
from workflows.admin.forms import ArgumentForm, argument_form, field_for, is_consent

__all__ = ["StartForm", "build_start_form"]

CONFIRM = "confirm_count"


class StartForm:
    """The form of a run that is ready, judged by its forecast."""

    def __init__(self, form: ArgumentForm, forecast: list[Forecast], *, is_dangerous: bool) -> None:
        self.fields = form
        self._forecast = forecast
        self._is_dangerous = is_dangerous

    def is_valid(self) -> bool:
        """Return whether everything needed was given, at least one object moves, and the number is right."""
        if not self.fields.is_valid():
            return False
        count = self.count
        if not count:
            self.fields.add_error(None, _("Nothing would move: there is nothing to start."))
        elif self._is_dangerous and self.fields.cleaned_data[CONFIRM] != count:
            text = _("Type %(count)d, the number of those that would move now.") % {"count": count}
            self.fields.add_error(CONFIRM, text)
        return not self.fields.errors

    @property
    def count(self) -> int:
        """Return how many would move with the consents that were given."""
        given: Consents = frozenset(name for name, value in self.arguments.items() if value is True)
        return count_moving(self._forecast, given)

    @property
    def arguments(self) -> dict[str, Any]:
        """Return what each call is to be given."""
        return self.fields.given()


def build_start_form(
    run: BulkRun, forecast: list[Forecast], *, data: Mapping[str, Any] | None = None
) -> StartForm:
    """Return the form: a consent is asked for only where an object would move with it, and never ticked before."""
    asked = {name for group in forecast for name in group.consents}
    arguments = tuple(
        argument
        for argument in bulk_arguments(run.move)
        if not is_consent(argument) or argument.name in asked
    )
    fields = {argument.name: field_for(argument) for argument in arguments}
    if run.move.is_dangerous:
        label = _("Number of those that move")
        text = _("Type it: this ends them, and each must be taken back on its own.")
        fields[CONFIRM] = forms.IntegerField(label=label, help_text=text)
    form = argument_form(fields, arguments, data=data)
    return StartForm(form, forecast, is_dangerous=run.move.is_dangerous)
