"""The jobs of the project as a whole."""

from __future__ import annotations

from procrastinate.contrib.django import app

from backend.jobs.alone import unless_running
from backend.jobs.priorities import Priority
from backend.procompare import auditing

__all__ = ["audit"]


@app.periodic(cron="7 * * * *")
@app.task(name=auditing.AUDIT_TASK, priority=Priority.LOW)
@unless_running
def audit(timestamp: int) -> None:
    """Audit every invariant over the whole database: every hour."""
    auditing.audit()
