"""Jobs and workers as the admin shows them (the tables are procrastinate's), and the last error of each job (ours)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from workflows import clock

__all__ = ["Job", "JobError", "JobStatus", "Worker"]


class JobStatus(models.TextChoices):
    """The states of a job: procrastinate's values in our words, those that need somebody first."""

    FAILED = "failed", _("Failed")
    TODO = "todo", _("Waiting")
    DOING = "doing", _("Running")
    SUCCEEDED = "succeeded", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    ABORTED = "aborted", _("Aborted")


class Job(ProcrastinateJob):
    """One job; read-only here: ``backend.jobs.services`` moves it, by the functions of procrastinate's schema."""

    class Meta:
        proxy = True
        default_permissions = ["view"]
        permissions = [
            ("retry_job", "Can retry a job that failed"),
            ("cancel_job", "Can cancel a waiting job"),
        ]
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return f"{self.task_name} #{self.pk}"


class Worker(ProcrastinateWorker):
    """One worker that runs, or died: one that stopped as it should has taken its row away."""

    class Meta:
        proxy = True
        default_permissions = ["view"]
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return f"#{self.pk}"


class JobError(models.Model):
    """The last error of one job; procrastinate keeps none.

    ``traceback`` has the last frames, without values of variables; ``workers_died`` counts the workers that died
    under the job since it was enqueued or retried by hand.
    """

    # No constraint in the database: the jobs are procrastinate's to delete, and pruning takes what is left over.
    job = models.OneToOneField(
        Job,
        verbose_name=_("job"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="error",
    )
    error_class = models.CharField(_("error"), max_length=200)
    message = models.TextField(_("message"), blank=True)
    traceback = models.TextField(_("traceback"), blank=True)
    occurred_at = models.DateTimeField(_("when"), default=clock.now)
    workers_died = models.PositiveSmallIntegerField(_("workers died"), default=0)

    class Meta:
        default_permissions = ()  # who may look at a job may look at its error
        verbose_name = _("error of a job")
        verbose_name_plural = _("errors of jobs")

    def __str__(self) -> str:
        return f"{self.error_class}: {self.message}" if self.message else self.error_class
