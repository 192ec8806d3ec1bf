"""Which events somebody may see: those of the machines whose objects they may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import QuerySet

from workflows.machine import Machine
from workflows.models import TransitionRecord, WorkflowModel
from workflows.registry import list_workflow_models, machine_of

__all__ = ["Sight", "sight_of"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees: models with a machine, by label; ``is_whole`` when no model is hidden from them."""

    models: dict[str, type[WorkflowModel]]
    is_whole: bool

    @property
    def machines(self) -> Sequence[Machine]:
        """Return the machines, by title."""
        return sorted(
            (machine_of(model) for model in self.models.values()), key=lambda machine: machine.title
        )

    def machine(self, label: str) -> Machine | None:
        """Return a machine by its label, or None: it is hidden, or gone."""
        model = self.models.get(label)
        return machine_of(model) if model else None

    def narrow(self, records: QuerySet[TransitionRecord]) -> QuerySet[TransitionRecord]:
        """Return the events that are seen.  Those of a machine that is gone are for whoever sees all."""
        return records if self.is_whole else records.filter(machine__in=sorted(self.models))


def sight_of(user: Any) -> Sight:
    """Return what a user sees, by the permission to view each model."""
    models = list_workflow_models()
    seen = {model._meta.label_lower: model for model in models if _may_view(user, model)}
    return Sight(models=seen, is_whole=len(seen) == len(models))


def _may_view(user: Any, model: type[WorkflowModel]) -> bool:
    codename = get_permission_codename("view", model._meta)
    return bool(user.has_perm(f"{model._meta.app_label}.{codename}"))
