"""Filters of the lists of leads and offers: what the dashboard's figures link to, and what staff ask besides."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from backend.leads.admin.select_filter import Option, SelectFilter
from backend.leads.figures.milestones import (
    CLOSED_BY_PROVIDER,
    Answer,
    Stage,
    answer_of_offer,
    first_accepted_in,
    first_verified_in,
    has_no_offer,
    has_reached,
    lacks_providers,
)
from backend.leads.figures.newcomers import Wait, has_waited
from backend.leads.figures.scope import PERIODS_DAYS, Scope, Span
from workflows import clock

__all__ = [
    "AcceptedFilter",
    "AnswerFilter",
    "ChosenByFilter",
    "FirstOfferFilter",
    "OffersFilter",
    "ReachedFilter",
    "UnreachedFilter",
    "VerifiedFilter",
    "format_span",
    "parse_span",
]

_BETWEEN = ".."


def format_span(span: Span) -> str:
    """Return a span as it stands in an address: ``2026-10-26T00:00:00+00:00..2026-11-24T09:30:00+00:00``."""
    return f"{span.since.isoformat()}{_BETWEEN}{span.until.isoformat()}"


def parse_span(words: str) -> Span | None:
    """Return the span that :func:`format_span` wrote; None when it is none."""
    since, until = (_parse_instant(word) for word in words.partition(_BETWEEN)[::2])
    return Span(since, until) if since and until else None


def _parse_instant(word: str) -> datetime.datetime | None:
    try:
        instant = parse_datetime(word)
    except ValueError:  # well formed, but no such day
        return None
    return timezone.make_aware(instant) if instant and timezone.is_naive(instant) else instant


class ReachedFilter(SelectFilter):
    """How far a lead has once come."""

    title = _("came as far as")
    parameter_name = "reached"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the stages."""
        return list(Stage.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads that have reached the chosen stage."""
        value = self.value()
        return queryset.filter(has_reached(Stage(value))) if value in Stage.values else queryset


class UnreachedFilter(ReachedFilter):
    """How far a lead has never come."""

    title = _("never came as far as")
    parameter_name = "unreached"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads that have not reached the chosen stage."""
        value = self.value()
        return queryset.filter(~has_reached(Stage(value))) if value in Stage.values else queryset


class OffersFilter(SelectFilter):
    """Whether an open lead finds providers."""

    title = _("offers")
    parameter_name = "offers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return what may be missing."""
        return [("none", _("None open or accepted")), ("lacking", _("Fewer than wanted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the verified leads that miss it."""
        condition = {"none": has_no_offer, "lacking": lacks_providers}.get(self.value() or "")
        return queryset.filter(condition()) if condition else queryset


class SpanFilter(SelectFilter):
    """When something first happened: in the last days, or in any span that an address names."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the periods of the dashboard."""
        return [(str(days), _("In the last %(days)d days") % {"days": days}) for days in PERIODS_DAYS]

    def list_options(self) -> list[Option]:
        """Return the periods, and the span in the address where it is another one."""
        span = parse_span(self.value() or "")
        if span is None:
            return super().list_options()
        since, until = (timezone.localtime(instant) for instant in (span.since, span.until))
        words = f"{since:%-d %b %H:%M} – {until:%-d %b %H:%M}"
        return [*super().list_options(), Option(self.value() or "", words, is_chosen=True)]

    def get_span(self) -> Span | None:
        """Return the chosen span; None when there is none."""
        value = self.value() or ""
        if value in map(str, PERIODS_DAYS):
            return Scope(clock.now(), days=int(value)).span
        return parse_span(value)


class VerifiedFilter(SpanFilter):
    """When a lead was first verified."""

    title = _("first verified")
    parameter_name = "verified"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads that were first verified in the chosen span."""
        span = self.get_span()
        return queryset.filter(first_verified_in(span)) if span else queryset


class AcceptedFilter(SpanFilter):
    """When a provider first accepted or claimed a lead."""

    title = _("first accepted")
    parameter_name = "accepted"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the leads that were first accepted in the chosen span."""
        span = self.get_span()
        return queryset.filter(first_accepted_in(span)) if span else queryset


class AnswerFilter(SelectFilter):
    """What became of an offer; ``closed``: a provider answered it or let it run out."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the answers."""
        return [*Answer.choices, ("closed", _("Accepted, declined or expired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the offers with the chosen answer."""
        chosen = {answer.value: (answer,) for answer in Answer}
        answers = {**chosen, "closed": CLOSED_BY_PROVIDER}.get(self.value() or "")
        return queryset.alias(answer=answer_of_offer()).filter(answer__in=answers) if answers else queryset


class ChosenByFilter(SelectFilter):
    """Who chose the provider of an offer; of one that was claimed, nobody did."""

    title = _("chosen by")
    parameter_name = "chosen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return who may choose."""
        return [
            ("ranking", _("Ranking")),
            ("chance", _("Ranking, drawn by chance")),
            ("hand", _("Staff, by hand")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the offers that were chosen so."""
        conditions = {
            "ranking": Q(predicted__isnull=False),
            "chance": Q(propensity__gt=0, propensity__lt=1),
            "hand": Q(decision__is_by_hand=True),
        }
        condition = conditions.get(self.value() or "")
        return queryset.filter(condition) if condition else queryset


class FirstOfferFilter(SelectFilter):
    """How long a provider has waited for its first offer."""

    title = _("waits for its first offer")
    parameter_name = "first_offer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return how long it may have waited, and all newcomers."""
        return [("newcomer", _("Newcomers")), *Wait.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the active providers that have never had an offer, and have waited for so long."""
        value = self.value()
        if value not in ("newcomer", *Wait.values):
            return queryset
        waits = (
            [wait for wait in Wait if wait is not Wait.SETTLED_IN] if value == "newcomer" else [Wait(value)]
        )
        now = clock.now()
        return queryset.filter(Q(*(has_waited(wait, now=now) for wait in waits), _connector=Q.OR))
