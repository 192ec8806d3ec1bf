"""Widths and line breaks."""

from __future__ import annotations

from workflows.drawing.text_width import text_width, wrap_text


class TestTextWidth:
    def test_adds_up_characters_and_rounds_up(self) -> None:
        assert text_width("il", size=10) == 6
        assert text_width("Won", size=10) == 24
        assert text_width("", size=10) == 0

    def test_grows_with_the_font(self) -> None:
        assert text_width("Won", size=20) == 47

    def test_knows_letters_beyond_ascii(self) -> None:
        assert text_width("é", size=100) == 68
        assert text_width("e\u0301", size=100) == text_width("e", size=100)
        assert text_width("見", size=100) == 104


class TestWrapText:
    def test_breaks_between_words(self) -> None:
        assert wrap_text("route once, assign once", size=10, width_max=70) == ("route once,", "assign once")

    def test_leaves_no_single_word_for_the_last_line(self) -> None:
        assert wrap_text("the deadline has not passed", size=10, width_max=120) == (
            "the deadline",
            "has not passed",
        )

    def test_leaves_a_long_word_alone_in_its_line(self) -> None:
        assert wrap_text("a Rindfleischetikettierung b", size=10, width_max=30) == (
            "a",
            "Rindfleischetikettierung",
            "b",
        )

    def test_keeps_a_short_text_in_one_line(self) -> None:
        assert wrap_text("next wave", size=10, width_max=100) == ("next wave",)
