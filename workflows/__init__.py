"""State machines that run whole, explain themselves, keep an audit log and draw themselves.

This is the public face; ``workflows/README.md`` is the worked example.  Names are loaded on first use,
because models cannot be imported before Django's app registry is ready.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workflows import clock
    from workflows.actors import Actor, Channel, SystemActor, acting
    from workflows.attempt import Attempt
    from workflows.declaration import SAME, Label, Owner, transition
    from workflows.engine import afterwards, current_event
    from workflows.errors import (
        StaleState,
        TransitionBlocked,
        TransitionForbidden,
        TransitionNotPossible,
        TransitionRefused,
    )
    from workflows.explanation import Availability, Explanation, explain, explain_one
    from workflows.guards import Blocker, Check, guard, guard_together
    from workflows.machine import Machine, Tone
    from workflows.models import TransitionRecord, WorkflowManager, WorkflowModel, WorkflowQuerySet
    from workflows.registry import list_machines, machine_of
    from workflows.together import run_together

__all__ = [
    "SAME",
    "Actor",
    "Attempt",
    "Availability",
    "Blocker",
    "Channel",
    "Check",
    "Explanation",
    "Label",
    "Machine",
    "Owner",
    "StaleState",
    "SystemActor",
    "Tone",
    "TransitionBlocked",
    "TransitionForbidden",
    "TransitionNotPossible",
    "TransitionRecord",
    "TransitionRefused",
    "WorkflowManager",
    "WorkflowModel",
    "WorkflowQuerySet",
    "acting",
    "afterwards",
    "clock",
    "current_event",
    "explain",
    "explain_one",
    "guard",
    "guard_together",
    "list_machines",
    "machine_of",
    "run_together",
    "transition",
]

_HOMES = {
    "actors": ("Actor", "Channel", "SystemActor", "acting"),
    "attempt": ("Attempt",),
    "declaration": ("SAME", "Label", "Owner", "transition"),
    "engine": ("afterwards", "current_event"),
    "errors": (
        "StaleState",
        "TransitionBlocked",
        "TransitionForbidden",
        "TransitionNotPossible",
        "TransitionRefused",
    ),
    "explanation": ("Availability", "Explanation", "explain", "explain_one"),
    "guards": ("Blocker", "Check", "guard", "guard_together"),
    "machine": ("Machine", "Tone"),
    "models": ("TransitionRecord", "WorkflowManager", "WorkflowModel", "WorkflowQuerySet"),
    "registry": ("list_machines", "machine_of"),
    "together": ("run_together",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "clock":
        return importlib.import_module("workflows.clock")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'workflows' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workflows.{_HOME_OF[name]}"), name)
