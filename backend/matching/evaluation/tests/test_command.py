"""The command from file to table, JSON and picture; and the contest behind it."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from backend.matching.evaluation.boosted_trees import is_available
from backend.matching.evaluation.contest import Contest, ContestRules
from backend.matching.evaluation.errors import SplitRefused, TimeRanOut
from backend.matching.evaluation.log_file import COLUMNS
from backend.matching.evaluation.models import BOOSTED_TREES, CONDITIONAL_LOGIT, PLAIN_LOGIT
from backend.matching.evaluation.tests.logs import make_log, make_request

NAMES = [
    "popularity",
    "popularity, fading",
    "back-off counts",
    "back-off counts, group known",
    PLAIN_LOGIT,
    CONDITIONAL_LOGIT,
    *([BOOSTED_TREES] if is_available() else []),  # a system may lack its OpenMP library
]
HEAD = ["ranking", "hit@1", "hit@3", "hit@5", "MRR", "× hit@1", "× MRR"]
WITHOUT_TREES = [name for name in NAMES if name != BOOSTED_TREES]


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    """Write the made-up log to a file."""
    path = tmp_path / "log.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(
            {
                **one.facts,
                "opened_at": _format_day(one.opened_day),
                "resolved_at": _format_day(one.resolved_day or 0),
                "provider": one.provider,
                "group": one.group,
            }
            for one in make_log(180)
        )
    return path


def _format_day(day: float) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).isoformat()


def run(*arguments: object) -> str:
    """Run the command, and return what it prints."""
    out = StringIO()
    call_command("evaluate_ranking", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


class TestEvaluateRanking:
    def test_prints_every_ranking_beside_the_others(self, log_path: Path, tmp_path: Path) -> None:
        plot = tmp_path / "plot.svg"
        lines = run(log_path, "--split", "0.75", "--plot", plot).splitlines()
        assert lines[0] == (
            "log.csv: 45 of 180 requests judged, 6 candidates at the last of them, models fitted 1 times."
        )
        assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == HEAD
        assert [line.split("|")[1].strip() for line in lines[4 : 4 + len(NAMES)]] == NAMES
        assert (
            lines[-1] == "0 requests were resolved by somebody who had resolved none before: missed by all."
        )
        drawn = ElementTree.fromstring(plot.read_text())
        texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
        assert [texts.count(name) for name in NAMES] == [3] * len(NAMES)
        assert "week 1 (45)" in texts

    def test_learns_what_turns_there_are(self, log_path: Path) -> None:
        """Whose turn it is depends on group and hour, which counts by kind and place cannot see."""
        report = json.loads(run(log_path, "--split", "0.5", "--json", "--without-trees"))
        assert [one["name"] for one in report["rankings"]] == WITHOUT_TREES
        hits = {one["name"]: one["metrics"]["hit@1"]["value"] for one in report["rankings"]}
        assert hits[CONDITIONAL_LOGIT] > hits["back-off counts, group known"] > hits["back-off counts"]
        assert report["judged"] == report["to_judge"] == 90
        assert sum(week["requests"] for week in report["weeks"]) == 90

    def test_knows_less_when_a_column_is_hidden(self, log_path: Path) -> None:
        arguments = (log_path, "--split", "0.5", "--json", "--without-trees", "--hide", "first_group")
        hits = {
            one["name"]: one["metrics"]["hit@1"]["value"] for one in json.loads(run(*arguments))["rankings"]
        }
        assert hits["back-off counts, group known"] <= hits["back-off counts"] + 0.05

    def test_goes_on_without_trees_where_they_cannot_be_loaded(
        self, log_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "lightgbm", None)  # so that importing it fails
        errors = StringIO()
        out = StringIO()
        call_command("evaluate_ranking", str(log_path), "--split", "0.9", "--json", stdout=out, stderr=errors)
        assert [one["name"] for one in json.loads(out.getvalue())["rankings"]] == WITHOUT_TREES
        assert errors.getvalue().startswith(
            "Without boosted trees: LightGBM cannot be loaded. Install lightgbm, and"
        )

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--split", "2030-01-01"], "Cannot split at 2030-01-01: 180 of 180 requests lie before it"),
            (["--refit-days", "0"], "'0' is no number above 0"),
            (["--limit-time", "soon"], "'soon' is no number above 0"),
            (["--hide", "provider"], "invalid choice: 'provider'"),
            (
                ["--plot", "/dev/null/plot.svg", "--without-trees", "--split", "0.95"],
                "Cannot write /dev/null/plot.svg",
            ),
            (["--limit-time", "1e-9"], "No request was judged within 1e-09 s; allow more with --limit-time."),
        ],
    )
    def test_says_what_cannot_be_done(self, log_path: Path, arguments: list[str], message: str) -> None:
        with pytest.raises(CommandError) as refusal:
            run(log_path, *arguments)
        assert message in str(refusal.value)


class TestContest:
    def test_misses_a_provider_that_has_resolved_nothing_yet(self) -> None:
        log = [*make_log(60), *(make_request(5 + n / 100, provider="new", days_open=9) for n in range(3))]
        verdicts = Contest(log, ContestRules(split=60, with_trees=False)).run()
        assert verdicts.ranks == {name: [float("inf")] * 3 for name in WITHOUT_TREES}

    def test_judges_but_never_learns_from_what_was_never_resolved(self) -> None:
        log = [*make_log(60), *(make_request(5 + n, provider="new", days_open=None) for n in range(3))]
        verdicts = Contest(log, ContestRules(split=60, with_trees=False)).run()
        assert len(verdicts.days) == 3
        assert verdicts.candidates == 6

    def test_fits_anew_as_the_log_goes_on(self) -> None:
        log = make_log(120)  # ten days, of which five are judged
        assert Contest(log, ContestRules(split=60, refit_days=2, with_trees=False)).run().fits == 3

    def test_says_when_there_is_nothing_to_learn_from(self) -> None:
        log = [make_request(n, days_open=None) for n in range(4)]
        with pytest.raises(SplitRefused, match="Nothing can be learned"):
            Contest(log, ContestRules(split=2, with_trees=False)).run()

    def test_says_when_the_time_is_up_before_the_first_request(self) -> None:
        with pytest.raises(TimeRanOut, match="No request was judged within 1e-09 s"):
            Contest(make_log(20), ContestRules(split=10, seconds_max=1e-9)).run()
