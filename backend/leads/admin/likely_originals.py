"""Which leads one may repeat, and what they have in common: for the comparison before it ends as a duplicate."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from backend.leads.models import Lead
from backend.matching.geography import distance_between
from workflows.admin.durations import describe_duration

__all__ = ["LIKELY_MAX", "Likely", "describe_likeness", "list_likely_originals"]

LIKELY_MAX = 4
"""Originals that are compared at once: more are too many to read."""

_LOOKED_AT_MAX = 50
_NEAR_KM = 10
_CLOSE_IN_TIME = datetime.timedelta(days=30)
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Likely:
    """A lead that may be the original, and why it is thought so; the more reasons, the likelier."""

    lead: Lead
    reasons: tuple[str, ...]
    distance_km: float


def list_likely_originals(lead: Lead, among: QuerySet[Lead]) -> tuple[Likely, ...]:
    """Return the likeliest originals: of the same contact, or the same job nearby in the same month; likeliest first.

    One statement.
    """
    same_contact = _is_same_contact(lead)
    same_job = Q(category=lead.category_id) & _is_near(lead) & _is_close_in_time(lead)
    of_same_contact = Case(When(same_contact, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = among.filter(same_contact | same_job).order_by(of_same_contact, "-created_at", "-pk")
    likely = [describe_likeness(lead, other) for other in found[:_LOOKED_AT_MAX]]
    likely.sort(key=lambda one: (-len(one.reasons), abs(one.lead.created_at - lead.created_at)))
    return tuple(likely[:LIKELY_MAX])


def describe_likeness(lead: Lead, other: Lead) -> Likely:
    """Say what two leads have in common; it does not say which e-mail address or number."""
    distance_km = distance_between((lead.latitude, lead.longitude), (other.latitude, other.longitude))
    apart = abs(other.created_at - lead.created_at)
    signs = (
        (_is_same(lead.contact.email_key, other.contact.email_key), _("same e-mail")),
        (_is_same(lead.contact.phone_key, other.contact.phone_key), _("same phone")),
        (other.category_id == lead.category_id, _("same category")),
        (distance_km <= _NEAR_KM, _("%(km).1f km away") % {"km": distance_km}),
        (apart <= _CLOSE_IN_TIME, _time_in_words(lead, other)),
    )
    return Likely(other, tuple(text for holds, text in signs if holds), distance_km)


def _time_in_words(lead: Lead, other: Lead) -> str:
    apart = {"time": describe_duration(abs(other.created_at - lead.created_at))}
    is_earlier = other.created_at <= lead.created_at
    return _("%(time)s earlier") % apart if is_earlier else _("%(time)s later") % apart


def _is_same(one: str, other: str) -> bool:
    return bool(one) and one == other


def _is_same_contact(lead: Lead) -> Q:
    keys: Iterable[tuple[str, str]] = (
        ("contact__email_key", lead.contact.email_key),
        ("contact__phone_key", lead.contact.phone_key),
    )
    # Of nobody known, nothing is the same: a condition that never holds.
    same = Q(pk__in=[])
    for field, key in keys:
        if key:
            same |= Q(**{field: key})
    return same


def _is_near(lead: Lead) -> Q:
    """Return a box around the lead; at the poles it is as wide as the globe."""
    north = _NEAR_KM / _KM_PER_DEGREE
    east = min(180.0, north / max(math.cos(math.radians(lead.latitude)), 1e-6))
    return Q(
        latitude__range=(lead.latitude - north, lead.latitude + north),
        longitude__range=(lead.longitude - east, lead.longitude + east),
    )


def _is_close_in_time(lead: Lead) -> Q:
    return Q(created_at__range=(lead.created_at - _CLOSE_IN_TIME, lead.created_at + _CLOSE_IN_TIME))
