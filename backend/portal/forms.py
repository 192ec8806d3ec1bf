"""What people send from their pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from backend.leads.models.assignment import DeclineReason
from backend.notifications.models import Digest, Preferences
from backend.notifications.selectors import ChannelRow
from backend.notifications.services import save_preferences, save_webhook_endpoint, set_channel_choice
from backend.notifications.telephone import to_e164
from backend.users.models import User

__all__ = ["DeclineForm", "PreferencesForm", "WebhookForm"]

NOTE_LENGTH_MAX = 500


class DeclineForm(forms.Form):
    """Why a provider leaves a lead to others."""

    reason = forms.ChoiceField(
        choices=DeclineReason.choices,
        error_messages={"required": _("Say why, so that better leads come next time.")},
    )
    note = forms.CharField(required=False, max_length=NOTE_LENGTH_MAX)


class PreferencesForm(forms.Form):
    """How a person wants to be told: the whole of the table, and when."""

    phone = forms.CharField(
        label=_("Phone for SMS"),
        required=False,
        max_length=40,
        help_text=_("With the country’s code: +49 170 1234567. Empty: no SMS."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False)
    quiet_until = forms.TimeField(
        label=_("Quiet until"), required=False, help_text=_("May lie on the next day.")
    )
    digest = forms.ChoiceField(label=_("E-mails come"), choices=Digest.choices)
    digest_at = forms.TimeField(
        label=_("Daily e-mail at"), help_text=_("What would be too late by then comes at once.")
    )

    def __init__(self, preferences: Preferences, data: Any = None) -> None:
        names = ("phone", "quiet_from", "quiet_until", "digest", "digest_at")
        super().__init__(data, initial={name: getattr(preferences, name) for name in names})
        for name in ("quiet_from", "quiet_until", "digest_at"):
            self.fields[name].widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def clean_phone(self) -> str:
        """Return the number in E.164.  Raises: ValidationError when it is none."""
        phone: str = self.cleaned_data["phone"]
        return to_e164(phone) if phone else ""

    def save(self, user: User, table: tuple[ChannelRow, ...]) -> bool:
        """Save everything or nothing, and return whether it was saved; if not, the form says why."""
        try:
            with transaction.atomic():
                save_preferences(user, **{**self.cleaned_data, "digest": Digest(self.cleaned_data["digest"])})
                for row in table:
                    self._save_row(user, row)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True

    def _save_row(self, user: User, row: ChannelRow) -> None:
        checked = cast(QueryDict, self.data).getlist(row.type)
        for cell in row.cells:
            if not cell.is_fixed:
                set_channel_choice(user, row.type, cell.channel, is_on=cell.channel in checked)


class WebhookForm(forms.Form):
    """The address of a person's own system; empty: it is not called."""

    url = forms.CharField(
        label=_("Address of your system"),
        required=False,
        max_length=500,
        help_text=_("Starts with https://. Empty: nothing is called."),
        widget=forms.TextInput(attrs={"type": "url", "placeholder": "https://", "autocomplete": "off"}),
    )

    def save(self, user: User) -> bool:
        """Save the address, and return whether it was saved; if not, the form says why."""
        try:
            save_webhook_endpoint(user, self.cleaned_data["url"])
        except ValidationError as error:
            self.add_error("url", error)
            return False
        return True
