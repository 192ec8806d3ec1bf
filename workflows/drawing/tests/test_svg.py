"""The SVG: well-formed, readable, without inline style, and the same bytes each time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import workflows
from workflows.drawing import Annotation, Progress, draw_document, draw_dot, draw_mermaid, draw_svg
from workflows.drawing.tests.machines import DOOR, LEAD, MACHINES, guards, move
from workflows.machine import Machine

ALL = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
STYLESHEET = Path(workflows.__file__).parent / "static" / "workflows" / "diagram.css"
SVG = "{http://www.w3.org/2000/svg}"

AT_VERIFIED = Progress(
    current="verified",
    entered={"new": "26 Oct 10:03", "verified": "26 Oct 20:58"},
    taken=frozenset({("verify", "new", "verified")}),
    available=frozenset({"reject", "record_quote"}),
    blocked={"reroute": frozenset({"A place is free"})},
    forbidden=frozenset({"mark_duplicate"}),
)


def parse(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def groups(text: str, *, attribute: str, value: str) -> list[ElementTree.Element]:
    return [group for group in parse(text).iter(f"{SVG}g") if group.get(attribute) == value]


def classes_of(text: str, transition: str) -> list[set[str]]:
    found = groups(text, attribute="data-transition", value=transition)
    return [set((group.get("class") or "").split()) - {"wf-arrow"} for group in found]


def texts_in(element: ElementTree.Element) -> list[tuple[str, str | None]]:
    return [
        ((text.get("class") or "").removeprefix("wf-text "), text.text) for text in element.iter(f"{SVG}text")
    ]


class TestDrawSvg:
    @ALL
    @pytest.mark.parametrize("standalone", [True, False])
    def test_is_well_formed_and_has_no_inline_style(self, machine: Machine, standalone: bool) -> None:
        root = parse(draw_svg(machine, standalone=standalone))
        assert root.tag == f"{SVG}svg"
        assert [element.tag for element in root.iter() if "style" in element.attrib] == []

    @ALL
    def test_has_no_id_twice(self, machine: Machine) -> None:
        ids = [element.get("id") for element in parse(draw_svg(machine)).iter() if element.get("id")]
        assert ids == [f"wf-{machine.name}-title", f"wf-{machine.name}-desc"]

    def test_can_be_shown_twice_on_one_page(self) -> None:
        assert 'id="second-door-title"' in draw_svg(DOOR, id_prefix="second")

    def test_is_an_image_that_is_described_by_its_title_and_text(self) -> None:
        root = parse(draw_svg(DOOR))
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == "wf-door-title wf-door-desc"
        assert root.findtext(f"{SVG}title") == "Door: states and transitions"
        assert (
            root.findtext(f"{SVG}desc")
            == "Begins as Ajar. States: Ajar (open), Shut (closed). Shut: from Ajar to Shut."
        )

    def test_draws_two_states_exactly(self) -> None:
        (arrow,) = groups(draw_svg(DOOR), attribute="data-transition", value="shut")
        assert [path.get("d") for path in arrow.iter(f"{SVG}path")] == [
            "M104 0L204 0",
            "M213 0L203 5L203 -5Z",
        ]
        assert texts_in(arrow) == [("wf-label", "Shut")]
        (state,) = groups(draw_svg(DOOR), attribute="data-state", value="shut")
        assert state.get("class") == "wf-state wf-good wf-closed"
        box = state.find(f"{SVG}rect")
        assert box is not None
        assert box.attrib == {
            "class": "wf-box",
            "x": "213",
            "y": "-25",
            "width": "104",
            "height": "50",
            "rx": "10",
        }

    def test_writes_label_guards_and_effects_at_an_arrow(self) -> None:
        (arrow,) = groups(draw_svg(LEAD), attribute="data-transition", value="verify")
        assert texts_in(arrow) == [
            ("wf-label", "Verify"),
            ("wf-guard", "[Contact is confirmed]"),
            ("wf-guard", "[Not a duplicate]"),
            ("wf-guard", "[Category is served]"),
            ("wf-effect", "/ route once, assign once"),
        ]
        assert arrow.findtext(f"{SVG}title") == "Check the contact and send the lead to providers."

    def test_says_from_where_an_exit_comes_and_marks_the_clock(self) -> None:
        (arrow,) = groups(draw_svg(LEAD), attribute="data-transition", value="expire")
        assert texts_in(arrow) == [("wf-timer", "Expire"), ("wf-note", "from any open state")]
        assert [path.get("class") for path in arrow.iter(f"{SVG}path")] == ["wf-way", "wf-head", "wf-clock"]
        assert texts_in(groups(draw_svg(LEAD), attribute="data-transition", value="reject")[0]) == [
            ("wf-danger", "Reject"),
            ("wf-note", "from New, Verified"),
        ]

    def test_tells_good_from_bad_without_colours_too(self) -> None:
        text = draw_svg(LEAD)
        rects = {
            state: [rect.get("class") for rect in group.iter(f"{SVG}rect")]
            for state in ("won", "rejected")
            for group in groups(text, attribute="data-state", value=state)
        }
        assert rects == {"won": ["wf-box"], "rejected": ["wf-box", "wf-inner"]}
        assert "--wf-good, #1a7f37); stroke-width: 3; }" in STYLESHEET.read_text(encoding="utf-8")

    def test_has_a_title_and_explains_the_signs_that_it_has_when_it_stands_alone(self) -> None:
        legends = {
            machine.name: [
                (group.get("class"), texts_in(group)[-1][1])
                for group in parse(draw_svg(machine)).iter(f"{SVG}g")
                if (group.get("class") or "").startswith("wf-legend")
            ]
            for machine in (DOOR, LEAD)
        }
        assert legends["door"] == [
            ("wf-legend", "more is expected"),
            ("wf-legend wf-good", "wished for"),
        ]
        assert legends["lead"] == [
            ("wf-legend", "more is expected"),
            ("wf-legend", "only if this holds"),
            ("wf-legend", "what it does"),
            ("wf-legend", "taken by the clock"),
            ("wf-legend", "dangerous: asks first"),
            ("wf-legend wf-from-frame", "from the states named"),
            ("wf-legend wf-good", "wished for"),
            ("wf-legend wf-bad", "not wished for"),
        ]
        assert ("wf-title", "Lead") in texts_in(parse(draw_svg(LEAD)))
        on_a_page = draw_svg(LEAD, standalone=False)
        assert "wf-legend" not in on_a_page
        assert "wf-title" not in on_a_page

    @ALL
    def test_every_class_is_in_the_stylesheet(self, machine: Machine) -> None:
        rules = set(re.findall(r"\.(wf-[a-z-]+)", STYLESHEET.read_text(encoding="utf-8")))
        used = {
            name
            for element in parse(draw_svg(machine)).iter()
            for name in (element.get("class") or "").split()
        }
        # What needs no rule of its own: the plain look, and marks for pages that add to the drawing.
        neutral = {"wf-arrow", "wf-plain", "wf-state", "wf-neutral", "wf-open", "wf-closed", "wf-legend"}
        roles = {"wf-straight", "wf-loop", "wf-arc", "wf-to-end", "wf-return"}
        assert used - rules - neutral - roles == set()


class TestStylesheet:
    def test_is_the_one_in_a_standalone_drawing(self) -> None:
        style = parse(draw_svg(DOOR)).find(f"{SVG}style")
        assert style is not None
        assert (style.text or "").strip() == STYLESHEET.read_text(encoding="utf-8").strip()

    def test_is_left_to_the_page_otherwise(self) -> None:
        root = parse(draw_svg(DOOR, standalone=False))
        assert root.find(f"{SVG}style") is None
        assert "wf-canvas" not in [rect.get("class") for rect in root.iter(f"{SVG}rect")]

    def test_takes_every_colour_from_a_variable_and_gives_each_a_dark_value(self) -> None:
        text = STYLESHEET.read_text(encoding="utf-8")
        light, *dark = text.split("@media screen")
        assert re.findall(r":\s*#", light) == []
        used = set(re.findall(r"var\((--wf-[a-z-]+), #[0-9a-f]{6}\)", light))
        assert len(used) == light.count("var(") - sum(light.count(f"var({name},") - 1 for name in used)
        for block in dark:
            assert set(re.findall(r"(--wf-[a-z-]+): #[0-9a-f]{6};", block)) == used

    def test_has_the_same_dark_colours_for_the_system_and_for_a_page_that_chooses(self) -> None:
        system, chosen = STYLESHEET.read_text(encoding="utf-8").split("@media screen")[1:]
        assert re.findall(r"--wf-.*;", system) == re.findall(r"--wf-.*;", chosen)
        assert '(prefers-color-scheme: dark) {\n  :root:not([data-theme="light"], .light) {' in system
        assert 'html[data-theme="dark"], html.dark {' in chosen

    def test_has_the_font_sizes_with_which_the_layout_reckons(self) -> None:
        text = STYLESHEET.read_text(encoding="utf-8")
        assert ".wf-state-label { font-size: 14px; font-weight: 600; }" in text
        assert (
            ".wf-label, .wf-timer, .wf-danger, .wf-danger-timer { font-size: 13px; font-weight: 600; }"
            in text
        )
        assert ".wf-title { font-size: 18px; font-weight: 600; }" in text
        assert ".wf-text { fill: var(--wf-ink, #1f2328); font-size: 12px; }" in text


class TestProgress:
    def test_marks_the_present_state_and_those_entered_with_their_times(self) -> None:
        text = draw_svg(LEAD, progress=AT_VERIFIED)
        states = {
            group.get("data-state"): group for group in parse(text).iter(f"{SVG}g") if group.get("data-state")
        }
        assert states["verified"].get("class") == "wf-state wf-neutral wf-open wf-current"
        assert states["new"].get("class") == "wf-state wf-neutral wf-open wf-entered"
        assert states["quoted"].get("class") == "wf-state wf-neutral wf-open"
        assert texts_in(states["new"]) == [("wf-state-label", "New"), ("wf-time", "26 Oct 10:03")]

    def test_draws_what_was_done_what_may_be_done_and_what_may_not(self) -> None:
        text = draw_svg(LEAD, progress=AT_VERIFIED)
        assert classes_of(text, "verify") == [{"wf-straight", "wf-taken"}]
        assert classes_of(text, "reject") == [{"wf-from-frame", "wf-available"}]
        assert classes_of(text, "mark_duplicate") == [{"wf-from-frame", "wf-forbidden"}]
        assert classes_of(text, "expire") == [{"wf-from-frame", "wf-passed"}]
        assert classes_of(text, "award") == [{"wf-to-end", "wf-ahead"}]
        assert classes_of(text, "reopen") == [{"wf-return", "wf-ahead"}]

    def test_draws_only_the_edges_out_of_the_present_state_as_possible(self) -> None:
        text = draw_svg(LEAD, progress=AT_VERIFIED)
        assert classes_of(text, "record_quote") == [{"wf-loop", "wf-ahead"}, {"wf-straight", "wf-available"}]

    def test_marks_each_guard_of_a_blocked_transition_as_held_or_failed(self) -> None:
        elsewhere, here = groups(
            draw_svg(LEAD, progress=AT_VERIFIED), attribute="data-transition", value="reroute"
        )
        assert here.get("class") == "wf-arrow wf-loop wf-blocked"
        assert texts_in(here) == [
            ("wf-label", "Reroute"),
            ("wf-guard-failed", "[✗ A place is free]"),
            ("wf-guard-held", "[✓ Deadline has not passed]"),
            ("wf-effect", "/ next wave"),
        ]
        assert ("wf-guard", "[A place is free]") in texts_in(elsewhere)

    def test_spells_out_what_is_forbidden_so_that_colour_is_not_the_only_sign(self) -> None:
        (arrow,) = groups(
            draw_svg(LEAD, progress=AT_VERIFIED), attribute="data-transition", value="mark_duplicate"
        )
        assert texts_in(arrow)[-1] == ("wf-note", "not permitted")

    def test_is_told_in_the_description(self) -> None:
        description = parse(draw_svg(LEAD, progress=AT_VERIFIED)).findtext(f"{SVG}desc") or ""
        assert description.startswith("Now Verified. Begins as New.")
        assert "then: next wave; blocked now by: A place is free." in description
        assert "Reject: from New, Verified to Rejected; available now." in description
        assert "Mark duplicate: from New, Verified to Duplicate; forbidden now." in description

    def test_shows_a_way_that_is_blocked_now_as_blocked_though_it_was_taken_before(self) -> None:
        progress = Progress(
            current="new",
            taken=frozenset({("verify", "new", "verified")}),
            blocked={"verify": frozenset({"Not a duplicate"})},
        )
        assert classes_of(draw_svg(LEAD, progress=progress), "verify") == [{"wf-straight", "wf-blocked"}]


FIGURES = Annotation(
    states={"new": ("39 now, for 5 h", "took 26 min, p90 3 h"), "won": ("97 now",)},
    edges={
        ("verify", "new", "verified"): "400×, after 26 min",
        ("reject", "new", "rejected"): "99×",
        ("reject", "verified", "rejected"): "1×",
    },
    counts={
        ("verify", "new", "verified"): 400,
        ("reject", "new", "rejected"): 99,
        ("reject", "verified", "rejected"): 1,
    },
    start=("Created", "500×"),
    start_count=500,
    state_urls={"new": "/leads/?status=new&a=b"},
    transition_urls={"verify": "/audit/?transition=verify"},
)


class TestAnnotation:
    def test_stands_in_the_boxes_and_in_place_of_guards_and_effects(self) -> None:
        text = draw_svg(LEAD, annotation=FIGURES)
        (new,) = groups(text, attribute="data-state", value="new")
        assert texts_in(new) == [
            ("wf-state-label", "New"),
            ("wf-figure", "39 now, for 5 h"),
            ("wf-time", "took 26 min, p90 3 h"),
        ]
        (verify,) = groups(text, attribute="data-transition", value="verify")
        assert texts_in(verify) == [("wf-label", "Verify"), ("wf-figure", "400×, after 26 min")]
        (reject,) = groups(text, attribute="data-transition", value="reject")
        assert texts_in(reject) == [
            ("wf-danger", "Reject"),
            ("wf-figure", "from New: 99×"),
            ("wf-figure", "from Verified: 1×"),
        ]
        assert {("wf-label", "Created"), ("wf-figure", "500×")} <= set(texts_in(parse(text)))

    def test_makes_a_line_the_wider_the_more_often_it_was_gone(self) -> None:
        text = draw_svg(LEAD, annotation=FIGURES)
        weights = {name: classes_of(text, name)[0] for name in ("verify", "reject", "award")}
        assert weights == {
            "verify": {"wf-straight", "wf-plain", "wf-weight-5"},
            "reject": {"wf-from-frame", "wf-plain", "wf-weight-3"},
            "award": {"wf-to-end", "wf-plain", "wf-weight-0"},
        }

    def test_draws_a_few_never_as_much(self) -> None:
        few = Annotation(counts={("verify", "new", "verified"): 2})
        assert classes_of(draw_svg(LEAD, annotation=few), "verify") == [
            {"wf-straight", "wf-plain", "wf-weight-3"}
        ]

    def test_leads_on_from_states_and_transitions(self) -> None:
        root = parse(draw_svg(LEAD, annotation=FIGURES))
        links = {link.get("href"): texts_in(link)[0][1] for link in root.iter(f"{SVG}a")}
        assert links == {"/leads/?status=new&a=b": "New", "/audit/?transition=verify": "Verify"}
        # What is inside of an image cannot be followed.
        assert root.get("role") == "group"
        assert parse(draw_svg(LEAD, annotation=Annotation())).get("role") == "img"

    def test_is_told_in_the_description(self) -> None:
        description = parse(draw_svg(LEAD, annotation=FIGURES)).findtext(f"{SVG}desc") or ""
        assert "States: New (open), 39 now, for 5 h, took 26 min, p90 3 h; Verified (open);" in description
        assert "Reject, from New to Rejected: 99×. Reject, from Verified to Rejected: 1×." in description


class TestSameBytes:
    PROGRAM = """
