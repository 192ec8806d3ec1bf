"""The base of every model with a state machine, and the table that completes django-fsm-log's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django_fsm_log.models import StateLog

from workflows import audit, clock, memory
from workflows.actors import Channel, SystemActor, current_acting
from workflows.errors import ActorMissing, StateWrittenOutsideEngine
from workflows.hash_chain import CHAIN_FUNCTION, HAPPENED_FUNCTION
from workflows.machine import Tone
from workflows.passages import PASSAGE_FUNCTION, Passage
from workflows.registry import state_field_of

__all__ = [
    "AuditRun",
    "Passage",
    "ProtectedStateLog",
    "TransitionRecord",
    "WorkflowManager",
    "WorkflowModel",
    "WorkflowQuerySet",
]

M = TypeVar("M", bound="WorkflowModel")


class WorkflowQuerySet(models.QuerySet[M]):
    """Query set that writes no state and logs what it creates."""

    def update(self, **kwargs: Any) -> int:
        """Update rows.  Raises: StateWrittenOutsideEngine when it would write what the engine governs."""
        self.model.refuse_governed(kwargs)
        return super().update(**kwargs)

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Insert many at once; each creation is logged, in two statements for all.

        Raises: ActorMissing when nobody said who creates them; StateWrittenOutsideEngine when one is not in the
        initial state.  ValueError for ``ignore_conflicts`` and ``update_conflicts``: what was created is not known.
        """
        if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise ValueError(
                f"Cannot create {self.model._meta.label} rows past a conflict: each creation is logged."
            )
        created = list(objs)
        with transaction.atomic(savepoint=False), audit.collecting() as buffer:
            for instance in created:
                instance.refuse_creation()
            super().bulk_create(created, *args, **kwargs)
            buffer.add(instance.creation_entry() for instance in created)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]  # templates must not call it


class WorkflowManager(models.Manager[M]):
    """Manager of workflow models."""

    def get_queryset(self) -> WorkflowQuerySet[M]:
        """Return a query set that writes no state."""
        return WorkflowQuerySet(self.model, using=self._db)


