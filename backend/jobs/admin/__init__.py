"""The admin of jobs and workers, in place of procrastinate's own."""

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

from backend.jobs.admin.job import JobAdmin
from backend.jobs.admin.worker import WorkerAdmin

__all__ = ["JobAdmin", "WorkerAdmin"]

admin.site.unregister(ProcrastinateJob)
