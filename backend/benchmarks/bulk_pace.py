"""How fast does a bulk run verify leads with 1, 2 and 4 workers, and what of the processors does a lead take?

The run alone: previews are made before, and the planning of deliveries is put off until afterwards, and measured for
itself.  ``BULK_LEADS`` says how many leads each run has (10,000).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from backend.benchmarks.bulk_market import build_waiting_market, make_verifier
from backend.benchmarks.figures import Measurement
from backend.benchmarks.processes import measure_cpu_s, measure_together
from backend.benchmarks.processor_time import read_server_ms
from backend.bulk.models import BulkRun
from backend.bulk.selectors import count_outcomes
from backend.bulk.services.planning import plan_run, start_run
from backend.leads.models import Lead
from backend.notifications.models import Notification
from backend.users.models import User

__all__ = ["TITLE", "measure"]

LEADS = int(os.environ.get("BULK_LEADS", "10000"))
WORKERS = (1, 2, 4)
STARTS = 3
TITLE = f"A bulk run over {LEADS:,} leads, the run alone"
AT_A_TIME = ("--concurrency", "1")

# What would be planned in between is planned afterwards.
_PUT_OFF = """
CREATE FUNCTION benchmark_put_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.scheduled_at := now() + interval '1 day';
    RETURN NEW;
END $$;
CREATE TRIGGER benchmark_put_off BEFORE INSERT ON procrastinate_jobs FOR EACH ROW
    WHEN (NEW.task_name = 'notifications.plan_deliveries') EXECUTE FUNCTION benchmark_put_off();
"""
_TAKE_UP = (
    "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE task_name = 'notifications.plan_deliveries'"
)


@dataclass(frozen=True, slots=True)
class _Spent:
    """What some work took: by the clock, and of the processors by the workers and by the database server."""

    clock_s: float
    workers_s: float
    server_s: float


def measure() -> Iterator[Measurement]:
    """Yield pace and processor time of each run, then of planning the deliveries of all of them."""
    verifier = make_verifier()
    build_waiting_market(leads=LEADS * len(WORKERS), by=verifier)
    _execute(_PUT_OFF)
    # Imports, and nothing to do; now and then a periodic job comes in between.
    start_cpu_s = min(measure_cpu_s(*AT_A_TIME) for _attempt in range(STARTS))
    keys = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    moved_in_all = 0
    for number, workers in enumerate(WORKERS):
        run = _plan(verifier, keys[number * LEADS : (number + 1) * LEADS])
        start_run(run, by=verifier, arguments={})
        spent = _spend(workers, start_cpu_s=start_cpu_s)
        moved = count_outcomes([run])[run.pk].moved
        moved_in_all += moved
        yield Measurement(
            f"{workers} worker{'s' if workers > 1 else ''}", _figures(spent, moved, run_s=_run_s(run))
        )
    yield _measure_planning(moved_in_all, start_cpu_s=start_cpu_s)


def _measure_planning(leads: int, *, start_cpu_s: float) -> Measurement:
    _execute(_TAKE_UP)
    spent = _spend(1, start_cpu_s=start_cpu_s)
    each = Notification.objects.count() / leads
    return Measurement(
        f"planning their deliveries, {each:.0f} notifications each",
        _figures(spent, leads, run_s=spent.clock_s),
    )


def _plan(verifier: User, keys: list[int]) -> BulkRun:
    chosen = Lead.objects.filter(pk__range=(keys[0], keys[-1]))
    run = plan_run(chosen, "verify", starter=verifier, selection="Some", selection_url="/")
    measure_together(2)
    run.refresh_from_db()
    return run


def _spend(workers: int, *, start_cpu_s: float) -> _Spent:
    begun, server_before_ms = time.perf_counter(), read_server_ms()
    cpu_s = measure_together(workers, *AT_A_TIME)
    server_s = (read_server_ms() - server_before_ms) / 1000
    return _Spent(time.perf_counter() - begun, cpu_s - workers * start_cpu_s, server_s)


def _figures(spent: _Spent, leads: int, *, run_s: float) -> dict[str, float]:
    return {
        "leads/s": leads / run_s,
        "CPU ms/lead, workers": spent.workers_s / leads * 1000,
        "CPU ms/lead, PostgreSQL": spent.server_s / leads * 1000,
        "leads per CPU s, workers": leads / spent.workers_s,
        "leads per CPU s, both": leads / (spent.workers_s + spent.server_s),
    }


def _run_s(run: BulkRun) -> float:
    """Return the time from the first outcome's batch to the end of the run."""
    run.refresh_from_db()
    assert run.status == BulkRun.Status.FINISHED, run.status
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM max(event.at) FILTER (WHERE event.type = 'succeeded')"
            " - min(event.at) FILTER (WHERE event.type = 'started'))::float"
            " FROM procrastinate_events AS event JOIN procrastinate_jobs AS job ON job.id = event.job_id"
            " WHERE job.task_name = 'bulk.run_slice' AND (job.args ->> 'run_id')::bigint = %s",
            [run.pk],
        )
        return float(cursor.fetchone()[0])


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
