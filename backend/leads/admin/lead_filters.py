"""Filters of the list of leads by what a lead is: what for, how urgent, whence, how old."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.catalog.models import Category
from backend.leads.admin.select_filter import SelectFilter
from backend.leads.figures.scope import PERIODS_DAYS, Scope
from backend.leads.models import Lead, Urgency
from backend.leads.selectors import list_sources
from backend.leads.terms_in_force import read_terms_book
from workflows import clock
from workflows.admin.durations import describe_duration

__all__ = ["AgeFilter", "CategoryFilter", "SourceFilter", "UrgencyFilter"]

_OPEN = (Lead.Status.NEW, Lead.Status.VERIFIED, Lead.Status.QUOTED)


class CategoryFilter(SelectFilter):
    """What is asked for."""

    title = gettext_lazy("category")
    parameter_name = "category__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the categories."""
        return [(str(pk), name) for pk, name in Category.objects.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads of the chosen category."""
        chosen = [option.value for option in self.list_options() if option.is_chosen]
        return queryset.filter(category__in=chosen) if chosen else queryset


class UrgencyFilter(SelectFilter):
    """How soon the client wants it."""

    title = gettext_lazy("urgency")
    parameter_name = "urgency__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the urgencies."""
        return list(Urgency.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads of the chosen urgency."""
        value = self.value()
        return queryset.filter(urgency=value) if value in Urgency.values else queryset


class SourceFilter(SelectFilter):
    """Where leads come in."""

    title = gettext_lazy("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the sources from which any lead has come in."""
        return [(source, source) for source in list_sources()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads from the chosen source."""
        chosen = [option.value for option in self.list_options() if option.is_chosen]
        return queryset.filter(source__in=chosen) if chosen else queryset


class AgeFilter(SelectFilter):
    """When a lead came in, and what has waited too long."""

    title = gettext_lazy("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the ages; one limit is that of the market's terms."""
        self.verify_within = read_terms_book().market.verify_within
        return [
            ("today", _("Came in today")),
            *((str(days), _("Came in within %(days)d days") % {"days": days}) for days in PERIODS_DAYS),
            ("waiting", _("New for longer than %(time)s") % {"time": describe_duration(self.verify_within)}),
            ("overdue", _("Overdue: open past its deadline")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads of the chosen age."""
        condition = self._condition(self.value() or "", now=clock.now())
        return queryset.filter(condition) if condition is not None else queryset

    def _condition(self, value: str, *, now: Any) -> Q | None:
        if value == "waiting":
            return Q(status=Lead.Status.NEW, state_since__lte=now - self.verify_within)
        if value == "overdue":
            return Q(status__in=_OPEN, deadline_at__lte=now)
        days = {"today": 1, **{str(days): days for days in PERIODS_DAYS}}.get(value)
        return Q(created_at__gte=Scope(now, days=days).span.since) if days else None
