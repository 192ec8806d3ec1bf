"""The form of a provider."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from backend.leads.admin.place_form import PlaceForm, SuggestingTextInput
from backend.users.models import Language, ProviderProfile

__all__ = ["ProviderForm"]


class ProviderForm(PlaceForm):
    """A provider: lists are ticked, a holiday has both ends."""

    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        choices=Language.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("Leads in other languages are not offered to it."),
    )
    open_weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Open on"),
        choices=[(day + 1, name) for day, name in WEEKDAYS.items()],
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("None ticked: every day."),
    )

    class Meta:
        model = ProviderProfile
        fields = "__all__"
        # Said once, for the pair of fields.
        help_texts = {"closes_at": "", "holiday_until_date": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            self.fields["time_zone"].widget = SuggestingTextInput(sorted(zoneinfo.available_timezones()))

    def clean(self) -> dict[str, Any]:
        """Check that a holiday has both ends, in order."""
        given = super().clean()
        start, end = given.get("holiday_from_date"), given.get("holiday_until_date")
        if bool(start) != bool(end):
            self.add_error(
                "holiday_until_date" if start else "holiday_from_date", _("Give both days, or none.")
            )
        elif start and end and end < start:
            self.add_error("holiday_until_date", _("The holiday ends before it begins."))
        return given
