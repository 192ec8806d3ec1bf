"""The probes: ``enqueue("probes.run", label="a")``."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from django.db import transaction
from procrastinate.contrib.django import app

from backend.jobs.priorities import Priority
from backend.jobs.queue import enqueue
from backend.jobs.retry import Backoff
from backend.jobs.tests.probes.models import Gate, Run
from workflows import clock

GATE_TIMEOUT_S = 60


class ProbeError(Exception):
    """A probe fails because it was told to."""


@app.task(name="probes.run", retry=Backoff(attempts_max=5, first_s=0.1, longest_s=1))
def run(*, label: str, gate: str = "") -> None:
    """Write down when it ran; wait for a gate meanwhile."""
    one = Run.objects.create(label=label, process_id=os.getpid(), started_at=clock.now())
    deadline = time.monotonic() + GATE_TIMEOUT_S
    while gate and not Gate.objects.filter(name=gate).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    Run.objects.filter(pk=one.pk).update(ended_at=clock.now())


@app.task(name="probes.run_urgently", priority=Priority.URGENT)
def run_urgently(*, label: str) -> None:
    """Run before the others."""
    run(label=label)


@app.task(name="probes.enqueue_another")
def enqueue_another(*, label: str) -> None:
    """Enqueue one more job."""
    enqueue("probes.run", label=label)


@app.task(name="probes.wait_for_file")
def wait_for_file(*, path: str) -> None:
    """End when a file is there, without any use of the database."""
    with Path(path).with_suffix(".runs").open("a") as runs:
        runs.write("ran\n")
    deadline = time.monotonic() + GATE_TIMEOUT_S
    while not Path(path).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@app.task(name="probes.fail")
def fail(*, words: str) -> None:
    """Fail with a message, once and for all."""
    raise ProbeError(words)


@app.task(name="probes.fail_twice", retry=Backoff(attempts_max=3, first_s=0.01, longest_s=0.02))
def fail_twice(*, label: str) -> None:
    """Fail at the first two attempts."""
    if Run.objects.filter(label=label).count() < 2:
        Run.objects.create(label=label, process_id=os.getpid(), started_at=clock.now())
        raise ProbeError(label)


@app.task(name="probes.kill_worker")
def kill_worker() -> None:
    """End the worker under the job, as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="probes.enqueue_and_fail")
def enqueue_and_fail(*, label: str) -> None:
    """Enqueue another job in a transaction that is rolled back."""
    with transaction.atomic():
        enqueue("probes.run", label=label)
        raise ProbeError(label)