class WorkflowModel(models.Model):
    """A model with one state field, written by transitions alone.

    ``version`` counts the events of the object, its creation being 1; it is the sequence number of its last log
    row.  A subclass declares an ``FSMField(protected=True)``, transitions, and may declare ``class Workflow``.
    """

    class Workflow:
        """What a machine says of itself beside its transitions.

        ``spine`` is the happy path, ``closed`` the states in which nothing more is expected, ``tones`` how states
        are felt.  ``governs`` names further fields that transitions alone write: a plain ``save()`` leaves them out.
        ``locks_first`` names foreign keys whose rows are locked before the object's own (parents, in the
        fixed lock order); ``locks_along`` names one-to-one rows that are locked and read together with it.
        """

        spine: ClassVar[tuple[str, ...]] = ()
        closed: ClassVar[tuple[str, ...]] = ()
        tones: ClassVar[dict[str, Tone]] = {}
        locks_first: ClassVar[tuple[str, ...]] = ()
        locks_along: ClassVar[tuple[str, ...]] = ()
        governs: ClassVar[tuple[str, ...]] = ()

    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    state_since = models.DateTimeField(_("in this state since"), default=clock.now, editable=False)

    objects: ClassVar[WorkflowManager[Any]] = WorkflowManager()

    class Meta:
        abstract = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls).get("Workflow")
        if own is not None and not issubclass(own, WorkflowModel.Workflow):
            cls.Workflow = type("Workflow", (own, WorkflowModel.Workflow), {})  # type: ignore[assignment,misc]  # completes it

    def save(self, **kwargs: Any) -> None:
        """Insert the object and log its creation, or update everything but what the engine governs.

        Raises: ActorMissing when it is new and nobody said who creates it (``with acting(by=…)``);
        StateWrittenOutsideEngine when ``update_fields`` names the state, or a new object is not in the initial one.
        """
        if self._state.adding:
            self._create(**kwargs)
            return
        if kwargs.get("update_fields") is None:
            kwargs["update_fields"] = self._fields_of_an_edit()
        else:
            self.refuse_governed(kwargs["update_fields"])
        super().save(**kwargs)

    save.alters_data = True  # type: ignore[attr-defined]  # templates must not call it

    @property
    def state(self) -> str:
        """Return the present state, whatever the field is called."""
        return str(getattr(self, state_field_of(type(self)).name))

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        """Read the row again.  (django-fsm's own way switches protection off for the whole class meanwhile.)"""
        rows = type(self)._base_manager.all() if from_queryset is None else from_queryset
        if fields is None:
            memory.adopt(self, rows.get(pk=self.pk))
            return
        fresh = rows.only(*fields).get(pk=self.pk)
        for name in fields:
            field: Any = self._meta.get_field(name)
            self.__dict__[field.attname] = fresh.__dict__[field.attname]
            self._state.fields_cache.pop(field.name, None)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Check the fields, but not those that the engine governs (Django would assign the protected state)."""
        super().clean_fields(exclude={*(exclude or ()), *self.governed_fields()})

    @classmethod
    def machine_label(cls) -> str:
        """Return the label of the machine, which a proxy shares with the model it stands for."""
        return (
            cls._meta.concrete_model._meta.label_lower if cls._meta.concrete_model else cls._meta.label_lower
        )

    @classmethod
    def governed_fields(cls) -> frozenset[str]:
        """Return the names of the fields that the engine alone writes."""
        return frozenset({state_field_of(cls).name, "version", "state_since", *cls.Workflow.governs})

    @classmethod
    def refuse_governed(cls, names: Collection[str]) -> None:
        """Raise: StateWrittenOutsideEngine when one of the names is governed by the engine."""
        governed = cls.governed_fields() & set(names)
        if governed:
            raise StateWrittenOutsideEngine(
                f"Cannot write {', '.join(sorted(governed))} of {cls._meta.label}: call a transition instead."
            )

    def refuse_creation(self) -> None:
        """Raise: ActorMissing or StateWrittenOutsideEngine when the object must not be created like this."""
        initial = str(state_field_of(type(self)).get_default())
        if self.state != initial:
            raise StateWrittenOutsideEngine(
                f"Cannot create a {self._meta.label} that is '{self.state}': it starts as '{initial}'."
            )
        by = current_acting().by
        if by is None or (not isinstance(by, SystemActor) and by.pk is None):
            raise ActorMissing(
                f"Cannot create a {self._meta.label}: say who does it, with `acting(by=…, channel=…)` around it."
            )

    def creation_entry(self) -> audit.Entry:
        """Return the log entry of this object's creation."""
        circumstances = current_acting()
        assert circumstances.by is not None
        return audit.Entry(
            instance=self,
            sequence=1,
            transition=audit.CREATION,
            source=None,
            target=self.state,
            at=self.state_since,
            actor=circumstances.by,
            channel=circumstances.channel,
            request_id=circumstances.request_id,
        )

    def _create(self, **kwargs: Any) -> None:
        self.refuse_creation()
        with transaction.atomic(savepoint=False), audit.collecting() as buffer:
            super().save(**kwargs)
            buffer.add([self.creation_entry()])

    def _fields_of_an_edit(self) -> list[str]:
        left_out = self.governed_fields() | self.get_deferred_fields()
        fields = (field for field in self._meta.concrete_fields if not field.primary_key)
        return [
            field.name for field in fields if field.name not in left_out and field.attname not in left_out
        ]


