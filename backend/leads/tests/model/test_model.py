"""Whatever is called, in whatever order, by whomever: it comes to what the model says, and every invariant holds."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from django.db import IntegrityError

from backend.leads import selectors
from backend.leads.models import LeadAssignment
from backend.leads.services import answers
from backend.leads.tests.model.running import EXAMPLES, GENERATED_ONLY, SEED, run_examples, run_rounds
from backend.leads.tests.model.world import make_world

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


class TestModel:
    def test_agrees_with_the_market_after_every_step(self) -> None:
        run_rounds(make_world(), examples=EXAMPLES, from_seed=SEED)


def free_no_capacity(assignment: LeadAssignment) -> None:
    """Planted: an answer does not give the provider its capacity back."""


def remember_nobody(lead_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Planted: whoever was offered the lead before is asked again."""
    return {}


PLANTED = {
    "capacity is not released": (answers, "free_capacity", free_no_capacity),
    "a provider is offered a lead again": (selectors, "list_offered_before", remember_nobody),
}


@pytest.mark.parametrize("bug", PLANTED)
class TestPlantedBug:
    def test_is_found(self, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
        world = make_world()
        monkeypatch.setattr(*PLANTED[bug])

        with pytest.raises((AssertionError, IntegrityError)):
            run_examples(world, examples=40, from_seed=SEED, phases=GENERATED_ONLY)
