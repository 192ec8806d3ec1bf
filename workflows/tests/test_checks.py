"""The system checks: each fault that a typo or a forgotten edge makes is found and named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.db import models
from django.test.utils import isolate_apps, override_settings
from django_fsm import FSMField

from workflows import Actor, Blocker, WorkflowModel, guard, transition
from workflows.checks import check_machine, check_storage
from workflows.errors import DefinitionError
from workflows.tests.toyapp.models import Item, Parcel

CHOICES = [("a", "A"), ("b", "B"), ("c", "C")]


def only(messages: Sequence[CheckMessage], id_: str) -> str:
    """Return the text of the one message with this id; it has a hint."""
    found = [message for message in messages if message.id == f"workflows.{id_}"]
    assert len(found) == 1, messages
    assert found[0].hint
    return str(found[0].msg)


def machine_with(edges: Sequence[tuple[str, Any, str]], **attributes: Any) -> type[WorkflowModel]:
    """Make a model with the named transitions ``(name, source, target)``."""
    field = attributes.pop("field", None) or FSMField(choices=CHOICES, default="a", protected=True)
    namespace: dict[str, Any] = {"__module__": __name__, "status": field}
    for name, source, target in edges:

        def body(self: Any, *, by: Actor) -> None:
            """Move."""

        body.__name__ = name
        namespace[name] = transition(field, source=source, target=target, system=["test"])(body)
    attributes.setdefault("Meta", type("Meta", (), {"app_label": "toyapp"}))
    return type("Faulty", (WorkflowModel,), {**namespace, **attributes})


SOUND = [("go", "a", "b"), ("end", "b", "c")]


class TestBodyForMany:
    @isolate_apps("workflows.tests.toyapp")
    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            (None, "'go' names 'go_together', which is no class method"),
            (classmethod(lambda cls, those, *, by, fast=False: None), "takes other arguments than 'go'"),
        ],
    )
    def test_is_there_and_takes_the_same_arguments(self, body: Any, fault: str) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        def go(self: Any, *, by: Actor) -> None:
            """Move."""

        move = transition(field, source="a", target="b", system=["test"], together="go_together")(go)
        messages = check_machine(machine_with([("end", "b", "c")], field=field, go=move, go_together=body))
        assert fault in only(messages, "E014")


class TestCheckMachine:
    def test_finds_nothing_in_a_sound_machine(self) -> None:
        assert check_machine(Parcel) == check_machine(Item) == []

    @isolate_apps("workflows.tests.toyapp")
    def test_names_a_state_that_is_none(self) -> None:
        messages = check_machine(machine_with([*SOUND, ("err", "b", "x")]))
        assert "the target of 'err' names 'x', which is not a state" in only(messages, "E001")

    @isolate_apps("workflows.tests.toyapp")
    def test_names_a_state_that_cannot_be_reached(self) -> None:
        messages = check_machine(machine_with([("go", "a", "b"), ("end", "c", "b")]))
        assert "the state 'c' cannot be reached from 'a'" in only(messages, "E002")

    @isolate_apps("workflows.tests.toyapp")
    def test_names_an_open_state_that_leads_nowhere(self) -> None:
        trap = type("Workflow", (), {"closed": ("c",)})
        messages = check_machine(machine_with([("go", "a", "b"), ("end", "a", "c")], Workflow=trap))
        assert "from the state 'b' there is no way to a closed state" in only(messages, "E003")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_machine_that_never_ends(self) -> None:
        messages = check_machine(machine_with([*SOUND, ("again", "c", "a")]))
        assert "no state is closed" in only(messages, "E003")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_source_named_twice(self) -> None:
        messages = check_machine(machine_with([*SOUND, ("skip", ["a", "a"], "c")]))
        assert "'skip' names its source 'a' 2 times" in only(messages, "E004")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_two_buttons_with_one_label_in_one_state(self) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        def leap(self: Any, *, by: Actor) -> None:
            """Move."""

        twin = transition(field, source="a", target="c", system=["test"], label="Go")(leap)
        messages = check_machine(machine_with(SOUND, field=field, leap=twin))
        assert "in the state 'a' the transitions go, leap are all called “Go”" in only(messages, "E004")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_transition_that_nobody_may_run(self) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        def leap(self: Any, *, by: Actor) -> None:
            """Move."""

        messages = check_machine(
            machine_with(SOUND, field=field, leap=transition(field, source="a", target="c")(leap))
        )
        assert "nobody may run 'leap' (from 'a')" in only(messages, "E005")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_permission_that_no_model_declares(self) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        def leap(self: Any, *, by: Actor) -> None:
            """Move."""

        leaping = transition(field, source="a", target="c", permission="toyapp.fly")(leap)
        messages = check_machine(machine_with(SOUND, field=field, leap=leaping))
        assert "asks for the permission 'toyapp.fly', which no model declares" in only(messages, "E006")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_body_without_the_actor(self) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        def leap(self: Any) -> None:
            """Move."""

        leaping = transition(field, source="a", target="c", system=["test"])(leap)
        messages = check_machine(machine_with(SOUND, field=field, leap=leaping))
        assert "the body of 'leap' (from 'a') does not take the actor" in only(messages, "E007")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_body_that_would_never_run(self) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        async def leap(self: Any, *, by: Actor) -> None:
            """Move."""

        leaping = transition(field, source="a", target="c", system=["test"])(leap)
        messages = check_machine(machine_with(SOUND, field=field, leap=leaping))
        assert "the body of 'leap' (from 'a') would never run" in only(messages, "E007")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_table_that_is_split_over_its_parents(self) -> None:
        parent = machine_with(SOUND)
        child = type(
            "Child",
            (parent,),
            {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "toyapp"})},
        )
        assert "its table is split over its parents" in only(check_machine(child), "E012")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_guard_that_needs_what_the_body_does_not_take(self) -> None:
        field = FSMField(choices=CHOICES, default="a", protected=True)

        @guard("It is near", needs=["distance"])
        def it_is_near(instance: Any, attempt: Any) -> Blocker | None:
            return None

        def leap(self: Any, *, by: Actor) -> None:
            """Move."""

        leaping = transition(field, source="a", target="c", system=["test"], guards=[it_is_near])(leap)
        messages = check_machine(machine_with(SOUND, field=field, leap=leaping))
        assert "the guard 'it_is_near' of 'leap' needs the argument 'distance'" in only(messages, "E008")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_gap_in_the_happy_path(self) -> None:
        spine = type("Workflow", (), {"spine": ("a", "c")})
        messages = check_machine(machine_with(SOUND, Workflow=spine))
        assert "the happy path goes from 'a' to 'c', where no transition leads" in only(messages, "E009")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_happy_path_that_starts_elsewhere(self) -> None:
        spine = type("Workflow", (), {"spine": ("b", "c")})
        messages = check_machine(machine_with(SOUND, Workflow=spine))
        assert "the happy path starts at 'b', not at the initial state 'a'" in only(messages, "E009")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_field_that_is_not_protected(self) -> None:
        field = FSMField(choices=CHOICES, default="a")
        assert "'status' is not protected" in only(check_machine(machine_with(SOUND, field=field)), "E010")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_second_state_field(self) -> None:
        second = FSMField(choices=CHOICES, default="a", protected=True)
        messages = check_machine(machine_with(SOUND, second=second))
        assert "needs exactly one FSMField; it has 2" in only(messages, "E010")

    @isolate_apps("workflows.tests.toyapp")
    def test_finds_a_table_that_the_log_would_not_find(self) -> None:
        meta = type("Meta", (), {"app_label": "toyapp", "db_table": "elsewhere"})
        messages = check_machine(machine_with(SOUND, Meta=meta))
        assert "the log looks for it in the table 'toyapp_faulty' by the key 'id'" in only(messages, "E013")


class TestCheckStorage:
    def test_finds_a_log_that_is_written_past_the_engine(self) -> None:
        assert check_storage() == []
        with override_settings(DJANGO_FSM_LOG_STORAGE_METHOD="django_fsm_log.backends.SimpleBackend"):
            assert "writes past the engine" in only(check_storage(), "E011")


class TestDeclaration:
    @pytest.mark.parametrize("source", ["*", "+", []])
    def test_refuses_a_source_that_names_no_state(self, source: Any) -> None:
        with pytest.raises(DefinitionError, match="name its source states"):
            transition(models.CharField(), source=source, target="b")
