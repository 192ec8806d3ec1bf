"""What must hold of every machine and its log: each planted violation is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workflows import TransitionRecord
from workflows.invariants import list_invariants
from workflows.invariants.log_invariants import LOG_INVARIANTS
from workflows.invariants.machine_invariants import list_machine_invariants
from workflows.invariants.tests.planting import find_violated, find_violators, plant
from workflows.registry import list_machines, machine_of
from workflows.tests.factories import make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db


def make_history(sender: str = "Ann") -> Parcel:
    """Return a parcel with four events, the last by its sender."""
    parcel = make_parcel(sender=sender)
    parcel.send(by=CARRIER)
    parcel.track(by=CARRIER, stop="hub")
    parcel.deliver(by=make_user(sender), receiver="Bob")
    return parcel


def log_of(parcel: Parcel, sequence: int) -> int:
    return TransitionRecord.objects.get(
        machine="toyapp.parcel", object_id=parcel.pk, sequence=sequence
    ).log_id


def change_log(parcel: Parcel, sequence: int, change: str) -> None:
    plant(f"UPDATE django_fsm_log_statelog SET {change} WHERE id = %s", log_of(parcel, sequence))


def change_event(parcel: Parcel, sequence: int, change: str) -> None:
    plant(f"UPDATE workflows_transitionrecord SET {change} WHERE log_id = %s", log_of(parcel, sequence))


def change_passage(parcel: Parcel, sequence: int, change: str) -> None:
    plant(f"UPDATE workflows_passage SET {change} WHERE log_id = %s", log_of(parcel, sequence))


def remove_event(parcel: Parcel, sequence: int) -> None:
    plant("DELETE FROM workflows_transitionrecord WHERE log_id = %s", log_of(parcel, sequence))


Plant = Callable[[Parcel], None]

PLANTS: dict[str, list[Plant]] = {
    "state_is_that_of_the_last_event": [
        lambda parcel: plant("UPDATE toyapp_parcel SET status = 'sent' WHERE id = %s", parcel.pk),
        lambda parcel: plant("UPDATE toyapp_parcel SET version = 9 WHERE id = %s", parcel.pk),
        lambda parcel: remove_event(parcel, 4),
    ],
    "each_event_begins_where_the_one_before_ended": [
        lambda parcel: change_log(parcel, 3, "source_state = 'packed'"),
        lambda parcel: change_log(parcel, 2, "source_state = NULL"),
        lambda parcel: change_log(parcel, 1, "source_state = 'packed'"),
        lambda parcel: remove_event(parcel, 2),
    ],
    "events_are_numbered_without_a_gap": [
        lambda parcel: remove_event(parcel, 2),
        lambda parcel: remove_event(parcel, 4),
        lambda parcel: change_event(parcel, 1, "sequence = 0"),
        lambda parcel: plant("UPDATE toyapp_parcel SET version = 3 WHERE id = %s", parcel.pk),
        lambda parcel: plant("DELETE FROM workflows_transitionrecord WHERE object_id = %s", parcel.pk),
    ],
    "hash_chain_is_whole": [
        lambda parcel: change_event(parcel, 2, "reason = 'forged'"),
        lambda parcel: change_event(parcel, 4, "previous_hash = repeat('0', 64)"),
        lambda parcel: change_log(parcel, 1, "transition = 'forged'"),
        lambda parcel: remove_event(parcel, 2),
    ],
}


class TestEachInvariant:
    @pytest.mark.parametrize(
        ("name", "number"),
        [(name, number) for name, plants in PLANTS.items() for number in range(len(plants))],
    )
    def test_finds_the_object_that_violates_it_alone(self, name: str, number: int) -> None:
        make_parcel()
        violator = make_history()
        assert find_violators(f"toyapp.parcel.{name}") == ()
        PLANTS[name][number](violator)
        assert find_violators(f"toyapp.parcel.{name}") == (violator.pk,)

    def test_is_proven_here(self) -> None:
        names = {one.name for one in list_machine_invariants(machine_of(Parcel))}
        assert names == {f"toyapp.parcel.{name}" for name in PLANTS}

    def test_holds_of_a_deleted_object_that_left_its_events(self) -> None:
        parcel = make_history()
        plant("DELETE FROM toyapp_parcel WHERE id = %s", parcel.pk)
        assert find_violated() == set()


# Each with the number of the event that it forges.
LOG_PLANTS: dict[str, list[tuple[int, Plant]]] = {
    "events_go_along_edges": [
        (2, lambda parcel: change_log(parcel, 2, "transition = 'teleport'")),
        (2, lambda parcel: change_log(parcel, 2, "state = 'delivered'")),
        (3, lambda parcel: change_log(parcel, 3, "source_state = 'packed'")),
        (1, lambda parcel: change_log(parcel, 1, "state = 'sent'")),
    ],
    "events_name_their_actor": [
        (4, lambda parcel: change_log(parcel, 4, "by_id = NULL")),
        (4, lambda parcel: change_event(parcel, 4, "actor = 'user:0'")),
        (4, lambda parcel: change_event(parcel, 4, "actor = 'system:carrier'")),
        (2, lambda parcel: change_event(parcel, 2, "actor = 'user:1'")),
    ],
    "each_log_row_has_its_event": [
        (2, lambda parcel: remove_event(parcel, 2)),
        (3, lambda parcel: change_log(parcel, 3, "object_id = 0")),
        (1, lambda parcel: change_event(parcel, 1, "machine = 'toyapp.item'")),
        (1, lambda parcel: change_log(parcel, 1, "content_type_id = 1")),
    ],
    "each_event_has_its_passage": [
        (2, lambda parcel: change_passage(parcel, 2, "spent_us = spent_us + 1")),
        (3, lambda parcel: change_passage(parcel, 3, "edge = 0")),
        (1, lambda parcel: change_passage(parcel, 1, "at = at - interval '1 day'")),
        (4, lambda parcel: plant("DELETE FROM workflows_passage WHERE log_id = %s", log_of(parcel, 4))),
        (4, lambda parcel: remove_event(parcel, 4)),
    ],
}


class TestEachInvariantOfTheLog:
    @pytest.mark.parametrize(
        ("name", "number"),
        [(name, number) for name, plants in LOG_PLANTS.items() for number in range(len(plants))],
    )
    def test_finds_the_event_that_violates_it_alone(self, name: str, number: int) -> None:
        make_history()
        sequence, forge = LOG_PLANTS[name][number]
        forged = make_history("Cleo")
        event = log_of(forged, sequence)
        assert find_violators(f"workflows.{name}") == ()
        forge(forged)
        assert find_violators(f"workflows.{name}") == (event,)

    def test_is_proven_here(self) -> None:
        assert {one.name for one in LOG_INVARIANTS} == {f"workflows.{name}" for name in LOG_PLANTS}


class TestListInvariants:
    def test_has_those_of_every_machine(self) -> None:
        names = {one.name for one in list_invariants()}
        assert {f"{machine.label}.hash_chain_is_whole" for machine in list_machines()} <= names

    def test_says_what_must_hold_and_what_to_do(self) -> None:
        hash_chain = next(one for one in list_invariants() if one.name == "toyapp.parcel.hash_chain_is_whole")
        assert (hash_chain.code, str(hash_chain.holds)) == (
            "L7",
            "Parcel: the hashes of its events hold, from the first to the last.",
        )
        assert all(str(one.holds).endswith(".") and str(one.mend).endswith(".") for one in list_invariants())
