"""The small values of the engine: the clock, encoded arguments, machines."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from workflows import clock, machine_of
from workflows.audit import encode_arguments
from workflows.tests.toyapp.models import Parcel, ReturnReason

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


class TestClock:
    def test_stands_still_inside_and_runs_on_outside(self) -> None:
        with clock.at(NOON):
            assert clock.now() == NOON
            assert clock.fixed() == NOON
        assert clock.fixed() is None
        assert clock.now() > NOON

    def test_needs_a_time_zone(self) -> None:
        with pytest.raises(ValueError, match="it has no time zone"), clock.at(datetime.datetime(2026, 3, 1)):  # noqa: DTZ001
            pass


class TestEncodeArguments:
    def test_makes_json_of_what_a_transition_is_called_with(self) -> None:
        assert encode_arguments(
            {
                "of": Parcel(pk=7),
                "reason": ReturnReason.MOVED,
                "on": datetime.date(2026, 3, 1),
                "at": NOON,
                "sum": Decimal("1.50"),
                "stops": ["a", ReturnReason.REFUSED],
                "note": None,
                "is_heavy": True,
            }
        ) == {
            "of": {"model": "toyapp.parcel", "pk": 7},
            "reason": "moved",
            "on": "2026-03-01",
            "at": "2026-03-01T12:00:00+00:00",
            "sum": "1.50",
            "stops": ["a", "refused"],
            "note": None,
            "is_heavy": True,
        }


class TestMachine:
    def test_knows_its_states_and_transitions_by_name(self) -> None:
        machine = machine_of(Parcel)
        assert machine.state("lost").label == "Lost"
        assert machine.transition("send").target == "sent"
        assert [t.name for t in machine.transitions_from("returned")] == ["pack_again"]

    def test_says_which_name_it_does_not_know(self) -> None:
        machine = machine_of(Parcel)
        with pytest.raises(KeyError, match="burnt"):
            machine.state("burnt")
        with pytest.raises(KeyError, match="burn"):
            machine.transition("burn")
