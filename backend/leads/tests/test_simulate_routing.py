"""``manage.py simulate_routing market``: one command from a size to tables, JSON and a picture."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

SMALL = ("--seeds", "2", "--weeks", "2", "--providers", "40", "--leads-a-week", "15")


def simulate(*arguments: str) -> str:
    output = StringIO()
    call_command("simulate_routing", "market", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_prints_every_policy_and_draws_it(tmp_path: Path) -> None:
    picture = tmp_path / "policies.svg"
    table = simulate(*SMALL, "--plot", str(picture))
    names = ["random", "round robin", "round robin, waves", "distance", "expert rules", "ours, without waves"]
    names += ["ours", "true probabilities, waves, discount"]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")]
    assert [row for row in rows if row in names] == names * 2
    assert sum("met: " in line for line in table.splitlines()) == 4
    ElementTree.parse(picture)
    assert all(name in picture.read_text() for name in names)


def test_prints_the_same_as_json_each_time() -> None:
    first, second = simulate(*SMALL, "--json"), simulate(*SMALL, "--json")
    found = json.loads(first)
    assert first == second
    assert found["size"]["providers"] == 40
    assert found["terms"]["places"] == 5
    assert [one["name"] for one in found["policies"]][1] == "round robin"
    assert found["policies"][1]["to_round_robin"] == {"mean": 1.0, "interval": [1.0, 1.0]}


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_refuses_what_is_no_number_of_markets(number: str) -> None:
    with pytest.raises(CommandError, match="is no whole number above 0"):
        simulate("--seeds", number)


def test_says_where_a_picture_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Cannot write .*: No such file or directory"):
        simulate(*SMALL, "--plot", str(tmp_path / "nowhere" / "policies.svg"))
