"""Generated from the machines of the toy: every edge runs, everything else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from workflows import (
    Machine,
    SystemActor,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRecord,
    WorkflowModel,
    machine_of,
)
from workflows.machine import Edge
from workflows.testing import all_edges, drive, forbidden_pairs, path_to
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Item, Parcel, ReturnReason

pytestmark = pytest.mark.django_db


def machine(name: str) -> Machine:
    return machine_of({"parcel": Parcel, "item": Item}[name])


def make(name: str) -> WorkflowModel:
    return make_parcel() if name == "parcel" else make_item(sent_parcel())


def sent_parcel() -> Parcel:
    parcel = make_parcel()
    parcel.send(by=CARRIER)
    return parcel


def arguments(instance: WorkflowModel, name: str) -> Mapping[str, Any]:
    """What each transition of the toy is called with."""
    by: Any = CARRIER
    if name == "lose":
        by = SystemActor("timer")
    elif name in ("give_back", "pack_again"):
        clerk = get_user_model().objects.filter(username="clerk").first()
        by = clerk or make_user("clerk", "return_parcel", "send_parcel")
    given: dict[str, Mapping[str, Any]] = {
        "track": {"stop": "hub"},
        "deliver": {"receiver": "Bob"},
        "give_back": {"reason": ReturnReason.MOVED},
    }
    return {"by": by, **given.get(name, {})}


EDGES = [(name, edge) for name in ("parcel", "item") for edge in all_edges(machine(name))]
FORBIDDEN = [(name, *pair) for name in ("parcel", "item") for pair in forbidden_pairs(machine(name))]


def edge_id(value: Any) -> str:
    return f"{value.transition.name}-from-{value.source}" if isinstance(value, Edge) else str(value)


@pytest.mark.parametrize(("name", "edge"), EDGES, ids=edge_id)
class TestEveryEdge:
    def test_leads_from_its_source_to_its_target_and_is_logged(self, name: str, edge: Edge) -> None:
        instance = make(name)
        drive(instance, to=edge.source, arguments=arguments)
        version = instance.version

        call = arguments(instance, edge.transition.name)
        getattr(instance, edge.transition.name)(**call)

        record = TransitionRecord.objects.select_related("log").get(
            machine=machine(name).label, object_id=instance.pk, sequence=version + 1
        )
        assert instance.state == edge.target
        assert (record.log.transition, record.log.source_state, record.log.state) == (
            edge.transition.name,
            edge.source,
            edge.target,
        )

    def test_is_forbidden_to_a_user_without_the_permission(self, name: str, edge: Edge) -> None:
        instance = make(name)
        drive(instance, to=edge.source, arguments=arguments)
        before = dict(instance.__dict__)
        call = {**arguments(instance, edge.transition.name), "by": make_user("stranger")}
        with pytest.raises(TransitionForbidden):
            getattr(instance, edge.transition.name)(**call)
        assert type(instance).objects.get(pk=instance.pk).version == before["version"]


@pytest.mark.parametrize(("name", "state", "transition"), FORBIDDEN)
class TestEveryForbiddenPair:
    def test_is_refused_and_changes_nothing(self, name: str, state: str, transition: str) -> None:
        instance = make(name)
        drive(instance, to=state, arguments=arguments)
        version, events = instance.version, TransitionRecord.objects.count()

        with pytest.raises(TransitionNotPossible):
            getattr(instance, transition)(**arguments(instance, transition))

        stored = type(instance).objects.get(pk=instance.pk)
        assert (stored.state, stored.version, TransitionRecord.objects.count()) == (state, version, events)


class TestPathTo:
    def test_is_a_shortest_way(self) -> None:
        names = [edge.transition.name for edge in path_to(machine("parcel"), "delivered")]
        assert names == ["send", "deliver"]

    def test_of_the_initial_state_is_empty(self) -> None:
        assert path_to(machine("parcel"), "packed") == []

    def test_says_when_there_is_none(self) -> None:
        with pytest.raises(LookupError, match=r"Cannot reach 'nowhere' of toyapp\.parcel from 'packed'"):
            path_to(machine("parcel"), "nowhere")
