"""The database as the last line: triggers generated from the machine, for every workflow model.

They hold for raw SQL too: an object starts in the initial state, moves along edges of the machine only, one
version at a time, and no move commits without its row in the audit log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pgtrigger

from workflows.registry import list_workflow_models, machine_of, state_field_of

if TYPE_CHECKING:
    from workflows.models import WorkflowModel

__all__ = ["register_triggers"]


def register_triggers() -> None:
    """Register the triggers of every workflow model with django-pgtrigger, which puts them into migrations."""
    for model in list_workflow_models():
        for trigger in (_edges_trigger(model), _log_trigger(model)):
            if not any(known.name == trigger.name for known in getattr(model._meta, "triggers", [])):
                trigger.register(cast(Any, model))


def _insert_or_move(column: str | None) -> pgtrigger.Operation:
    update_of: Any = pgtrigger.UpdateOf
    return cast(pgtrigger.Operation, pgtrigger.Insert | update_of(column, "version"))


def _edges_trigger(model: type[WorkflowModel]) -> pgtrigger.Trigger:
    machine = machine_of(model)
    column, key = state_field_of(model).column, model._meta.pk.column
    pairs = sorted({(edge.source, edge.target) for edge in machine.edges()})
    edges = ", ".join(f"('{source}', '{target}')" for source, target in pairs) or "(NULL, NULL)"
    return pgtrigger.Trigger(
        name="moves_along_edges",
        when=pgtrigger.Before,
        operation=_insert_or_move(column),
        func=f"""
            IF TG_OP = 'INSERT' THEN
                IF NEW.{column} <> '{machine.initial}' OR NEW.version <> 1 THEN
                    RAISE EXCEPTION 'Cannot create a % that is ''%'' at version %: it starts as ''%'' at 1.',
                        '{machine.label}', NEW.{column}, NEW.version, '{machine.initial}'
                        USING ERRCODE = 'check_violation';
                END IF;
            ELSIF NEW.{column} IS DISTINCT FROM OLD.{column} OR NEW.version IS DISTINCT FROM OLD.version THEN
                IF (OLD.{column}, NEW.{column}) NOT IN ({edges}) THEN
                    RAISE EXCEPTION 'Cannot move % % from ''%'' to ''%'': there is no such transition.',
                        '{machine.label}', NEW.{key}, OLD.{column}, NEW.{column}
                        USING ERRCODE = 'check_violation';
                ELSIF NEW.version <> OLD.version + 1 THEN
                    RAISE EXCEPTION 'Cannot move % % from version % to %: versions go up by one.',
                        '{machine.label}', NEW.{key}, OLD.version, NEW.version
                        USING ERRCODE = 'check_violation';
                END IF;
            END IF;
            RETURN NEW;
        """,
    )


def _log_trigger(model: type[WorkflowModel]) -> pgtrigger.Trigger:
    machine = machine_of(model)
    column, key = state_field_of(model).column, model._meta.pk.column
    return pgtrigger.Trigger(
        name="move_is_logged",
        when=pgtrigger.After,
        operation=_insert_or_move(column),
        timing=pgtrigger.Deferred,
        declare=[("before", "text")],
        func=f"""
            IF TG_OP = 'UPDATE' THEN
                IF NEW.version = OLD.version THEN
                    RETURN NULL;
                END IF;
                before := OLD.{column};
            END IF;
            PERFORM 1 FROM workflows_transitionrecord r JOIN django_fsm_log_statelog s ON s.id = r.log_id
              WHERE r.machine = '{machine.label}' AND r.object_id = NEW.{key} AND r.sequence = NEW.version
                AND s.state = NEW.{column} AND s.source_state IS NOT DISTINCT FROM before;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'Cannot commit % % as ''%'' at version %: the audit log has no such event.',
                    '{machine.label}', NEW.{key}, NEW.{column}, NEW.version
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )
