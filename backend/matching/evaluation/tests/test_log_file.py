"""A file becomes a log, or is refused with the place and the reason; and where a log is split."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.matching.evaluation.errors import LogRefused, SplitRefused
from backend.matching.evaluation.log_file import COLUMNS, FACTS, parse_instant, parse_split, read_log
from backend.matching.evaluation.tests.logs import make_request, write_log

ROW = {
    "opened_at": "2016-03-01 12:00:00",
    "category": "55",
    "first_group": "70",
    "group": "24",
    "provider": "ann",
    "resolved_at": "2016-03-02 00:00:00",
}


class TestReadLog:
    def test_keeps_apart_what_is_known_at_the_opening_and_what_only_the_end_tells(
        self, tmp_path: Path
    ) -> None:
        (request,) = read_log(write_log(tmp_path / "log.csv", [ROW]))
        assert request.facts == {**dict.fromkeys(FACTS, ""), "category": "55", "first_group": "70"}
        assert (request.provider, request.group) == ("ann", "24")
        assert request.opened_day == parse_instant("2016-03-01T12:00:00+00:00") == 16_861.5
        assert request.outcome.days_open == 0.5

    def test_puts_the_oldest_first_and_leaves_out_rows_without_a_provider(self, tmp_path: Path) -> None:
        later = {**ROW, "opened_at": "2016-03-01 13:00:00", "provider": "bob"}
        requests = read_log(write_log(tmp_path / "log.csv", [later, {**ROW, "provider": ""}, ROW]))
        assert [request.provider for request in requests] == ["ann", "bob"]

    def test_knows_no_outcome_of_what_was_never_resolved(self, tmp_path: Path) -> None:
        (request,) = read_log(write_log(tmp_path / "log.csv", [{**ROW, "resolved_at": ""}]))
        assert request.resolved_day is None
        with pytest.raises(ValueError, match="never resolved is not known"):
            _ = request.outcome

    def test_empties_what_is_hidden(self, tmp_path: Path) -> None:
        (request,) = read_log(write_log(tmp_path / "log.csv", [ROW]), hidden=["first_group"])
        assert (request.facts["category"], request.facts["first_group"]) == ("55", "")

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (
                {"opened_at": "soon"},
                "log.csv, line 2: opened_at 'soon' is no date such as 2016-02-29 11:29:00.",
            ),
            ({"opened_at": ""}, "log.csv, line 2: opened_at '' is no date such as 2016-02-29 11:29:00."),
            (
                {"resolved_at": "?"},
                "log.csv, line 2: resolved_at '?' is no date such as 2016-02-29 11:29:00.",
            ),
            (
                {"resolved_at": "2016-02-01"},
                "log.csv, line 2: resolved_at 2016-02-01 lies before opened_at 2016-03-01 12:00:00.",
            ),
            ({"provider": ""}, "log.csv has no row with a provider: there is nothing to learn or judge."),
        ],
    )
    def test_refuses_a_row_and_says_where_and_why(
        self, tmp_path: Path, row: dict[str, str], message: str
    ) -> None:
        path = write_log(tmp_path / "log.csv", [{**ROW, **row}])
        with pytest.raises(LogRefused) as refusal:
            read_log(path)
        assert str(refusal.value) == message

    def test_refuses_a_file_that_lacks_columns(self, tmp_path: Path) -> None:
        columns = [column for column in COLUMNS if column not in ("symptom", "provider")]
        with pytest.raises(
            LogRefused, match=r"^log.csv lacks the column\(s\) symptom, provider; needed are opened_at"
        ):
            read_log(write_log(tmp_path / "log.csv", [ROW], columns=columns))

    def test_refuses_what_is_no_file_and_what_is_no_text(self, tmp_path: Path) -> None:
        with pytest.raises(LogRefused, match=r"none.csv: No such file or directory.$"):
            read_log(tmp_path / "none.csv")
        (tmp_path / "log.csv").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(LogRefused, match=r"^Cannot read log.csv as CSV in UTF-8: "):
            read_log(tmp_path / "log.csv")


class TestParseSplit:
    REQUESTS = [make_request(n) for n in range(10)]  # 2013-10-22 to 2013-10-31

    @pytest.mark.parametrize(
        ("text", "before"), [("0.8", 8), ("0.55", 5), ("2013-10-25", 3), ("2013-10-25T00:01", 4)]
    )
    def test_counts_the_requests_before_it(self, text: str, before: int) -> None:
        assert parse_split(text, self.REQUESTS) == before

    @pytest.mark.parametrize("text", ["0", "1", "1.5", "-1", "nan", "inf"])
    def test_refuses_what_is_no_fraction(self, text: str) -> None:
        with pytest.raises(SplitRefused, match=r"a fraction lies between 0 and 1, such as 0\.8"):
            parse_split(text, self.REQUESTS)

    def test_refuses_what_is_neither(self) -> None:
        with pytest.raises(
            SplitRefused, match="Cannot split at 'last week': give a date such as 2016-04-18, or"
        ):
            parse_split("last week", self.REQUESTS)

    def test_refuses_to_leave_a_side_empty_and_says_how_far_the_log_goes(self) -> None:
        with pytest.raises(SplitRefused) as refusal:
            parse_split("2014-01-01", self.REQUESTS)
        assert str(refusal.value) == (
            "Cannot split at 2014-01-01: 10 of 10 requests lie before it, and both sides need some. "
            "The log runs from 2013-10-22 to 2013-10-31."
        )
