"""The database as the last line: triggers generated from the machine, for every workflow model.

They hold for raw SQL too: an object starts in the initial state, moves along edges of the machine only, one
version at a time, and no move commits without its row in the audit log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
                trigger.register(model)


def _edges_trigger(model: type[WorkflowModel]) -> pgtrigger.Trigger:
    machine = machine_of(model)
    column, key = state_field_of(model).column, model._meta.pk.column
    pairs = sorted({(edge.source, edge.target) for edge in machine.edges()})
    edges = ", ".join(f"('{source}', '{target}')" for source, target in pairs)
    return pgtrigger.Trigger(
        name="moves_along_edges",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(column, "version"),
        func=f"""
            IF TG_OP = 'INSERT' THEN
                IF NEW.{column} <> '{machine.initial}' OR NEW.version <> 1 THEN
                    RAISE EXCEPTION 'Cannot create a {machine.label} that is ''%'' at version %: it starts as ''{machine.initial}'' at 1.',
                        NEW.{column}, NEW.version USING ERRCODE = 'check_violation';
                END IF;
            ELSIF NEW.{column} IS DISTINCT FROM OLD.{column} OR NEW.version IS DISTINCT FROM OLD.version THEN
                IF (OLD.{column}, NEW.{column}) NOT IN ({edges or "(NULL, NULL)"}) THEN
                    RAISE EXCEPTION 'Cannot move {machine.label} % from ''%'' to ''%'': there is no such transition.',
                        NEW.{key}, OLD.{column}, NEW.{column} USING ERRCODE = 'check_violation';
                ELSIF NEW.version <> OLD.version + 1 THEN
                    RAISE EXCEPTION 'Cannot move {machine.label} % from version % to %: versions go up by one.',
                        NEW.{key}, OLD.version, NEW.version USING ERRCODE = 'check_violation';
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
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(column, "version"),
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
                RAISE EXCEPTION 'Cannot commit {machine.label} % as ''%'' at version %: the audit log has no such event.',
                    NEW.{key}, NEW.{column}, NEW.version USING ERRCODE = 'check_violation';
            END IF;
            RETURN NULL;
        """,
    )
