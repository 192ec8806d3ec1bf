"""No two things may lie on each other, whatever the machine."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from workflows.drawing.annotation import Annotation
from workflows.drawing.layout import lay_out
from workflows.drawing.progress import Progress
from workflows.drawing.shapes import Layout, Rect
from workflows.drawing.tests.machines import (
    ARCHIVED_FIRST,
    DOOR,
    FORK,
    JOURNEY,
    LAMP,
    LEAD,
    MACHINES,
    OFFER,
    PROVIDER,
    TICKET,
)
from workflows.machine import Machine

ALL = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def busiest_progress(machine: Machine, state: str) -> Progress:
    """Progress that writes most: a time in every box, every guard marked, refusals spelt out."""
    names = [t.name for t in machine.transitions_from(state)]
    return Progress(
        current=state,
        entered={state.value: "26 October 2026, 20:58" for state in machine.states},
        blocked={name: frozenset({"A place is free"}) for name in names[::2]},
        forbidden=frozenset(names[1::2]),
    )


def busiest_annotation(machine: Machine) -> Annotation:
    return Annotation(
        states={
            state.value: ("1,234,567 now, for 9 h 59 min", "took 9 h 59 min, p90 99 d 23 h")
            for state in machine.states
        },
        edges={
            (edge.transition.name, edge.source, edge.target): "1,234,567×, after 9 h 59 min"
            for edge in machine.edges()
        },
        start=("Created", "1,234,567×"),
    )


def layouts_of(machine: Machine) -> list[Layout]:
    return [
        lay_out(machine),
        lay_out(machine, is_titled=True),
        lay_out(machine, annotation=busiest_annotation(machine)),
        *(lay_out(machine, progress=busiest_progress(machine, state.value)) for state in machine.states),
    ]


def outer_texts(layout: Layout) -> list[Rect]:
    texts = [text.rect for arrow in layout.arrows for text in arrow.texts]
    alone = [text for text in (layout.frame_text, layout.title, *layout.start_texts) if text]
    return [*texts, *(text.rect for text in alone)]


def stretches(layout: Layout) -> list[Rect]:
    """Every straight stretch of every arrow, as a rectangle without width."""
    paths = [path for arrow in layout.arrows for path in arrow.paths]
    return [
        Rect(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1]))
        for path in (*paths, layout.start)
        for a, b in pairwise(path)
    ]


class TestOverlap:
    @ALL
    def test_no_text_lies_on_another_text_or_on_a_box(self, machine: Machine) -> None:
        for layout in layouts_of(machine):
            rects = [*outer_texts(layout), *(box.rect for box in layout.boxes)]
            assert [(a, b) for a, b in combinations(rects, 2) if a.overlaps(b)] == []

    @ALL
    def test_the_texts_of_a_box_lie_inside_it_and_not_on_each_other(self, machine: Machine) -> None:
        for layout in layouts_of(machine):
            for box in layout.boxes:
                texts = [text.rect for text in box.texts]
                assert [(a, b) for a, b in combinations(texts, 2) if a.overlaps(b)] == []
                assert all(t.x >= box.rect.x and t.right <= box.rect.right for t in texts)
                assert all(t.y >= box.rect.y and t.bottom <= box.rect.bottom for t in texts)

    @ALL
    def test_no_line_runs_through_a_text(self, machine: Machine) -> None:
        for layout in layouts_of(machine):
            lines = stretches(layout)
            assert [(t, s) for t in outer_texts(layout) for s in lines if t.overlaps(s)] == []

    @ALL
    def test_no_line_runs_through_a_box(self, machine: Machine) -> None:
        for layout in layouts_of(machine):
            lines = stretches(layout)
            assert [(b.state, s) for b in layout.boxes for s in lines if b.rect.overlaps(s)] == []

    @ALL
    def test_everything_lies_within_the_bounds(self, machine: Machine) -> None:
        for layout in layouts_of(machine):
            bounds = layout.bounds
            for rect in (*outer_texts(layout), *stretches(layout), *(box.rect for box in layout.boxes)):
                assert bounds.x < rect.x
                assert rect.right < bounds.right
                assert bounds.y < rect.y
                assert rect.bottom < bounds.bottom


class TestFrame:
    @ALL
    def test_holds_the_open_states_and_no_others(self, machine: Machine) -> None:
        for layout in layouts_of(machine):
            is_open = {state.value: state.is_open for state in machine.states}
            inside = {
                box.state: layout.frame is not None and layout.frame.overlaps(box.rect)
                for box in layout.boxes
            }
            assert inside == is_open

    def test_is_left_out_when_no_state_is_open(self) -> None:
        layout = lay_out(ARCHIVED_FIRST)
        assert layout.frame is None
        assert layout.frame_text is None


class TestPlaces:
    def test_the_open_states_of_the_happy_path_stand_in_one_line_from_left_to_right(self) -> None:
        boxes = {box.state: box.rect for box in lay_out(LEAD).boxes}
        assert [boxes[state].middle_y for state in LEAD.spine] == [0, 0, 0, 0]
        assert sorted(LEAD.spine, key=lambda state: boxes[state].x) == list(LEAD.spine)

    def test_exits_stand_in_one_row_below_the_frame(self) -> None:
        layout = lay_out(OFFER)
        assert layout.frame is not None
        boxes = {box.state: box.rect for box in layout.boxes}
        exits = [boxes[state] for state in ("declined", "expired", "lost", "withdrawn")]
        assert len({rect.y for rect in exits}) == 1
        assert exits[0].y > layout.frame.bottom

    def test_closed_states_behind_the_last_open_one_fan_out_on_the_right(self) -> None:
        layout = lay_out(FORK)
        assert layout.frame is not None
        ends = [box.rect for box in layout.boxes if box.state != "quoted"]
        assert len({rect.x for rect in ends}) == 1
        assert ends[0].x > layout.frame.right
        assert [rect.middle_y < 0 for rect in ends] == [True, False, False]
        assert ends[1].middle_y == 0

    def test_open_states_off_the_happy_path_follow_it_in_the_line(self) -> None:
        boxes = {box.state: box.rect for box in lay_out(PROVIDER).boxes}
        line = [boxes[state] for state in ("pending", "active", "paused", "suspended")]
        assert [rect.middle_y for rect in line] == [0, 0, 0, 0]
        assert all(left.right < right.x for left, right in pairwise(line))


class TestArrows:
    def roles(self, machine: Machine, name: str) -> list[tuple[str, tuple[str, ...], str]]:
        return [
            (drawn.role, drawn.arrow.sources, drawn.arrow.target)
            for drawn in lay_out(machine).arrows
            if drawn.arrow.transition.name == name
        ]

    @ALL
    def test_every_edge_is_drawn_exactly_once(self, machine: Machine) -> None:
        drawn = [
            (arrow.arrow.transition.name, source, arrow.arrow.target)
            for arrow in lay_out(machine).arrows
            for source in arrow.arrow.sources
        ]
        edges = [(edge.transition.name, edge.source, edge.target) for edge in machine.edges()]
        assert sorted(drawn) == sorted(edges)

    def test_an_exit_from_many_states_is_drawn_once_from_the_frame(self) -> None:
        assert self.roles(LEAD, "expire") == [("from-frame", ("new", "verified", "quoted"), "expired")]

    def test_a_transition_to_the_same_state_is_a_loop_at_each_of_its_states(self) -> None:
        assert self.roles(LEAD, "reroute") == [
            ("loop", ("verified",), "verified"),
            ("loop", ("quoted",), "quoted"),
        ]

    def test_a_transition_to_the_next_state_is_straight_and_one_that_skips_is_an_arc(self) -> None:
        assert self.roles(PROVIDER, "suspend") == [
            ("straight", ("paused",), "suspended"),
            ("arc", ("active",), "suspended"),
        ]

    def test_a_transition_back_to_an_open_state_is_drawn_once_from_all_closed_ones(self) -> None:
        assert self.roles(LEAD, "reopen") == [("return", ("rejected", "duplicate", "expired"), "new")]
        drawn = next(d for d in lay_out(LEAD).arrows if d.arrow.transition.name == "reopen")
        boxes = {box.state: box.rect for box in lay_out(LEAD).boxes}
        assert len(drawn.paths) == 3
        assert drawn.paths[0][0] == (boxes["expired"].middle_x, boxes["expired"].bottom)
        assert drawn.paths[0][-1] == (boxes["new"].middle_x, boxes["new"].bottom)

    def test_a_lone_end_is_led_to_straight_from_the_last_open_state(self) -> None:
        assert self.roles(DOOR, "shut") == [("to-end", ("ajar",), "shut")]
        assert lay_out(DOOR).arrows[0].paths == (((104, 0), (213, 0)),)

    def test_ends_behind_a_state_that_is_not_last_in_the_line_are_reached_above_the_others(self) -> None:
        layout = lay_out(TICKET)
        lanes = [d.paths[0] for d in layout.arrows if d.role == "to-end"]
        tops = [path[1][1] for path in lanes]
        assert sorted(tops) == tops
        assert max(tops) < min(box.rect.y for box in layout.boxes if box.state in ("open", "waiting"))

    def test_a_machine_without_closed_states_has_arcs_and_loops_only_beside_the_line(self) -> None:
        assert [d.role for d in lay_out(LAMP).arrows] == [
            *("straight", "straight"),
            *("loop", "loop", "loop"),
            *("arc", "arc", "arc"),
        ]

    def test_what_leads_to_an_end_from_several_states_leaves_the_frame(self) -> None:
        assert self.roles(JOURNEY, "settle") == [("from-frame", ("signed", "built"), "paid")]
