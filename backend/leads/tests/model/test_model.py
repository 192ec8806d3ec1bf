"""Whatever is called, in whatever order, by whomever: it comes to what the model says, and every invariant holds."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import answers, lead_router
from backend.leads.tests.model.running import EXAMPLES, GENERATED_ONLY, SEED, run_examples, run_rounds
from backend.leads.tests.model.world import make_world

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]


class TestModel:
    def test_agrees_with_the_market_after_every_step(self) -> None:
        run_rounds(make_world(), examples=EXAMPLES, from_seed=SEED)


def free_no_capacity(assignment: LeadAssignment) -> None:
    """Planted: an answer does not give the provider its capacity back."""


def remember_nobody(lead: Lead) -> frozenset[int]:
    """Planted: whoever was offered the lead before is asked again."""
    return frozenset()


PLANTED = {
    "capacity is not released": (answers, "free_capacity", free_no_capacity),
    "a provider is offered a lead again": (lead_router, "offered_before", remember_nobody),
}


@pytest.mark.parametrize("bug", PLANTED)
class TestPlantedBug:
    def test_is_found(self, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
        world = make_world()
        monkeypatch.setattr(*PLANTED[bug])

        with pytest.raises((AssertionError, IntegrityError)):
            run_examples(world, examples=40, from_seed=SEED, phases=GENERATED_ONLY)
