"""Whatever is called, in whatever order, by whomever: it comes to what the model says, and every invariant holds."""

from __future__ import annotations

import pytest

from backend.leads.tests.model.running import EXAMPLES, SEED, run_rounds
from backend.leads.tests.model.world import make_world

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


class TestModel:
    def test_agrees_with_the_market_after_every_step(self) -> None:
        run_rounds(make_world(), examples=EXAMPLES, from_seed=SEED)
