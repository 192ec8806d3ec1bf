"""Where django-fsm-log hands over what django-fsm announces: the engine's transitions go to the log buffer."""

from __future__ import annotations

from typing import Any

from django_fsm_log.backends import SimpleBackend

from workflows import engine
from workflows.errors import StateWrittenOutsideEngine
from workflows.models import WorkflowModel

__all__ = ["WorkflowLogBackend"]


class WorkflowLogBackend(SimpleBackend):
    """Storage of django-fsm-log (``DJANGO_FSM_LOG_STORAGE_METHOD``); other models are logged as it always did."""

    @staticmethod
    def post_transition_callback(
        sender: Any, instance: Any, name: str, source: Any, target: Any, **kw: Any
    ) -> None:
        """Log a transition that has run.

        Raises: StateWrittenOutsideEngine when a workflow model was moved by django-fsm without the engine.
        """
        if not isinstance(instance, WorkflowModel):
            log_plainly: Any = SimpleBackend.post_transition_callback
            log_plainly(sender, instance, name, source, target, **kw)
        elif not engine.is_running(instance, name):
            raise StateWrittenOutsideEngine(f"Cannot run '{name}' on {instance!r} without the engine.")
        else:
            engine.log_current(instance, str(target))
