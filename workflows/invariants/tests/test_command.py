"""``manage.py audit``: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from workflows.invariants import list_invariants
from workflows.invariants.tests.planting import plant
from workflows.tests.factories import make_parcel

pytestmark = pytest.mark.django_db

STATE_MEND = (
    "Look at its timeline. The log is what happened: where it is whole (L2, L3, L7), set the row's state and version "
    "to those of the last event."
)
NAME = "toyapp.parcel.state_is_that_of_the_last_event"


def audit(*arguments: str, **options: Any) -> tuple[int, str]:
    """Return the exit status and what was printed."""
    out = io.StringIO()
    try:
        call_command("audit", *arguments, stdout=out, no_color=True, **options)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def lose_parcels(count: int) -> list[int]:
    lost = [make_parcel().pk for _number in range(count)]
    plant("UPDATE toyapp_parcel SET status = 'lost' WHERE id = ANY (%s)", lost)
    return lost


class TestAudit:
    def test_of_what_is_sound_ends_well(self) -> None:
        make_parcel()
        status, printed = audit()
        *lines, last = printed.splitlines()
        assert status == 0
        assert [line.split(" (")[0] for line in lines] == [
            f"holds    {one.code} {one.name}" for one in list_invariants()
        ]
        assert last.startswith(f"{len(lines)} invariants in ")
        assert last.endswith(" s: all hold.")

    def test_of_a_violation_says_by_which_objects_and_what_to_do(self) -> None:
        first, second, third = lose_parcels(3)
        status, printed = audit(NAME, "--ids", "2")
        verdict, *words, last = printed.splitlines()
        assert status == 1
        assert verdict.startswith(f"VIOLATED L1 {NAME} (")
        assert words == [
            "    must hold: Parcel: the state is the one in which its last event ended.",
            f"    toyapp.parcel: 3 in all: {first}, {second}, and 1 more",
            f"    what to do: {STATE_MEND}",
        ]
        assert last.endswith(": 1 violated; violations: 3.")
        assert f"toyapp.parcel: 3: {first}, {second}, {third}" in audit(NAME)[1]

    def test_as_json_says_the_same(self) -> None:
        lost = lose_parcels(1)
        status, printed = audit("L1", "--json")
        told = json.loads(printed)
        assert (status, told["holds"], told["violations"]) == (1, False, 1)
        (violated,) = [one for one in told["invariants"] if one["count"]]
        assert (violated["name"], violated["model"], violated["ids"]) == (NAME, "toyapp.parcel", lost)
        assert {one["code"] for one in told["invariants"]} == {"L1"}

    def test_of_one_that_does_not_exist_says_which_there_are(self) -> None:
        with pytest.raises(CommandError, match=r"Cannot audit L99: no such invariant; possible: A1, A2, B1"):
            audit("L99")

    def test_shows_one_id_at_least(self) -> None:
        with pytest.raises(CommandError, match="'0' is no number from 1 on"):
            audit("--ids", "0")
