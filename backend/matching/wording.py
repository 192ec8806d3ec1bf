"""Features in words: what a value from 0 to 1 means in kilometres, minutes, offers and stars.

Decisions keep the values, and of late what stands behind some of them; older ones are told from the values alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.matching.features import (
    EXPERIENCE_SCALE_OFFERS,
    FEATURES,
    IDLE_SCALE_DAYS,
    NEUTRAL_RATING,
    RESPONSE_SCALE_H,
    TENURE_SCALE_DAYS,
    WAIT_MAX_H,
)

__all__ = ["Known", "put_in_words"]

_NEUTRAL: Mapping[str, float] = MappingProxyType({feature.name: feature.neutral for feature in FEATURES})

# Values are kept with four digits: closer to an end than this they stand for the end.
_DIGIT = 0.00005


@dataclass(frozen=True, slots=True)
class Known:
    """What a decision keeps of a candidate beside the values; None: it does not say."""

    distance_km: float | None = None
    open_offers: int | None = None
    open_offers_max: int | None = None
    offers_total: int | None = None


def put_in_words(feature: str, value: float, *, known: Known) -> str:
    """Return what a value of a feature means; of a feature that there is no more, its name and the number."""
    phrase = _PHRASES.get(feature)
    return phrase(value, known) if phrase else f"{feature.replace('_', ' ')} {value:.2f}"


def _distance(value: float, known: Known) -> str:
    if known.distance_km is None:
        return _("%(share)d %% of the way to its rim") % {"share": round(100 * value)}
    words = {"km": f"{known.distance_km:.0f}" if known.distance_km >= 10 else f"{known.distance_km:.1f}"}
    if not _DIGIT < value < 1 - _DIGIT:
        return _("%(km)s km away") % words
    return _("%(km)s km away, where it goes %(reach)d km") % {
        **words,
        "reach": round(known.distance_km / value),
    }


def _load(value: float, known: Known) -> str:
    if known.open_offers is None or known.open_offers_max is None:
        return _("%(share)d %% of its open offers taken") % {"share": round(100 * value)}
    return _("%(open)d of %(all)d open offers taken") % {
        "open": known.open_offers,
        "all": known.open_offers_max,
    }


def _price(value: float, _known: Known) -> str:
    if abs(value - _NEUTRAL["price_fit"]) < _DIGIT:
        return _("budget not known, or some less than its usual price")
    if value > 1 - _DIGIT:
        return _("the budget covers its usual price")
    if value < _DIGIT:
        return _("the budget is half its usual price or less")
    return _("the budget covers %(share)d %% of its usual price") % {"share": round(50 * (value + 1))}


def _rating(value: float, _known: Known) -> str:
    if abs(value - _NEUTRAL["rating"]) < _DIGIT:
        return _("no reviews yet, or %(stars).1f stars") % {"stars": NEUTRAL_RATING}
    return _("%(stars).1f stars") % {"stars": 1 + 4 * value}


def _idle(value: float, _known: Known) -> str:
    if value > 1 - _DIGIT:
        return _("no offer yet, or none for months")
    return _("last offer %(time)s ago") % {"time": _time(24 * _unsaturate(value, scale=IDLE_SCALE_DAYS))}


def _tenure(value: float, _known: Known) -> str:
    if value > 1 - _DIGIT:
        return _("joined years ago")
    return _("joined %(time)s ago") % {"time": _time(24 * _unsaturate(value, scale=TENURE_SCALE_DAYS))}


def _experience(value: float, known: Known) -> str:
    offers = known.offers_total
    if offers is None:
        offers = round(_unsaturate(min(value, 1 - _DIGIT), scale=EXPERIENCE_SCALE_OFFERS))
    if not offers:
        return _("no offers so far")
    return ngettext("%(n)d offer so far", "%(n)d offers so far", offers) % {"n": offers}


def _opening(value: float, _known: Known) -> str:
    if value > 1 - _DIGIT:
        return _("open now")
    if value < _DIGIT:
        return _("opens in a day or later")
    return _("opens in %(time)s") % {"time": _time(WAIT_MAX_H * (1 - value))}


def _acceptance(value: float, _known: Known) -> str:
    return _("accepts %(share)d %% of its offers") % {"share": round(100 * value)}


def _response(value: float, _known: Known) -> str:
    return _("answers within %(time)s") % {"time": _time(RESPONSE_SCALE_H * (1 / max(value, _DIGIT) - 1))}


def _wins(value: float, _known: Known) -> str:
    return _("wins %(share)d %% of what it accepts") % {"share": round(100 * value)}


_PHRASES: Mapping[str, Callable[[float, Known], str]] = MappingProxyType(
    {
        "distance_ratio": _distance,
        "load_ratio": _load,
        "price_fit": _price,
        "rating": _rating,
        "idle": _idle,
        "tenure": _tenure,
        "experience": _experience,
        "open_soon": _opening,
        "acceptance": _acceptance,
        "responsiveness": _response,
        "win_rate": _wins,
    }
)


def _unsaturate(value: float, *, scale: float) -> float:
    """Return the amount whose saturated value this is: 0.63 is the scale."""
    return -scale * math.log1p(-value)


def _time(hours: float) -> str:
    """Return a time in words, as coarse as it is long."""
    if hours < 1:
        return _("%(n)d min") % {"n": max(1, round(60 * hours))}
    if hours < 48:
        return _("%(n)s h") % {"n": f"{hours:.1f}".removesuffix(".0") if hours < 10 else round(hours)}
    days = round(hours / 24)
    if days < 60:
        return _("%(n)d days") % {"n": days}
    if days < 730:
        return _("%(n)d months") % {"n": round(days / 30.4)}
    return _("%(n)d years") % {"n": round(days / 365.25)}
