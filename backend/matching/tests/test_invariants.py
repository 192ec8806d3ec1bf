"""What must hold of ranking models and track records: each planted violation is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.matching import track_record
from backend.matching.invariants import INVARIANTS
from backend.matching.models import RankingModel, TrackRecord
from backend.matching.tests.factories import make_category, make_provider
from backend.matching.track_record import Record
from workflows import Channel, SystemActor, acting, clock
from workflows.invariants.tests.planting import drop_index, find_violators, plant

pytestmark = pytest.mark.django_db


def make_model(status: str) -> int:
    """Return the number of a model that has a state without having been promoted to it."""
    now = clock.now()
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        model = RankingModel.objects.create(
            artifact={}, examples=0, trained_from_at=now, trained_until_at=now
        )
    plant("UPDATE matching_rankingmodel SET status = %s WHERE id = %s", status, model.pk)
    return model.pk


def make_record(change: str = "") -> TrackRecord:
    """Return the record of a provider that accepted, declined and won, perhaps changed."""
    category = make_category()
    provider, now = make_provider(category), clock.now()
    for event in (
        Record.of_answer(is_accepted=True, after=now - now),
        Record.of_answer(is_accepted=False, after=now - now),
        Record.of_silence(),
        Record.of_choice(is_won=True),
    ):
        track_record.note(event, provider_id=provider.pk, category_id=category.pk, at=now)
    track_record.refresh_category_records(at=now)
    record = TrackRecord.objects.get(provider=provider)
    if change:
        plant(f"UPDATE matching_trackrecord SET {change} WHERE id = %s", record.pk)
    return record


def spoil_a_category(change: str) -> int:
    record = make_record()
    plant(f"UPDATE matching_categoryrecord SET {change} WHERE category_id = %s", record.category_id)
    return record.category_id


def crown_two() -> int:
    drop_index("one_model_ranks_and_one_along")
    first = make_model("champion")
    make_model("champion")
    make_model("shadow")
    return first


PLANTS: dict[str, list[Callable[[], int]]] = {
    "matching.one_model_ranks": [crown_two],
    "matching.track_record_adds_up": [
        lambda: make_record("accepted = responses + 0.001").pk,
        lambda: make_record("responses = answered + 0.001").pk,
        lambda: make_record("won = finished + 1").pk,
        lambda: make_record("log_hours = -0.001").pk,
        lambda: make_record("answered = 'NaN'").pk,
    ],
    "matching.category_record_adds_up": [lambda: spoil_a_category("accepted = answered + 1")],
}


class TestEachInvariant:
    @pytest.mark.parametrize(
        ("name", "violate"), [(name, violate) for name, plants in PLANTS.items() for violate in plants]
    )
    def test_finds_what_violates_it_alone(self, name: str, violate: Callable[[], int]) -> None:
        make_record()
        assert find_violators(name) == ()
        violator = violate()
        assert find_violators(name) == (violator,)

    def test_is_proven_here(self) -> None:
        assert {one.name for one in INVARIANTS} == set(PLANTS)
