"""The form of a lead, with its contact in the same form."""

from __future__ import annotations

import copy
import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from backend.leads.admin.place_form import PlaceForm
from backend.leads.models import Lead, LeadContact

__all__ = ["CONTACT_FIELDS", "LeadForm", "LeadWithContactForm"]

CONTACT_FIELDS = ("contact_name", "contact_email", "contact_phone")
_PREFIX = "contact_"


class LeadForm(PlaceForm):
    """What is asked for, where and when."""

    class Meta:
        model = Lead
        fields = "__all__"
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 4})}

    def clean_deadline_at(self) -> datetime.datetime | None:
        """Return the deadline.  Raises: ValidationError when a lead that exists would have none."""
        deadline: datetime.datetime | None = self.cleaned_data["deadline_at"]
        if deadline is None and self.instance.pk:
            raise ValidationError(_("Say until when it may be offered."))
        return deadline


class LeadWithContactForm(LeadForm):
    """The same, with the contact: for whoever may change it."""

    contact_name = forms.CharField(
        label=_("Client"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget()
    )
    contact_email = forms.EmailField(label=_("E-mail"), required=False, widget=UnfoldAdminEmailInputWidget())
    contact_phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "tel", "placeholder": "+49 170 1234567"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.contact_id:
            for name in CONTACT_FIELDS:
                self.fields[name].initial = getattr(self.instance.contact, name.removeprefix(_PREFIX))

    def clean(self) -> dict[str, Any]:
        """Check the contact by its own rules as well; what is wrong is said beside its field."""
        given = super().clean()
        contact = self.get_contact()
        try:
            contact.full_clean(validate_constraints=False)  # `clean` says it in better words
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                field = f"{_PREFIX}{name}"
                if field not in self.errors:
                    self.add_error(field if field in self.fields else None, errors)
        return given

    def get_contact(self) -> LeadContact:
        """Return the contact as the form has it; it is not saved."""
        contact = copy.copy(self.instance.contact) if self.instance.contact_id else LeadContact()
        for name in CONTACT_FIELDS:
            setattr(contact, name.removeprefix(_PREFIX), self.cleaned_data.get(name, ""))
        contact.set_keys()
        return contact

    @property
    def has_changed_contact(self) -> bool:
        """Return whether something of the contact was changed."""
        return not set(CONTACT_FIELDS).isdisjoint(self.changed_data)
