"""Tasks that are measured."""

from __future__ import annotations

import time

from django.db import connection, transaction
from procrastinate.contrib.django import app

from backend.jobs.queue import enqueue

__all__ = ["do_nothing", "note_start", "query", "relay"]


@app.task(name="benchmarks.note_start")
def note_start(*, number: int) -> None:
    """Note when it started, in a table that the benchmark has made."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO benchmark_starts VALUES (%s, to_timestamp(%s))", [number, time.time()])


@app.task(name="benchmarks.relay")
def relay(*, number: int) -> None:
    """Enqueue the job that notes its start: the way of a delivery, which is planned first."""
    with transaction.atomic():
        enqueue("benchmarks.note_start", number=number)


@app.task(name="benchmarks.do_nothing")
def do_nothing(*, number: int) -> None:
    """Do nothing: what a job costs by itself."""


@app.task(name="benchmarks.query")
def query(*, number: int) -> None:
    """Ask the database something small, in a transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s", [number])
