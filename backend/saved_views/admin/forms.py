"""The forms of saved views."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from backend.saved_views.models import SavedView
from workflows.admin.lists.address import describing

__all__ = ["SaveForm", "ViewForm"]


class ViewForm(forms.ModelForm):  # type: ignore[type-arg]  # generic by the stubs alone
    """How a view is called, and whether it opens first."""

    class Meta:
        model = SavedView
        fields = ["name", "is_default"]


class SaveForm(ViewForm):
    """What is saved, and under which name; ``replaces``: the view of that name may be overwritten."""

    query = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.HiddenInput,
        error_messages={"max_length": _("These filters are too long to be saved.")},
    )
    replaces = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        """Return what says which objects are listed, in which order."""
        return describing(QueryDict(self.cleaned_data["query"])).urlencode()
