"""``manage.py work``: run jobs until it is told to stop."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backend.jobs.worker import WorkerOptions, run_worker

__all__ = ["Command"]


class Command(BaseCommand):
    """A worker: as many as wanted, on as many machines as wanted."""

    help = (
        "Run jobs (deliveries, timers, follow-ups) until SIGTERM or Ctrl-C, which let running ones end first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; their defaults come from the environment."""
        parser.add_argument(
            "--concurrency",
            type=int,
            default=int(os.environ.get("WORKER_CONCURRENCY", "16")),
            help="how many jobs run at a time, each in a thread with a connection of its own (16)",
        )
        parser.add_argument("--until-idle", action="store_true", help="end when no job is due")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the worker."""
        run_worker(WorkerOptions(concurrency=options["concurrency"], waits=not options["until_idle"]))
