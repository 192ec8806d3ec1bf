"""Features in words: each at its ends and between, of decisions that keep much or little."""

from __future__ import annotations

import math
from io import StringIO

import pytest
from django.core.management import call_command

from backend.matching.features import FEATURES
from backend.matching.wording import Known, put_in_words

KNOWN = Known(distance_km=4.2, open_offers=6, open_offers_max=8, offers_total=12)
LITTLE = Known()


def after(amount: float, *, scale: float) -> float:
    """Return a value as decisions keep it."""
    return round(1 - math.exp(-amount / scale), 4)


@pytest.mark.parametrize(
    ("feature", "value", "known", "words"),
    [
        ("distance_ratio", 0.21, KNOWN, "4.2 km away, where it goes 20 km"),
        ("distance_ratio", 1.0, Known(distance_km=255.3), "255 km away"),
        ("distance_ratio", 0.0, Known(distance_km=0.0), "0.0 km away"),
        ("distance_ratio", 0.21, LITTLE, "21 % of the way to its rim"),
        ("load_ratio", 0.75, KNOWN, "6 of 8 open offers taken"),
        ("load_ratio", 0.75, LITTLE, "75 % of its open offers taken"),
        ("price_fit", 1.0, KNOWN, "the budget covers its usual price"),
        ("price_fit", 0.6, KNOWN, "the budget covers 80 % of its usual price"),
        ("price_fit", 0.0, KNOWN, "the budget is half its usual price or less"),
        ("price_fit", 0.75, KNOWN, "budget not known, or some less than its usual price"),
        ("rating", 0.9, KNOWN, "4.6 stars"),
        ("rating", 0.7, KNOWN, "no reviews yet, or 3.8 stars"),
        ("idle", after(5 / 24, scale=7), KNOWN, "last offer 5 h ago"),
        ("idle", after(3, scale=7), KNOWN, "last offer 3 days ago"),
        ("idle", 1.0, KNOWN, "no offer yet, or none for months"),
        ("tenure", after(120, scale=180), KNOWN, "joined 4 months ago"),
        ("tenure", after(800, scale=180), KNOWN, "joined 2 years ago"),
        ("tenure", 1.0, KNOWN, "joined years ago"),
        ("experience", 0.2, KNOWN, "12 offers so far"),
        ("experience", after(1, scale=50), LITTLE, "1 offer so far"),
        ("experience", 0.0, LITTLE, "no offers so far"),
        ("open_soon", 1.0, KNOWN, "open now"),
        ("open_soon", 0.75, KNOWN, "opens in 6 h"),
        ("open_soon", 0.0, KNOWN, "opens in a day or later"),
        ("acceptance", 0.62, KNOWN, "accepts 62 % of its offers"),
        ("responsiveness", round(1 / (1 + 0.2 / 4), 4), KNOWN, "answers within 12 min"),
        ("responsiveness", round(1 / (1 + 2.5 / 4), 4), KNOWN, "answers within 2.5 h"),
        ("win_rate", 1 / 3, KNOWN, "wins 33 % of what it accepts"),
        ("price_of_old", 0.25, KNOWN, "price of old 0.25"),
    ],
)
def test_a_value_is_told_by_what_it_means(feature: str, value: float, known: Known, words: str) -> None:
    assert put_in_words(feature, value, known=known) == words


@pytest.mark.parametrize("feature", [feature.name for feature in FEATURES])
@pytest.mark.parametrize("value", [0.0, 0.00004, 0.5, 0.99996, 1.0])
@pytest.mark.parametrize("known", [KNOWN, LITTLE])
def test_any_value_can_be_told(feature: str, value: float, known: Known) -> None:
    words = put_in_words(feature, value, known=known)
    assert feature.replace("_", " ") not in words


def test_the_page_of_features_is_what_they_say() -> None:
    call_command("describe_features", check=True, stdout=StringIO())
