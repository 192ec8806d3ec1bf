"""The lists behind the figures: their addresses, for whoever may open them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode

from backend.leads.admin.list_filters import format_span
from backend.leads.figures.scope import Scope, Span
from backend.leads.models import Lead, LeadAssignment
from backend.users.models import ProviderProfile, User

__all__ = ["Addresses", "made_in"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of lists as one reader may open them, within a scope."""

    user: User | AnonymousUser
    scope: Scope

    def may_open(self, model: type[Model]) -> bool:
        """Return whether the reader may open the list of a model."""
        return self.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")

    def of(self, model: type[Model], **filters: Any) -> str:
        """Return the address of a list with filters; spans are written as the lists' filters read them."""
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        words = {
            name: format_span(value) if isinstance(value, Span) else value for name, value in filters.items()
        }
        return f"{page}?{urlencode(words)}" if words else page

    def leads(self, **filters: Any) -> str:
        """Return the address of a list of leads, of the chosen category alone."""
        return self.of(Lead, **filters, **self._category("category__id__exact"))

    def offers(self, **filters: Any) -> str:
        """Return the address of a list of offers, of the chosen category alone."""
        return self.of(LeadAssignment, **filters, **self._category("lead__category__id__exact"))

    def providers(self, **filters: Any) -> str:
        """Return the address of a list of providers, of those alone that offer the chosen category."""
        return self.of(ProviderProfile, **filters, **self._category("categories__id__exact"))

    def page(self, name: str) -> str:
        """Return the address of another page of figures, by its name: of the same period and category."""
        return f"{reverse(name)}?{urlencode({'days': self.scope.days, **self._category('category')})}"

    def _category(self, parameter: str) -> dict[str, int]:
        return {} if self.scope.category_id is None else {parameter: self.scope.category_id}


def made_in(span: Span) -> dict[str, str]:
    """Return the filters of what was created in a span."""
    return {"created_at__gte": span.since.isoformat(), "created_at__lt": span.until.isoformat()}
