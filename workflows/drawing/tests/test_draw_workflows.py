"""The command, on the machines that are installed; it needs no database."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from workflows.registry import list_machines


def run(folder: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("draw_workflows", *arguments, "--output-dir", str(folder), stdout=out)
    return out.getvalue()


class TestDrawWorkflows:
    def test_writes_three_files_for_each_machine_and_an_index(self, tmp_path: Path) -> None:
        run(tmp_path)
        names = [machine.name for machine in list_machines()]
        expected = {f"{name}{suffix}" for name in names for suffix in (".md", ".svg", ".dot")} | {"README.md"}
        assert {path.name for path in tmp_path.iterdir()} == expected
        assert "up to date" in run(tmp_path, "--check")

    def test_check_fails_and_writes_nothing_when_a_file_is_stale(self, tmp_path: Path) -> None:
        run(tmp_path)
        (tmp_path / "README.md").write_text("old", encoding="utf-8")
        (tmp_path / "gone.svg").write_text("<svg/>", encoding="utf-8")
        with pytest.raises(CommandError, match="run make diagrams") as failure:
            run(tmp_path, "--check")
        assert str(failure.value).splitlines()[1:] == ["  stale: README.md", "  orphaned: gone.svg"]
        assert (tmp_path / "README.md").read_text(encoding="utf-8") == "old"

    def test_refuses_a_name_that_no_machine_has(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Cannot draw nonesuch: no such machine; known: "):
            run(tmp_path, "nonesuch")
        assert list(tmp_path.iterdir()) == []
