"""What providers send: answers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.leads.models.assignment import DeclineReason

__all__ = ["DeclineForm"]

NOTE_LENGTH_MAX = 500


class DeclineForm(forms.Form):
    """Why a provider leaves a lead to others."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say why, so that better leads come next time.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": NOTE_LENGTH_MAX}),
    )
