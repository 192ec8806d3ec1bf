"""Which column holds which field."""

from __future__ import annotations

import pytest

from backend.leads.importing.errors import OptionRefused
from backend.leads.importing.fields import FIELDS, find_field, fold
from backend.leads.importing.mapping import map_columns, read_pairs
from backend.leads.importing.table import Header, Row
from backend.leads.models import Lead, LeadContact

HEADER = Header(("E-Mail", "Town", "Lead Title", "Prospect ID", ""))


def positions(
    header: Header = HEADER, *, chosen: dict[str, str] | None = None, **constants: str
) -> dict[str, int]:
    return dict(map_columns(header, chosen=chosen or {}, constants=constants).positions)


class TestMapColumns:
    def test_knows_columns_by_their_headers(self) -> None:
        assert positions() == {"email": 0, "place": 1}

    def test_takes_what_is_chosen_by_the_name_or_something_like_it(self) -> None:
        chosen = {"Prospect ID": "external_id", "lead title": "title"}
        assert positions(chosen=chosen) == {"external_id": 3, "title": 2, "email": 0, "place": 1}

    def test_prefers_what_is_chosen_to_what_is_known(self) -> None:
        assert positions(chosen={"Lead Title": "place"}) == {"place": 2, "email": 0}

    def test_leaves_a_column_out_that_is_not_wanted(self) -> None:
        assert positions(chosen={"Town": "-"}) == {"email": 0}

    def test_prefers_a_constant_to_what_is_known(self) -> None:
        mapping = map_columns(HEADER, chosen={}, constants={"place": "Mumbai"})
        assert mapping.cells_of(Row(2, ("a@b.de", "Thane", "x", "y", ""))) == {
            "email": "a@b.de",
            "place": "Mumbai",
        }
        assert mapping.column_of("email") == "E-Mail"
        assert mapping.column_of("place") == "place"

    @pytest.mark.parametrize(
        ("chosen", "constants", "message"),
        [
            (
                {"Mail": "email"},
                {},
                "There is no column 'Mail' in the file; there are: E-Mail, Town, Lead Title, Prospect ID.",
            ),
            (
                {"Town": "city"},
                {},
                f"There is no field 'city'; there are: {', '.join(field.name for field in FIELDS)}.",
            ),
            (
                {"Town": "title", "Lead Title": "title"},
                {},
                "The columns 'Town' and 'Lead Title' are both 'title': choose one with --map COLUMN=title.",
            ),
            (
                {"Town": "title"},
                {"title": "Tap"},
                "--set title and --map 'Town'=title contradict each other.",
            ),
        ],
    )
    def test_refuses_what_cannot_be(
        self, chosen: dict[str, str], constants: dict[str, str], message: str
    ) -> None:
        with pytest.raises(OptionRefused) as refused:
            map_columns(HEADER, chosen=chosen, constants=constants)
        assert str(refused.value) == message

    def test_refuses_two_columns_that_are_known_as_the_same(self) -> None:
        with pytest.raises(OptionRefused, match="The columns 'Mail' and 'e-mail address' are both 'email'"):
            positions(Header(("Mail", "e-mail address")))


class TestReadPairs:
    def test_splits_where_it_is_told(self) -> None:
        assert read_pairs(["a=b=title"], option="--map", form="", by_last=True) == {"a=b": "title"}
        assert read_pairs(["title=a=b"], option="--set", form="") == {"title": "a=b"}

    @pytest.mark.parametrize("text", ["title", "=title", "column="])
    def test_refuses_what_is_no_pair(self, text: str) -> None:
        with pytest.raises(OptionRefused, match=r"write --map COLUMN=FIELD\.$"):
            read_pairs([text], option="--map", form="COLUMN=FIELD")

    def test_refuses_a_left_side_that_is_given_twice(self) -> None:
        with pytest.raises(OptionRefused, match=r"^--map: 'a' is given twice\.$"):
            read_pairs(["a=title", "a=text"], option="--map", form="COLUMN=FIELD")


class TestFields:
    def test_are_as_long_as_the_columns_that_hold_them(self) -> None:
        lengths = {field.name: field.length_max for field in FIELDS}
        assert lengths["title"] == Lead._meta.get_field("title").max_length
        assert lengths["place"] == Lead._meta.get_field("place_name").max_length
        assert lengths["name"] == LeadContact._meta.get_field("name").max_length
        assert lengths["email"] == LeadContact._meta.get_field("email").max_length

    def test_are_known_by_themselves_only_where_no_doubt_is_left(self) -> None:
        assert find_field("E-MAIL address") == find_field("email")
        assert find_field("id") is None

    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("Zürich ", "zurich"),
            ("São-Paulo", "saopaulo"),
            ("Ｍｕｍｂａｉ", "mumbai"),
            ("मुंबई", "मुंबई"),
            ("??", "??"),
        ],
    )
    def test_are_compared_without_accents_and_punctuation(self, text: str, folded: str) -> None:
        assert fold(text) == folded
