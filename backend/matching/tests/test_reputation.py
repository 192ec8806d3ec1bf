"""What ranking takes a provider for."""

from __future__ import annotations

import datetime

import pytest

from backend.matching.features import NEUTRAL_ACCEPTANCE, NEUTRAL_RESPONSE_H, NEUTRAL_WIN_RATE
from backend.matching.reputation import list_reputations
from backend.matching.tests.factories import NOW, make_category, make_provider
from backend.matching.track_record import HALF_LIFE, Record, note

pytestmark = pytest.mark.django_db


class TestListReputations:
    def test_takes_whoever_is_new_for_the_neutral(self) -> None:
        category = make_category()

        (one,) = list_reputations(make_provider(category).pk, at=NOW)

        assert (one.category_name, one.answered) == (category.name, 0)
        assert (one.acceptance, one.win_rate) == pytest.approx((NEUTRAL_ACCEPTANCE, NEUTRAL_WIN_RATE))
        assert one.response_h == pytest.approx(NEUTRAL_RESPONSE_H)

    def test_fades_and_smooths_its_record(self) -> None:
        category = make_category()
        provider = make_provider(category)
        for _answer in range(12):
            answer = Record.of_answer(is_accepted=True, after=datetime.timedelta(hours=6))
            note(answer, provider_id=provider.pk, category_id=category.pk, at=NOW - HALF_LIFE)

        (one,) = list_reputations(provider.pk, at=NOW)

        # Six are left of twelve: they weigh as much as what it was taken for.
        assert one.answered == pytest.approx(6)
        assert one.acceptance == pytest.approx((1 + NEUTRAL_ACCEPTANCE) / 2)
        assert one.response_h == pytest.approx(6)