def _refuse_truncate(name: str) -> pgtrigger.Trigger:
    """Return a trigger that keeps a table from being emptied (``pgtrigger.Protect`` knows rows only)."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'Cannot truncate %: the audit log is append-only.', TG_TABLE_NAME;",
    )


class ProtectedStateLog(StateLog):
    """The log rows of django-fsm-log, which nobody may change: a proxy that carries their triggers."""

    class Meta:
        proxy = True
        verbose_name = _("transition")
        verbose_name_plural = _("audit log")
        triggers = [
            # What was logged stays as it was.
            pgtrigger.Protect(name="log_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            _refuse_truncate("log_is_not_emptied"),
        ]


class TransitionRecord(models.Model):
    """What django-fsm-log does not keep of one event: one row beside each of its ``StateLog`` rows.

    ``sequence`` counts the events of the object from 1, its creation.  ``actor`` is ``user:ID`` or ``system:NAME``.
    ``time_in_previous_state`` is None for a creation.  The hashes are filled in by the database.
    """

    log = models.OneToOneField(StateLog, on_delete=models.PROTECT, primary_key=True, related_name="record")
    machine = models.CharField(_("machine"), max_length=100)
    object_id = models.BigIntegerField(_("object"))
    sequence = models.PositiveIntegerField(_("number"))
    actor = models.CharField(_("actor"), max_length=100)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    arguments = models.JSONField(_("arguments"), default=dict)
    time_in_previous_state = models.DurationField(_("time in the previous state"), null=True)
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            # No event twice, none in another's place; serves the timeline of an object and the trigger that asks
            # whether a change of state was logged.
            models.UniqueConstraint(
                fields=["machine", "object_id", "sequence"], name="event_is_numbered_once"
            ),
            # Every event names who did it.
            models.CheckConstraint(
                condition=models.Q(actor__regex=r"^(user:\d+|system:[a-z_]+)$"), name="event_names_its_actor"
            ),
        ]
        indexes = [
            # "Everything that happened in this request", over all machines.
            models.Index(fields=["request_id"], name="event_by_request"),
            # The audit list, newest first, narrowed by one of them: each is read from its end, page by page.
            models.Index(fields=["machine", "log"], name="event_by_machine"),
            models.Index(fields=["actor", "log"], name="event_by_actor"),
            models.Index(fields=["channel", "log"], name="event_by_channel"),
            # The words of a reason, in the audit list's search; most events have none.
            GinIndex(
                SearchVector("reason", config="simple"),
                name="event_by_reason",
                condition=~models.Q(reason=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="event_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            _refuse_truncate("events_are_not_emptied"),
            pgtrigger.Trigger(
                name="event_is_chained",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("log", "django_fsm_log_statelog%ROWTYPE")],
                func=CHAIN_FUNCTION,
            ),
            pgtrigger.Trigger(
                name="event_has_happened",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("reached", "integer")],
                func=HAPPENED_FUNCTION,
            ),
            pgtrigger.Trigger(
                name="event_is_counted",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_records"),  # type: ignore[no-untyped-call]  # of pgtrigger
                func=PASSAGE_FUNCTION,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.machine} {self.object_id} #{self.sequence}"


class AuditRun(models.Model):
    """One audit of all invariants (``workflows.invariants``).

    ``results`` has for each invariant, in their order, ``{"name", "code", "count", "ids", "took_ms"}``: the ids are
    the smallest of those that violate it.  ``news`` counts the violations that the run before did not find.
    """

    started_at = models.DateTimeField(_("when"), default=clock.now, editable=False)
    took = models.DurationField(_("took"))
    violations = models.PositiveIntegerField(_("violations"))
    news = models.PositiveIntegerField(_("new ones"))
    results = models.JSONField(_("results"))

    class Meta:
        default_permissions = ["view"]
        permissions = [("run_auditrun", "Can have the invariants audited now")]
        verbose_name = _("audit")
        verbose_name_plural = _("audits")
        ordering = ["-started_at", "-id"]
        indexes = [
            # The latest run, for the dashboard and the next run.
            models.Index(fields=["-started_at", "-id"], name="audit_latest"),
        ]

    def __str__(self) -> str:
        return str(_("Audit of %s")) % f"{self.started_at:%-d %b %Y %H:%M}"
