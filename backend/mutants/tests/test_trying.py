"""A bug is found when a test fails as tests do; not when the patch made nonsense of the code."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from backend.mutants.errors import BaselineFails
from backend.mutants.judging import Outcome, Trial, judge
from backend.mutants.planted_bugs import Mutant, read_mutants
from backend.mutants.programs import Ended, Programs
from backend.mutants.report import as_text
from backend.mutants.stand import Stand
from backend.mutants.working_copy import WorkingCopy

ROOT = Path(__file__).resolve().parents[3]
SHOP = "def price():\n    return 3\n"
TEST = "import shop\n\n\ndef test_price():\n    assert shop.price() == 3\n"
PATCH = """\
Bug: {bug}
Breaks: prices.
Tests: test_shop.py

diff --git a/shop.py b/shop.py
--- a/shop.py
+++ b/shop.py
@@ -1,2 +1,2 @@
 def price():
-    return 3
+    return {value}
"""


def line(test: str, *errors: str, in_its_call: bool = True) -> str:
    return json.dumps(
        {"test": test, "has_failed": bool(errors), "in_its_call": in_its_call, "errors": errors}
    )


class TestJudge:
    @pytest.mark.parametrize(
        ("status", "record", "outcome", "found_by"),
        [
            (0, [line("a")], Outcome.SURVIVED, ()),
            (1, [line("a"), line("b", "AssertionError", "Exception")], Outcome.FOUND, ("b",)),
            (1, [line("a", "IntegrityError", "DatabaseError")], Outcome.FOUND, ("a",)),
            (1, [line("a", "NameError", "Exception")], Outcome.BROKEN, ()),
            (1, [line("a", "AssertionError", in_its_call=False)], Outcome.BROKEN, ()),
            (2, [], Outcome.BROKEN, ()),
            (5, [], Outcome.BROKEN, ()),
            (None, [line("a", "AssertionError")], Outcome.BROKEN, ()),
        ],
        ids=["passes", "fails", "refused", "nonsense", "set-up", "collection", "no-tests", "killed"],
    )
    def test_takes_failures_of_tests_alone(
        self, mutant: Mutant, status: int | None, record: list[str], outcome: Outcome, found_by: tuple
    ) -> None:
        trial = judge(mutant, Ended(status, "output"), "\n".join(record), took_s=2)
        assert (trial.outcome, trial.found_by) == (outcome, found_by)


@pytest.fixture
def mutant(tmp_path: Path) -> Mutant:
    return Mutant(7, "free", tmp_path, "All is free.", "prices.", ("test_shop.py",), makes_migrations=False)


class TestReport:
    def test_names_who_found_it_and_what_was_not_found(self, mutant: Mutant) -> None:
        trials = [
            Trial(mutant, Outcome.FOUND, ("shop/tests/test_shop.py::TestPrice::test_is[3/4]", "b"), 2.4),
            Trial(mutant, Outcome.SURVIVED, (), 3.0, "Its tests pass all the same."),
        ]
        assert as_text(trials).splitlines()[2:] == [
            "| 7 | All is free. | `test_shop TestPrice.test_is` and 1 more | 2 |",
            "| 7 | All is free. | **not found** | 3 |",
            "",
            "07 free not found.  It breaks: prices.",
            "Its tests pass all the same.",
            "",
            "1 of 2 planted bugs found; 5 s.",
        ]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """A small project of its own, committed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # where the plugin is
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    # Those that are of no use here take longer to load than the tests to run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_django.plugin")
    project, data = tmp_path / "project", tmp_path / "data"
    project.mkdir()
    data.mkdir()
    (project / "shop.py").write_text(SHOP)
    (project / "test_shop.py").write_text(TEST)
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "A shop"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    (project / "shop.py").write_text("what is not committed")
    return Stand(WorkingCopy.clone(project, tmp_path / "copy"), "0", data, Programs(), timeout_s=30)


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patches")
class TestStand:
    def test_tries_bugs_out_in_what_is_committed_and_takes_them_out_again(
        self, stand: Stand, tmp_path: Path
    ) -> None:
        patches = tmp_path / "patches"
        patches.mkdir()
        for number, (bug, value) in enumerate({"All is dear.": "4", "All is lost.": "nothing"}.items()):
            (patches / f"0{number}-bug.patch").write_text(PATCH.format(bug=bug, value=value))

        dear, lost = (stand.try_out(mutant) for mutant in read_mutants(patches))

        assert (dear.outcome, dear.found_by) == (Outcome.FOUND, ("test_shop.py::test_price",))
        assert (lost.outcome, lost.found_by) == (Outcome.BROKEN, ())
        assert "NameError" in lost.why
        assert (stand.copy.folder / "shop.py").read_text() == SHOP

    def test_insists_on_tests_that_pass_with_nothing_planted(self, stand: Stand) -> None:
        with pytest.raises(BaselineFails, match="With nothing planted the tests do not pass"):
            stand.run_baseline(["test_no_shop.py"])
