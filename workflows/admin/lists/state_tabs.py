"""The tabs above a list of objects with a machine: each state, with how many are in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.admin.lists.change_list import ListChangeList
from workflows.machine import Tone
from workflows.registry import machine_of

__all__ = ["StateTab", "build_state_tabs"]


@dataclass(frozen=True, slots=True)
class StateTab:
    """One tab: the objects in one state, or in any (``tone`` None), that pass the other filters and the search."""

    label: str
    count: int
    query: str
    tone: Tone | None
    is_current: bool


def build_state_tabs(changelist: ListChangeList) -> tuple[StateTab, ...]:
    """Return the tabs of a list, in the order of the machine's states."""
    machine = machine_of(changelist.model)
    counts = changelist.counts_by_state
    asked, parameter = changelist.asked_states, changelist.state_parameter
    every = StateTab(
        label=_("All"),
        count=sum(counts.values()),
        query=changelist.get_query_string({parameter: None}),
        tone=None,
        is_current=not asked,
    )
    return every, *(
        StateTab(
            label=state.label,
            count=counts.get(state.value, 0),
            query=changelist.get_query_string({parameter: state.value}),
            tone=state.tone,
            is_current=asked == (state.value,),
        )
        for state in machine.states
    )
