"""``manage.py simulate_routing estimates``: estimates against the truth, as a table and as JSON."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

SMALL = ("--runs", "2", "--weeks", "4", "--providers", "40", "--leads-a-week", "20")


def simulate(*arguments: str) -> str:
    output = StringIO()
    call_command("simulate_routing", "estimates", *SMALL, *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_prints_how_often_the_truth_lies_within_the_intervals() -> None:
    table = simulate("--leads", "20")
    assert "in 2 logs of 20 leads each" in table
    assert [line for line in table.splitlines() if line.startswith("Log with")] == [
        "Log with a fifth by chance",
        "Log with no chance",
    ]
    assert table.count("doubly robust") == 2 * 3 * 2
    rows = json.loads(simulate("--leads", "20", "--json"))
    assert {(row["log"], row["runs"]) for row in rows} == {("a fifth by chance", 2), ("no chance", 2)}


def test_needs_enough_leads_to_draw_from() -> None:
    with pytest.raises(CommandError, match="too few to draw 200 at a time from"):
        simulate("--leads", "200")
