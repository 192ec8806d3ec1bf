"""A report written by hand: its table to the letter, its JSON, its picture."""

from __future__ import annotations

import dataclasses
import json
import math
from xml.etree import ElementTree

from backend.matching.evaluation.figures import METRICS, Estimate, Figures, WeekFigures
from backend.matching.evaluation.plot import draw_plot
from backend.matching.evaluation.report import Report, format_json, format_table

SURE = Estimate(1.0, 1.0, 1.0)
NONE = Estimate(math.inf, math.nan, math.nan)

REPORT = Report(
    log="log.csv",
    requests=5_000,
    to_judge=1_000,
    judged=1_000,
    candidates=12,
    unseen=3,
    fits=2,
    best_baseline="popularity",
    figures=[
        Figures("popularity", dict.fromkeys(METRICS, Estimate(0.25, 0.2, 0.3)), {"hit@1": SURE, "MRR": SURE}),
        Figures(
            "ours & theirs", dict.fromkeys(METRICS, SURE), {"hit@1": NONE, "MRR": Estimate(1.5, 1.25, 1.75)}
        ),
    ],
    weeks=[WeekFigures(week, 100, {"popularity": 0.25, "ours & theirs": 1.0}) for week in range(10)],
)


class TestFormatTable:
    def test_lines_the_figures_up_with_their_intervals(self) -> None:
        lines = format_table(REPORT).splitlines()
        assert lines[0] == (
            "log.csv: 1,000 of 5,000 requests judged, 12 candidates at the last of them, models fitted 2 times."
        )
        assert len({len(line) for line in lines[2:6]}) == 1
        popularity, ours = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines[4:6])
        assert popularity == ["popularity", *[".250 [.200, .300]"] * 4, *["1.00 [1.00, 1.00]"] * 2]
        assert ours == ["ours & theirs", *["1.000 [1.000, 1.000]"] * 4, "inf [nan, nan]", "1.50 [1.25, 1.75]"]

    def test_says_how_far_it_came_when_the_time_was_up(self) -> None:
        text = format_table(dataclasses.replace(REPORT, judged=400))
        assert "The time was up: 600 requests after the split were not judged." in text
        assert "The time was up" not in format_table(REPORT)


class TestFormatJson:
    def test_has_null_for_what_is_no_number(self) -> None:
        ours = json.loads(format_json(REPORT))["rankings"][1]
        assert ours["ratios_to_best_baseline"] == {
            "hit@1": {"value": None, "interval": [None, None]},
            "MRR": {"value": 1.5, "interval": [1.25, 1.75]},
        }


class TestDrawPlot:
    def test_names_every_ranking_and_some_of_many_weeks(self) -> None:
        drawing = ElementTree.fromstring(draw_plot(REPORT))
        texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
        assert texts.count("ours & theirs") == 3
        assert [text for text in texts if text and text.startswith("week ")] == [
            f"week {week} (100)" for week in (1, 3, 5, 7, 9)
        ]

    def test_draws_bars_to_scale(self) -> None:
        drawing = ElementTree.fromstring(draw_plot(REPORT))
        widths = [bar.get("width") for bar in drawing.iter("{http://www.w3.org/2000/svg}rect")][1:]
        assert widths == ["140.0", "560.0"] * 3