from workflows.drawing import draw_document, draw_dot, draw_svg
from workflows.drawing.tests.machines import MACHINES
from workflows.drawing.tests.test_svg import AT_VERIFIED
import hashlib
text = "".join(draw_svg(m) + draw_dot(m) + draw_document(m) for m in MACHINES)
text += draw_svg(MACHINES[0], progress=AT_VERIFIED)
print(hashlib.sha256(text.encode()).hexdigest())
"""

    @ALL
    def test_are_drawn_twice(self, machine: Machine) -> None:
        for draw in (draw_svg, draw_dot, draw_document, draw_mermaid):
            assert draw(machine) == draw(machine)

    def test_are_drawn_in_processes_that_hash_differently(self) -> None:
        root = Path(workflows.__file__).parent.parent
        digests = {
            subprocess.run(
                [sys.executable, "-c", self.PROGRAM],
                env={"PYTHONHASHSEED": seed, "PATH": ""},
                cwd=root,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2", "31337")
        }
        assert len(digests) == 1
        assert len(digests.pop()) == 65

    @ALL
    def test_have_no_fractions(self, machine: Machine) -> None:
        drawing = draw_svg(machine, standalone=False)
        assert re.findall(r"\d\.\d", drawing) == []


class TestEveryFormat:
    @ALL
    @pytest.mark.parametrize(
        "draw", [draw_svg, draw_dot, draw_mermaid, draw_document], ids=lambda d: d.__name__
    )
    def test_names_every_state_and_every_transition(self, machine: Machine, draw: object) -> None:
        assert callable(draw)
        text = draw(machine)
        assert [state.label for state in machine.states if str(state.label) not in text] == []
        assert [t.label for t in machine.transitions if str(t.label) not in text] == []

    def test_escapes_what_has_a_meaning_there(self) -> None:
        nasty = move("shut", "ajar", "shut", guards=guards('A "<b>" | c: d; \\ e'))
        machine = Machine(
            **{**{name: getattr(DOOR, name) for name in DOOR.__slots__}, "transitions": (nasty,)}
        )
        svg = draw_svg(machine)
        assert ("wf-guard", '[A "<b>" | c: d; \\ e]') in texts_in(parse(svg))
        assert '[label="Shut\\n[A \\"<b>\\" | c: d; \\\\ e]"]' in draw_dot(machine)
        assert "ajar --> shut : Shut [A #quot;#lt;b#gt;#quot; | c#58; d#59; \\ e]" in draw_mermaid(machine)
        assert '| A "\\<b\\>" \\| c: d; \\\\ e |' in draw_document(machine)
