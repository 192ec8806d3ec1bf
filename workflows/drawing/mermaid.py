"""A machine as a Mermaid state diagram, as pages that render Markdown show it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workflows.drawing.captions import label_of
from workflows.machine import Edge, Machine, Tone

__all__ = ["draw_mermaid"]

# Words with a meaning of their own in a state diagram: a state must not have one as its id.
_RESERVED = frozenset(
    {"as", "class", "classdef", "click", "default", "direction", "end", "hide", "note", "state", "style"}
)
_STROKES = {Tone.GOOD: "stroke:#1a7f37", Tone.BAD: "stroke:#c9252d"}
# Characters that end a label or begin something else; the entities are Mermaid's.
_ENTITIES = {"#": "#35;", ";": "#59;", ":": "#58;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "\n": " "}


def draw_mermaid(machine: Machine) -> str:
    """Return a ``stateDiagram-v2``: one arrow for each edge, with label and guards."""
    ids = _ids_of(machine)
    lines = ["stateDiagram-v2", "    direction LR"]
    lines.extend(f'    state "{_escape(str(state.label))}" as {ids[state.value]}' for state in machine.states)
    lines.append(f"    [*] --> {ids[machine.initial]}")
    lines.extend(
        f"    {ids[edge.source]} --> {ids[edge.target]} : {_text_of(edge)}" for edge in machine.edges()
    )
    left = {edge.source for edge in machine.edges()}
    lines.extend(
        f"    {ids[s.value]} --> [*]" for s in machine.states if not s.is_open and s.value not in left
    )
    lines.extend(_tones_of(machine, ids))
    return "\n".join([*lines, ""])


def _ids_of(machine: Machine) -> dict[str, str]:
    """Return an id for each state: its value, as far as Mermaid allows, and no id twice."""
    ids: dict[str, str] = {}
    for state in machine.states:
        name = re.sub(r"[^A-Za-z0-9_]", "_", state.value)
        if not name or name.lower() in _RESERVED or name[0].isdigit():
            name = f"state_{name}"
        while name in ids.values():
            name += "_"
        ids[state.value] = name
    return ids


def _text_of(edge: Edge) -> str:
    guards = (f"[{guard.label}]" for guard in edge.transition.guards)
    return _escape(" ".join([label_of(edge.transition), *guards]))


def _tones_of(machine: Machine, ids: dict[str, str]) -> Iterator[str]:
    for tone, stroke in _STROKES.items():
        members = [ids[state.value] for state in machine.states if state.tone is tone]
        if members:
            yield f"    classDef {tone} {stroke},stroke-width:2px"
            yield f"    class {','.join(members)} {tone}"


def _escape(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)
