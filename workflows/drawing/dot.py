"""A machine in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.drawing.arrangement import Arrow, arrange
from workflows.drawing.captions import Caption, caption_of
from workflows.machine import Machine, State, Tone

__all__ = ["draw_dot"]

_FILLS = {Tone.NEUTRAL: "#ffffff", Tone.GOOD: "#dafbe1", Tone.BAD: "#ffebe9", Tone.MUTED: "#eaeef2"}
_START = "(start)"


def draw_dot(machine: Machine) -> str:
    """Return a directed graph: the open states in a dashed cluster, one arrow for each edge."""
    lines = [
        f"digraph {_quote(machine.name)} {{",
        f"    label={_quote(str(machine.title))};",
        "    labelloc=t;",
        "    rankdir=LR;",
        '    fontname="Helvetica";',
        '    node [shape=box, style="rounded,filled", fontname="Helvetica"];',
        '    edge [fontname="Helvetica", fontsize=10];',
        f'    {_quote(_START)} [shape=point, width=0.15, label=""];',
        "    subgraph cluster_open {",
        '        label="Open";',
        "        style=dashed;",
        *(f"        {_node(state)}" for state in machine.states if state.is_open),
        "    }",
        *(f"    {_node(state)}" for state in machine.states if not state.is_open),
        f"    {_quote(_START)} -> {_quote(machine.initial)};",
        *(f"    {line}" for line in _edges_of(machine)),
        "}",
        "",
    ]
    return "\n".join(lines)


def _node(state: State) -> str:
    return (
        f"{_quote(state.value)} [label={_quote(str(state.label))}, fillcolor={_quote(_FILLS[state.tone])}];"
    )


def _edges_of(machine: Machine) -> Iterator[str]:
    """Yield the edges; only those of the happy path decide the order of the states."""
    happy = {arrow.key for arrow in arrange(machine).straight}
    ends = set(zip(machine.spine, machine.spine[1:], strict=False))
    for edge in machine.edges():
        arrow = Arrow(edge.transition, (edge.source,), edge.target)
        is_spine = arrow.key in happy or (edge.source, edge.target) in ends
        is_onward = is_spine or not machine.state(edge.target).is_open
        more = "" if is_onward else ", constraint=false"
        more += ", style=dashed" if not machine.state(edge.target).is_open and not is_spine else ""
        label = _lines_of(caption_of(arrow, machine), is_timer=edge.transition.is_timer)
        yield f"{_quote(edge.source)} -> {_quote(edge.target)} [label={_quote(label)}{more}];"


def _lines_of(caption: Caption, *, is_timer: bool) -> str:
    lines = [text for text, _kind in (*caption.head, *caption.tail)]
    if is_timer:
        lines[0] = f"⏱ {lines[0]}"
    return "\n".join(lines)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
