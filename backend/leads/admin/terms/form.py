"""The form of a draft: all terms of the market, or those in which a category differs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backend.leads.models import TermsVersion
from backend.leads.terms import MARKET_TERMS, TERMS_BY_CATEGORY
from backend.leads.terms_in_force import read_terms_book

__all__ = ["CategoryTermsForm", "MarketTermsForm"]


class MarketTermsForm(forms.ModelForm):  # type: ignore[type-arg]  # Django wants it bare
    """Every term must be said."""

    class Meta:
        model = TermsVersion
        fields = ["why", *MARKET_TERMS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Where a version is only looked at, the form has no fields.
        for name in self.fields.keys() & set(MARKET_TERMS):
            self.fields[name].required = True


class CategoryTermsForm(forms.ModelForm):  # type: ignore[type-arg]  # Django wants it bare
    """What stays empty is as the market has it: that value shows in the field."""

    class Meta:
        model = TermsVersion
        fields = ["category", "why", *TERMS_BY_CATEGORY]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        market = read_terms_book().market
        for name in self.fields.keys() & set(TERMS_BY_CATEGORY):
            self.fields[name].widget.attrs["placeholder"] = str(getattr(market, name))
        if "category" in self.fields:
            self.fields["category"].required = True
            self.fields["category"].help_text = _("It follows the market in what stays empty below.")
