"""A switch three times: with our engine, with django-fsm and its log, and with django-fsm alone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django_fsm import FSMField
from django_fsm import transition as plain_transition
from django_fsm_log.decorators import fsm_log_by

from workflows import Actor, WorkflowModel, transition

__all__ = ["LoggedSwitch", "PlainSwitch", "Switch"]


class Switch(WorkflowModel):
    """A switch with our engine: locked, judged, saved, logged and chained by it, held by its triggers."""

    status = FSMField(default="off", choices=[("off", "Off"), ("on", "On")], protected=True, editable=False)

    def __str__(self) -> str:
        return f"Switch {self.pk}"

    @transition(status, source="off", target="on", system=["benchmark"])
    def turn_on(self, *, by: Actor) -> None:
        """Turn it on."""

    @transition(status, source="on", target="off", system=["benchmark"])
    def turn_off(self, *, by: Actor) -> None:
        """Turn it off."""


class _HandSwitch(models.Model):
    """A switch as the documentation of django-fsm has it."""

    status = FSMField(default="off", protected=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"Switch {self.pk}"

    @fsm_log_by  # type: ignore[untyped-decorator]  # of django-fsm-log
    @plain_transition(field=status, source="off", target="on")
    def turn_on(self, by: Any = None) -> None:
        """Turn it on."""

    @fsm_log_by  # type: ignore[untyped-decorator]  # of django-fsm-log
    @plain_transition(field=status, source="on", target="off")
    def turn_off(self, by: Any = None) -> None:
        """Turn it off."""


class LoggedSwitch(_HandSwitch):
    """One whose transitions django-fsm-log logs."""


class PlainSwitch(_HandSwitch):
    """One that the settings exclude from the log."""
