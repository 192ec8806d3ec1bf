"""The folder of drawings: which files belong there, and how it differs from what the machines give now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workflows.drawing.document import GENERATED, draw_document, escape_markdown
from workflows.drawing.dot import draw_dot
from workflows.drawing.svg import draw_svg
from workflows.machine import Machine

__all__ = ["Drift", "draw_files", "draw_index", "find_drift", "write_files"]

_SUFFIXES = (".md", ".svg", ".dot")


@dataclass(frozen=True, slots=True)
class Drift:
    """Names of files: with other content, not there, and there without a machine."""

    stale: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    orphaned: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.stale or self.missing or self.orphaned)


def draw_files(machine: Machine) -> dict[str, str]:
    """Return the content of a machine's files by name."""
    return {
        f"{machine.name}.md": draw_document(machine),
        f"{machine.name}.svg": draw_svg(machine),
        f"{machine.name}.dot": draw_dot(machine),
    }


def draw_index(machines: Sequence[Machine]) -> dict[str, str]:
    """Return the content of the folder's ``README.md``, by that name."""
    lines = ["# State machines", "", GENERATED, ""]
    for machine in machines:
        counts = f"states: {len(machine.states)}, transitions: {len(machine.transitions)}"
        lines.append(f"- [{escape_markdown(str(machine.title))}]({machine.name}.md) ({counts})")
    return {"README.md": "\n".join([*lines, ""])}


def find_drift(folder: Path, files: Mapping[str, str], *, is_complete: bool) -> Drift:
    """Compare a folder with its files; others are orphaned only when ``files`` are all that belong there."""
    present = {path.name for path in folder.glob("*") if path.suffix in _SUFFIXES}
    stale = [name for name, text in files.items() if name in present and _read(folder / name) != text]
    return Drift(
        stale=tuple(sorted(stale)),
        missing=tuple(sorted(set(files) - present)),
        orphaned=tuple(sorted(present - set(files))) if is_complete else (),
    )


def write_files(folder: Path, files: Mapping[str, str]) -> tuple[str, ...]:
    """Write the files that differ, and return their names; the folder is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    drift = find_drift(folder, files, is_complete=False)
    names = tuple(sorted((*drift.stale, *drift.missing)))
    for name in names:
        (folder / name).write_text(files[name], encoding="utf-8", newline="\n")
    return names


def _read(path: Path) -> str:
    """Return the content with the line ends that it has: other ones are a difference."""
    return path.read_bytes().decode("utf-8", errors="replace")
