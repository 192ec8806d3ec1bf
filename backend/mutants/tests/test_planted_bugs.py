"""The planted bugs can be planted in the code as it is, and say what they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backend.mutants.errors import HeadIncomplete, MutantsError, PatchDoesNotApply
from backend.mutants.planted_bugs import choose, read_mutant, read_mutants
from backend.mutants.working_copy import check_applies

ROOT = Path(__file__).resolve().parents[3]
HEAD = """\
Bug: A place is counted twice,
  once by each click.
Breaks: L1, once.
Tests: tests/test_places.py::TestPlace
  tests/test_clicks.py

diff --git a/places.py b/places.py
"""


class TestPlanted:
    @pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")
    def test_all_apply_to_the_code_as_it_is(self) -> None:
        for mutant in read_mutants():
            check_applies(mutant, ROOT)

    def test_are_numbered_in_a_row(self) -> None:
        mutants = read_mutants()
        assert [mutant.number for mutant in mutants] == list(range(1, len(mutants) + 1))
        assert len({mutant.name for mutant in mutants}) == len(mutants) >= 22

    def test_name_tests_that_there_are(self) -> None:
        missing = [test for mutant in read_mutants() for test in mutant.tests if not is_there(test)]
        assert missing == []


def is_there(node_id: str) -> bool:
    """Whether the file of a node id is there, and has the class and the function that it names."""
    file, *names = node_id.split("::")
    source = ROOT / file
    return source.is_file() and all(
        f"class {name}:" in source.read_text() or f"def {name}(" in source.read_text() for name in names
    )


def write(folder: Path, text: str, *, name: str = "03-places.patch") -> Path:
    patch = folder / name
    patch.write_text(text)
    return patch


class TestHead:
    def test_says_what_is_wrong_what_that_breaks_and_who_is_to_find_it(self, tmp_path: Path) -> None:
        mutant = read_mutant(write(tmp_path, HEAD))
        assert (mutant.number, mutant.name, str(mutant)) == (3, "places", "03 places")
        assert (mutant.bug, mutant.promise) == ("A place is counted twice, once by each click.", "L1, once.")
        assert mutant.tests == ("tests/test_places.py::TestPlace", "tests/test_clicks.py")
        assert not mutant.makes_migrations
        assert read_mutant(write(tmp_path, f"Migrations: made\n{HEAD}")).makes_migrations

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (HEAD.replace("Breaks: L1, once.\n", ""), "it does not say Breaks"),
            (HEAD.replace("L1, once.", ""), "'Breaks: ' says nothing that is known"),
            (HEAD.replace("Breaks", "Spoils"), "'Spoils: L1, once.' says nothing that is known"),
            (f"Bug: Another.\n{HEAD}", "says nothing that is known"),
            (f"Migrations: perhaps\n{HEAD}", "Migrations are 'made', or not named"),
        ],
    )
    def test_that_is_incomplete_is_refused(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(HeadIncomplete, match=message):
            read_mutant(write(tmp_path, text))

    def test_of_a_file_without_a_number_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(HeadIncomplete, match=r"a planted bug is called NN-what-it-is\.patch"):
            read_mutant(write(tmp_path, HEAD, name="places.patch"))

    def test_with_the_number_of_another_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path, HEAD)
        write(tmp_path, HEAD, name="03-clicks.patch")
        with pytest.raises(HeadIncomplete, match="the number 03 is there twice"):
            read_mutants(tmp_path)


class TestChoose:
    def test_takes_numbers_and_names_and_else_all(self, tmp_path: Path) -> None:
        mutants = [read_mutant(write(tmp_path, HEAD, name=name)) for name in ("01-a.patch", "02-b.patch")]
        assert choose(mutants, []) == mutants
        assert choose(mutants, ["b", "1"]) == mutants[::-1]
        with pytest.raises(MutantsError, match="Cannot plant 'c'; there are: 01 a, 02 b"):
            choose(mutants, ["c"])


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")
class TestPatch:
    def test_of_code_that_has_changed_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path, f"{HEAD}--- a/places.py\n+++ b/places.py\n@@ -1 +1 @@\n-one\n+two\n")
        (tmp_path / "places.py").write_text("three\n")
        mutant = read_mutant(tmp_path / "03-places.patch")
        with pytest.raises(PatchDoesNotApply, match=r"(?s)03 places.*The code has changed"):
            check_applies(mutant, tmp_path)
