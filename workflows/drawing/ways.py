"""The lines of arrows as SVG paths: with round corners, and a head where they end."""

from __future__ import annotations

from collections.abc import Iterator

from workflows.drawing.shapes import Path

__all__ = ["draw_ways"]

_RADIUS = 12
_HEAD_LENGTH, _HEAD_HALF_WIDTH = 10, 5
_HEAVY = 3  # the weight above which a line is about as wide as a head


def draw_ways(paths: tuple[Path, ...], *, weight: int = 1) -> Iterator[str]:
    """Yield the ways, and a head where a way that reaches the target ends; of a heavy arrow it is larger."""
    half_width = _HEAD_HALF_WIDTH + (weight > _HEAVY)
    tip = paths[0][-1]
    yield f'<path class="wf-way" d="{_commands(_shortened(paths[0]))}"/>'
    for path in paths[1:]:
        yield f'<path class="wf-way" d="{_commands(_shortened(path) if path[-1] == tip else path)}"/>'
    yield f'<path class="wf-head" d="{_head(paths[0], half_width=half_width)}"/>'


def _direction(start: tuple[int, int], end: tuple[int, int]) -> tuple[int, int]:
    """Return the unit step of a horizontal or vertical stretch."""
    return ((end[0] > start[0]) - (end[0] < start[0]), (end[1] > start[1]) - (end[1] < start[1]))


def _shortened(path: Path) -> Path:
    """Let a way end within its head, so that the line's end does not show at the tip."""
    x, y = path[-1]
    step_x, step_y = _direction(path[-2], path[-1])
    return (*path[:-1], (x - step_x * (_HEAD_LENGTH - 1), y - step_y * (_HEAD_LENGTH - 1)))


def _head(path: Path, *, half_width: int) -> str:
    """Return the triangle at the end of a way."""
    x, y = path[-1]
    step_x, step_y = _direction(path[-2], path[-1])
    back_x, back_y = x - step_x * _HEAD_LENGTH, y - step_y * _HEAD_LENGTH
    side_x, side_y = step_y * half_width, step_x * half_width
    return f"M{x} {y}L{back_x + side_x} {back_y + side_y}L{back_x - side_x} {back_y - side_y}Z"


def _commands(path: Path) -> str:
    """Return a way with round corners."""
    commands = [f"M{path[0][0]} {path[0][1]}"]
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        radius = min(_RADIUS, _length(before, corner) // 2, _length(corner, after) // 2)
        in_x, in_y = _direction(before, corner)
        out_x, out_y = _direction(corner, after)
        commands.append(f"L{corner[0] - in_x * radius} {corner[1] - in_y * radius}")
        commands.append(f"Q{corner[0]} {corner[1]} {corner[0] + out_x * radius} {corner[1] + out_y * radius}")
    commands.append(f"L{path[-1][0]} {path[-1][1]}")
    return "".join(commands)


def _length(start: tuple[int, int], end: tuple[int, int]) -> int:
    return abs(start[0] - end[0]) + abs(start[1] - end[1])
