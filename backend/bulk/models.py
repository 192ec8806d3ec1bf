"""A run of one transition on many objects, and what became of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from backend.bulk import guards
from backend.bulk.choices import Outcome, Outlook
from backend.bulk.machines import workflow_model
from workflows import Actor, Label, Owner, Tone, WorkflowModel, clock, machine_of, transition
from workflows.machine import Transition

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

__all__ = ["BulkItem", "BulkRun"]

STARTER = Owner(_("who planned it"), lambda run, user: run.starter_id == user.pk)


class BulkRun(WorkflowModel):
    """One transition on many objects: who, which, with what, and how far it has come.

    ``machine`` is the label of a machine, ``arguments`` what is given to each call, as the audit log writes it.
    ``selection`` says in words how the objects were chosen, ``selection_url`` leads to their list.
    """

    class Status(models.TextChoices):
        """Looked at, confirmed, run; an end can be taken back as long as something is left to do."""

        PLANNING = "planning", _("Being checked")
        PLANNED = "planned", _("Ready to start")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        CANCELLED = "cancelled", _("Cancelled")
        STOPPED = "stopped", _("Stopped")

    class Workflow:
        """How its machine is drawn, and what transitions alone write."""

        spine = ("planning", "planned", "running", "finished")
        closed = ("finished", "cancelled", "stopped")
        tones = {"finished": Tone.GOOD, "stopped": Tone.BAD}
        governs = ("started_at", "checked_at")

    status = FSMField(
        _("status"), choices=Status.choices, default=Status.PLANNING, protected=True, editable=False
    )
    machine = models.CharField(_("machine"), max_length=100)
    transition_name = models.CharField(_("transition"), max_length=100)
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    starter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("started by"),
        on_delete=models.PROTECT,
        related_name="bulk_runs",
    )
    selection = models.CharField(_("selection"), max_length=500)
    selection_url = models.CharField(_("list"), max_length=2000)
    total = models.PositiveIntegerField(_("objects"), default=0)
    created_at = models.DateTimeField(_("planned"), default=clock.now, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)

    items: RelatedManager[BulkItem]
    starter_id: int

    class Meta:
        default_permissions = ["view"]
        verbose_name = _("bulk run")
        verbose_name_plural = _("bulk runs")
        ordering = ["-id"]
        permissions = [
            ("start_bulkrun", "Can run transitions on many objects at once"),
            ("cancel_bulkrun", "Can cancel the bulk runs of others"),
        ]
        indexes = [
            # "Whose runs?": everybody's own list, newest first.
            models.Index(fields=["starter", "-id"], name="run_by_starter"),
            # "Which runs are under way?", by the sweep.
            models.Index(
                fields=["id"],
                name="run_under_way",
                condition=models.Q(status__in=["planning", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.move.label} · {self.total} {self.object_names} · #{self.pk}"

    @property
    def move(self) -> Transition:
        """Return the transition that is run."""
        return machine_of(self.model).transition(self.transition_name)

    @property
    def model(self) -> type[WorkflowModel]:
        """Return the model of the objects."""
        return workflow_model(self.machine)

    @property
    def object_names(self) -> str:
        """Return what the objects are called: ``leads``, or ``lead`` when it is one."""
        options = self.model._meta
        return str(options.verbose_name if self.total == 1 else options.verbose_name_plural)

    @property
    def request_id(self) -> str:
        """Return the name under which the audit log keeps all that the run has done."""
        return f"bulk-{self.pk}"

    @property
    def tone(self) -> Tone:
        """Return how its state is felt."""
        return machine_of(type(self)).state(self.status).tone

    @property
    def is_under_way(self) -> bool:
        """Return whether workers are at it."""
        return self.status in (self.Status.PLANNING, self.Status.RUNNING)

    @transition(
        status,
        source=Status.PLANNING,
        target=Status.PLANNED,
        system=["bulk"],
        label=_("Present"),
        primary=True,
    )
    def present(self, *, by: Actor) -> None:
        """Show what would become of each object: every one has been looked at."""
        self.checked_at = clock.now()

    @transition(
        status,
        source=Status.PLANNED,
        target=Status.RUNNING,
        guards=[guards.starter_may],
        owner=STARTER,
        label=_("Start"),
        effects=[_("run the transition on each object")],
        primary=True,
    )
    def start(self, *, by: Actor) -> None:
        """Run it on every object that would move; the others stay as they are."""
        from backend.bulk.services import slices

        self.started_at = clock.now()
        slices.settle_those_that_stay(self)
        slices.enqueue_waiting(self)

    @transition(
        status,
        source=Status.RUNNING,
        target=Status.FINISHED,
        system=["bulk"],
        label=_("Finish"),
        primary=True,
    )
    def finish(self, *, by: Actor) -> None:
        """Note that every object has had its turn."""

    @transition(
        status,
        source=[Status.PLANNING, Status.PLANNED, Status.RUNNING],
        target=Status.CANCELLED,
        permission="bulk.cancel_bulkrun",
        owner=STARTER,
        label=_("Cancel"),
        effects=[_("stop before the next object; what is done stays done")],
        dangerous=True,
    )
    def cancel(self, *, by: Actor) -> None:
        """Stop before the next object; what is done stays done."""

    @transition(status, source=Status.RUNNING, target=Status.STOPPED, system=["bulk"], label=_("Stop"))
    def stop(self, *, by: Actor, reason: Annotated[str, Label(_("Reason"))]) -> None:
        """Stop before the next object: who started it may not go on."""

    @transition(
        status,
        source=[Status.CANCELLED, Status.STOPPED],
        target=Status.RUNNING,
        guards=[guards.was_started, guards.items_are_left, guards.starter_may],
        owner=STARTER,
        label=_("Go on"),
        effects=[_("run the transition on those that still wait")],
    )
    def resume(self, *, by: Actor) -> None:
        """Go on with the objects that have not had their turn."""
        from backend.bulk.services import slices

        slices.enqueue_waiting(self)

    @transition(
        status,
        source=[Status.FINISHED, Status.CANCELLED, Status.STOPPED],
        target=Status.RUNNING,
        guards=[guards.some_failed, guards.starter_may],
        owner=STARTER,
        label=_("Retry failures"),
        effects=[_("run the transition again on those that failed")],
    )
    def retry_failures(self, *, by: Actor) -> None:
        """Try the objects again in whose way an error came."""
        from backend.bulk.services import slices

        slices.reset(self, Outcome.FAILED)
        slices.enqueue_waiting(self)

    @transition(
        status,
        source=[Status.FINISHED, Status.CANCELLED, Status.STOPPED],
        target=Status.RUNNING,
        guards=[guards.was_started, guards.some_stayed, guards.starter_may],
        owner=STARTER,
        label=_("Retry those that stayed"),
        effects=[_("run the transition again on those that were refused")],
    )
    def retry_stayed(self, *, by: Actor) -> None:
        """Try the objects again that were refused: what came in their way may be gone."""
        from backend.bulk.services import slices

        slices.reset(self, Outcome.STAYS)
        slices.enqueue_waiting(self)


class BulkItem(models.Model):
    """One object of a run: what was expected of it, and what became of it.

    ``reason`` names why it stays or failed, the same for all that do for the same reasons; ``message`` says it of
    this object.  ``lifted_by`` names the consents, joined by commas, with which it would move.
    """

    run = models.ForeignKey(BulkRun, verbose_name=_("run"), on_delete=models.PROTECT, related_name="items")
    object_id = models.BigIntegerField(_("object"))
    outlook = models.CharField(
        _("outlook"),
        max_length=10,
        choices=Outlook.choices,
        default=Outlook.UNKNOWN,
        db_default=Outlook.UNKNOWN,
    )
    outcome = models.CharField(
        _("outcome"),
        max_length=10,
        choices=Outcome.choices,
        default=Outcome.WAITING,
        db_default=Outcome.WAITING,
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")
    message = models.TextField(_("why"), blank=True, db_default="")
    lifted_by = models.CharField(_("lifted by"), max_length=200, blank=True, db_default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    done_at = models.DateTimeField(_("done"), null=True)

    class Meta:
        default_permissions = ()  # who may look at a run may look at its objects
        verbose_name = _("object of a bulk run")
        verbose_name_plural = _("objects of bulk runs")
        ordering = ["id"]
        constraints = [
            # No object twice in a run.
            models.UniqueConstraint(fields=["run", "object_id"], name="bulk_object_once"),
        ]
        indexes = [
            # The figures of a run, its results by outcome and reason, and "who still waits?".
            models.Index(fields=["run", "outcome", "reason", "id"], name="bulk_item_by_outcome"),
            # "Has every object been looked at?"
            models.Index(
                fields=["run", "id"], name="bulk_item_unseen", condition=models.Q(outlook="unknown")
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.run_id} · {self.object_id}"
