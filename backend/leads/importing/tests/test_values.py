"""Reading single cells and places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.leads.importing import values
from backend.leads.importing.errors import OptionRefused
from backend.leads.importing.places import Gazetteer, Place
from backend.leads.importing.problems import neutralise, quote
from backend.leads.importing.values import ValueRefused

LANGUAGES = {"en": "English", "de": "German"}
MUMBAI = Place("Mumbai", "IN", 19.076, 72.8777)
ZURICH = Place("Zürich", "CH", 47.37, 8.54)
FRANKFURT = Place("Frankfurt", "DE", 50.11, 8.68)
FRANKFORT = Place("Frankfurt", "US", 38.2, -84.87)
CITIES = (MUMBAI, ZURICH, FRANKFURT, FRANKFORT)


def refusal_of(action: Callable[[], Any]) -> str:
    with pytest.raises(ValueRefused) as refused:
        action()
    return refused.value.reason


class TestReading:
    def test_takes_amounts_that_are_beyond_doubt(self) -> None:
        assert values.read_amount(" 1200.50 ") == Decimal("1200.50")

    @pytest.mark.parametrize("raw", ["1.000", "1,200", "-5", "NaN", "1e3", "€ 5", "123456789", "１２"])
    def test_refuses_amounts_that_are_not(self, raw: str) -> None:
        assert refusal_of(lambda: values.read_amount(raw)) == "is no amount"

    def test_takes_degrees_up_to_the_pole(self) -> None:
        assert values.read_degrees("-90", degrees_max=90) == -90.0
        assert values.read_degrees("72.8777", degrees_max=180) == 72.8777

    @pytest.mark.parametrize("raw", ["nan", "inf", "19,07", "1e1", "N19"])
    def test_refuses_degrees_that_are_no_number(self, raw: str) -> None:
        assert refusal_of(lambda: values.read_degrees(raw, degrees_max=90)) == "is no number of degrees"

    @pytest.mark.parametrize(
        ("raw", "instant"),
        [
            ("2025-05-31", datetime(2025, 5, 31, tzinfo=UTC)),
            ("2025-05-31 14:05", datetime(2025, 5, 31, 14, 5, tzinfo=UTC)),
            ("2025-05-31T14:05:06+02:00", datetime(2025, 5, 31, 12, 5, 6, tzinfo=UTC)),
            ("2025-05-31T14:05:06Z", datetime(2025, 5, 31, 14, 5, 6, tzinfo=UTC)),
        ],
    )
    def test_takes_instants_in_utc_unless_they_say_otherwise(self, raw: str, instant: datetime) -> None:
        assert values.read_instant(raw) == instant

    def test_takes_a_bare_date_as_the_end_of_that_day_when_it_is_an_end(self) -> None:
        assert values.read_instant("2025-05-31", is_end=True) == datetime(2025, 5, 31, 23, 59, 59, tzinfo=UTC)

    @pytest.mark.parametrize("raw", ["31.05.2025", "yesterday", "2025-02-30", "0001-01-01T00:00+14:00"])
    def test_refuses_what_is_no_date(self, raw: str) -> None:
        assert refusal_of(lambda: values.read_instant(raw)) == "is no date"

    def test_refuses_a_date_of_no_lead(self) -> None:
        assert refusal_of(lambda: values.read_instant("1012-01-01")) == "is not between 1970 and 2199"

    def test_takes_phone_numbers_in_e_164(self) -> None:
        assert values.read_phone("+49 170 1234567", country_code=None) == "+491701234567"
        assert values.read_phone("0170/1234567", country_code="DE") == "+491701234567"

    @pytest.mark.parametrize("raw", ["0170 1234567", "4.91701E+11", "+1", "none"])
    def test_refuses_what_is_no_phone_number(self, raw: str) -> None:
        assert refusal_of(lambda: values.read_phone(raw, country_code=None)) == "is no phone number"

    def test_takes_choices_by_value_or_label(self) -> None:
        assert values.read_choice(" GERMAN", choices=LANGUAGES) == "de"
        assert refusal_of(lambda: values.read_choice("fr", choices=LANGUAGES)) == "is none of the choices"

    def test_takes_yes_and_no_alone(self) -> None:
        assert values.read_yes_or_no(" Yes") is True
        assert values.read_yes_or_no("0") is False
        assert refusal_of(lambda: values.read_yes_or_no("maybe")) == "is neither yes nor no"

    def test_joins_lines_and_bounds_them(self) -> None:
        assert values.read_line(" a\n b\tc ", length_max=5) == "a b c"
        assert refusal_of(lambda: values.read_line("abcdef", length_max=5)) == "has more than 5 characters"
        assert values.read_text("a\r\nb\rc\n") == "a\nb\nc"

    def test_bounds_e_mail_addresses(self) -> None:
        address = f"{'a' * 60}@{'b.' * 100}example.com"
        assert refusal_of(lambda: values.read_email(address, length_max=254)) in (
            "is no e-mail address",
            "has more than 254 characters",
        )


class TestRefuseFormula:
    @pytest.mark.parametrize("raw", ["=1", "+1", "-1", "@a", "\ta", "\ra", "  =1", "＝1", " \t=1"])
    def test_refuses_what_a_spreadsheet_would_run(self, raw: str) -> None:
        assert refusal_of(lambda: values.refuse_formula(raw)) == "begins like a formula"

    @pytest.mark.parametrize("raw", ["a=1", "5 - 6", "", " a", "(+1)"])
    def test_lets_other_texts_pass(self, raw: str) -> None:
        values.refuse_formula(raw)

    def test_lets_numbers_have_their_sign_and_nothing_else(self) -> None:
        values.refuse_formula("-72.8", is_number=True)
        values.refuse_formula("+49 170 1234567", is_number=True)
        assert refusal_of(lambda: values.refuse_formula("=1", is_number=True)) == "begins like a formula"


class TestGazetteer:
    def test_finds_cities_whatever_their_accents_and_case(self) -> None:
        gazetteer = Gazetteer(CITIES)
        assert gazetteer.find("MUMBAI") == MUMBAI
        assert gazetteer.find("zurich, ch") == ZURICH

    def test_refuses_a_city_of_several_countries_unless_one_is_said(self) -> None:
        assert refusal_of(lambda: Gazetteer(CITIES).find("Frankfurt")) == "is a city in several countries"
        assert Gazetteer(CITIES).find("Frankfurt, US") == FRANKFORT
        assert Gazetteer(CITIES, country_code="DE").find("Frankfurt") == FRANKFURT

    def test_refuses_what_it_does_not_know(self) -> None:
        gazetteer = Gazetteer(CITIES)
        assert refusal_of(lambda: gazetteer.find("Atlantis")) == "is no city of the gazetteer"
        assert refusal_of(lambda: gazetteer.find("Mumbai, DE")) == "is no city of the gazetteer"
        assert refusal_of(lambda: gazetteer.find("")) == "is empty"

    def test_takes_the_default_for_what_it_does_not_know_and_says_so(self) -> None:
        gazetteer = Gazetteer(
            CITIES, default="Mumbai, IN", aliases={"Bank City & Outskirts": "Frankfurt, DE"}
        )
        assumed = Place("Mumbai", "IN", 19.076, 72.8777, is_assumed=True)
        assert gazetteer.find("Atlantis") == assumed
        assert gazetteer.find("") == assumed
        assert gazetteer.find("Mumbai") == MUMBAI
        assert gazetteer.find("bank city & outskirts") == FRANKFURT

    def test_refuses_an_alias_or_a_default_that_it_does_not_know(self) -> None:
        with pytest.raises(OptionRefused, match=r"^The place 'Atlantis' is no city of the gazetteer\.$"):
            Gazetteer(CITIES, default="Atlantis")
        with pytest.raises(OptionRefused, match=r"^The place 'Frankfurt' is a city in several countries\.$"):
            Gazetteer(CITIES, aliases={"FFM": "Frankfurt"})


class TestShowing:
    @pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\ta", "\ra", " =1", "＝1"])
    def test_neutralises_what_begins_like_a_formula(self, cell: str) -> None:
        assert neutralise(cell) == f"'{cell}"

    def test_leaves_other_cells_as_they_are(self) -> None:
        assert neutralise("a=1") == "a=1"

    def test_quotes_values_cut_and_without_control_characters(self) -> None:
        assert quote("a\x1b\n") == "“a\\x1b\\n”"
        assert quote("x" * 61) == f"“{'x' * 60}…”"
