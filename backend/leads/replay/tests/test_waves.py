"""What all the waves of a lead bring, by prediction: exact on cases done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from backend.leads.replay.waves import Outlook, expect_waves, mean_outlook
from backend.leads.terms import Terms


def expect(chances: list[float], **terms: int) -> Outlook:
    return expect_waves(np.array(chances), np.full(len(chances), 0.5), terms=Terms(**terms))


class TestWaves:
    def test_ask_the_next_where_nobody_has_accepted(self) -> None:
        found = expect([0.5, 0.5, 0.5], places=1, accepted_max=1, accepted_enough=1)
        # 1 + 1/2 + 1/4 are asked, half of them accept, and half of those win.
        assert found == Outlook(offers=1.75, accepts=0.875, wins=0.4375, taken=0.875)

    def test_stop_at_acceptances_that_are_enough(self) -> None:
        found = expect([1.0, 1.0, 1.0], places=1, accepted_max=2, accepted_enough=1)
        assert (found.offers, found.accepts, found.taken) == (1.0, 1.0, 1.0)

    def test_keep_the_places_of_those_who_have_accepted(self) -> None:
        # Of the first two one accepts; one place is left, and the next two are asked one after the other.
        found = expect([1.0, 0.0, 0.0, 0.0], places=2, accepted_max=2, accepted_enough=2)
        assert (found.offers, found.accepts) == (4.0, 1.0)

    @pytest.mark.parametrize("terms", [{"offers_max": 2}, {"waves_max": 2}])
    def test_end_at_their_limits(self, terms: dict[str, int]) -> None:
        found = expect([0.0] * 5, places=1, accepted_max=1, accepted_enough=1, **terms)
        assert (found.offers, found.taken) == (2.0, 0.0)

    def test_of_nobody_bring_nothing(self) -> None:
        assert expect([]) == mean_outlook([]) == Outlook(0.0, 0.0, 0.0, 0.0)
