"""Every invariant there is: of each machine, and of each app that has a module ``invariants``."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from workflows.errors import DefinitionError
from workflows.invariants.invariant import Invariant
from workflows.invariants.log_invariants import LOG_INVARIANTS
from workflows.invariants.machine_invariants import list_machine_invariants
from workflows.registry import list_machines

__all__ = ["list_invariants"]

MODULE = "invariants"


def list_invariants() -> tuple[Invariant, ...]:
    """Return all invariants: the machines' first, then those of the apps, in the order of their installation.

    Raises: DefinitionError when two have the same name.
    """
    generated = (one for machine in list_machines() for one in list_machine_invariants(machine))
    found = (*generated, *LOG_INVARIANTS, *_declared())
    twice = sorted(name for name, count in Counter(one.name for one in found).items() if count > 1)
    if twice:
        raise DefinitionError(f"Cannot tell invariants apart by their names: {', '.join(twice)}.")
    return found


def _declared() -> Iterator[Invariant]:
    for config in apps.get_app_configs():
        if config.name != "workflows" and module_has_submodule(config.module, MODULE):
            yield from importlib.import_module(f"{config.name}.{MODULE}").INVARIANTS
