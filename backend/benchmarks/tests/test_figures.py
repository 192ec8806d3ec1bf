"""Percentiles, tables, and the page that they are written into."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.benchmarks.__main__ import NAMES
from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.report import PAGE, draw_table, write_section


class TestPercentile:
    @pytest.mark.parametrize(("percent", "value"), [(0, 1), (1, 1), (50, 50), (95, 95), (99, 99), (100, 100)])
    def test_is_the_value_that_so_many_do_not_exceed(self, percent: float, value: float) -> None:
        assert percentile(list(range(100, 0, -1)), percent) == value

    def test_of_one_value_is_that_value(self) -> None:
        assert [percentile([7.0], percent) for percent in (0, 50, 99)] == [7, 7, 7]


class TestTable:
    def test_has_a_row_for_each_measurement_and_sensible_digits(self) -> None:
        measurements = [
            Measurement("fast", {"ms": 3.456, "ratio": 1}),
            Measurement("slow", {"ms": 1234.5, "ratio": 35.71}),
        ]
        assert draw_table(measurements).splitlines() == [
            "|  | ms | ratio |",
            "| --- | ---: | ---: |",
            "| fast | 3.5 | 1 |",
            "| slow | 1,234 | 35.7 |",
        ]


class TestSection:
    def test_is_replaced_and_nothing_else_is_touched(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("# Top\n<!-- a: begin -->\nold\n<!-- a: end -->\nbottom\n")
        write_section("a", "new", page=page)
        assert page.read_text() == "# Top\n<!-- a: begin -->\n\nnew\n\n<!-- a: end -->\nbottom\n"

    def test_that_is_missing_is_an_error_that_says_what_to_do(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("# Top\n")
        with pytest.raises(ValueError, match="put <!-- a: begin --> and <!-- a: end --> into it"):
            write_section("a", "new", page=page)
        assert page.read_text() == "# Top\n"

    @pytest.mark.parametrize("name", NAMES)
    def test_of_every_benchmark_is_on_the_page(self, name: str) -> None:
        assert f"<!-- {name}: begin -->" in PAGE.read_text()
