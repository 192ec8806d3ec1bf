"""The worker: takes jobs as they are committed, until it is told to stop.

Any number of workers may run, on any number of machines: each job is handed out once.  SIGTERM and Ctrl-C let the
jobs that run end first.  A database that goes away for a while ends no worker: it starts over, under a new number,
and what it held under the old one is handed out again by whichever worker looks first.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from django.conf import settings
from django.db import Error, close_old_connections
from procrastinate import exceptions
from procrastinate.contrib.django import app
from psycopg_pool import PoolTimeout

from backend.jobs.connector import WorkerConnector
from backend.jobs.failures import keep_last_error, name_error
from backend.jobs.recovery import recover_stalled_jobs

__all__ = ["WorkerOptions", "run_worker"]

logger = logging.getLogger(__name__)

RECONNECT_AFTER_S = 1.0
# New jobs wake the worker; what is due later (retries) and a wake-up that was lost wait for this.
POLL_INTERVAL_S = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works: how many jobs at a time (each in a thread), and what it does when none is due.

    ``waits`` False: it ends.  ``listens``: PostgreSQL wakes it for a new job; else it finds it when it looks again,
    ``poll_interval_s`` later at most.
    """

    concurrency: int = 16
    waits: bool = True
    listens: bool = True
    poll_interval_s: float = POLL_INTERVAL_S


def run_worker(options: WorkerOptions) -> None:
    """Run jobs until a signal to stop; with ``waits=False`` until none is due."""
    asyncio.run(_run_until_stopped(options))


async def _run_until_stopped(options: WorkerOptions) -> None:
    """Run, and start over when something broke; the signals are ours throughout, also while nothing runs."""
    loop = asyncio.get_running_loop()
    # Jobs are ordinary functions and run in this pool; Python's own has few threads on small machines.
    loop.set_default_executor(ThreadPoolExecutor(options.concurrency + 2, thread_name_prefix="job"))
    loop.set_exception_handler(_report_unawaited)
    stop = asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    recovery = asyncio.create_task(_recover_repeatedly())
    try:
        while not await _run_once(stop, options):
            logger.warning("The worker lost the database: it starts over in %.0f s", RECONNECT_AFTER_S)
            await _wait_for_any(stop.wait(), asyncio.sleep(RECONNECT_AFTER_S))
    finally:
        recovery.cancel()


def _report_unawaited(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report an error that nobody waits for, but not that the end of a job could not be told (``connector.py``)."""
    if not isinstance(context.get("exception"), exceptions.ConnectorException):
        loop.default_exception_handler(context)


async def _run_once(stop: asyncio.Event, options: WorkerOptions) -> bool:
    """Run until told to stop, idle (``waits=False``) or broken; return False when it must start over.

    procrastinate stops by itself, without an error, when one of its side tasks fails: the listener, say.
    """
    if stop.is_set():
        return True
    connector = WorkerConnector()
    running = asyncio.create_task(_run_procrastinate(connector, options))
    await _wait_for_any(running, stop.wait(), connector.broken.wait())
    if running.done():
        return await _ended_well(running) and not options.waits
    running.cancel()  # procrastinate lets the jobs that run end first
    await _wait_for_any(running, stop.wait())
    if stop.is_set():
        await _end_in_time(running)
    await _ended_well(running)
    return stop.is_set()


async def _run_procrastinate(connector: WorkerConnector, options: WorkerOptions) -> None:
    with app.replace_connector(connector):
        async with app.open_async():
            await app.run_worker_async(
                concurrency=options.concurrency,
                wait=options.waits,
                listen_notify=options.listens,
                fetch_job_polling_interval=options.poll_interval_s,
                update_heartbeat_interval=settings.WORKER_HEARTBEAT_S,
                stalled_worker_timeout=settings.WORKER_DEAD_AFTER_S,
                install_signal_handlers=False,
                task_middleware=[*app.worker_defaults.get("task_middleware", []), keep_last_error],
            )


async def _recover_repeatedly() -> None:
    """Look for the jobs of dead workers as often as workers say that they live.

    Not a job itself: it runs when every thread is busy, and leaves no rows.
    """
    while True:
        try:
            await asyncio.to_thread(_recover)
        except Error as error:
            # The run itself warns that the database is away.
            logger.info("Could not look for the jobs of dead workers: %s", name_error(error))
        except Exception as error:  # nobody waits for this loop: it would end without a word, and for good
            logger.error("Could not look for the jobs of dead workers: %s", name_error(error))
        await asyncio.sleep(settings.WORKER_HEARTBEAT_S)


def _recover() -> None:
    close_old_connections()
    try:
        recover_stalled_jobs()
    finally:
        close_old_connections()


async def _end_in_time(running: asyncio.Task[None]) -> None:
    """Let the jobs that run end; leave at once when they have not before others take this worker for dead.

    While procrastinate waits for its jobs it sends no heartbeats.
    """
    timeout_s = settings.WORKER_DEAD_AFTER_S - 2 * settings.WORKER_HEARTBEAT_S
    await asyncio.wait({running}, timeout=timeout_s)
    if not running.done():
        _leave_at_once(timeout_s)


def _leave_at_once(timeout_s: float) -> NoReturn:
    """End the process under its jobs: a thread cannot be stopped otherwise.  They are handed out again."""
    logger.error("Jobs still run %.1f s after the signal to stop: they will be handed out again", timeout_s)
    logging.shutdown()
    os._exit(1)


async def _ended_well(running: asyncio.Task[None]) -> bool:
    """Wait for a run to end; return False when it lost the database.  Raises: any other error."""
    try:
        with suppress(asyncio.CancelledError):
            await running
    except (exceptions.ConnectorException, PoolTimeout) as error:
        logger.warning("The database is away: %s", type(error.__cause__ or error).__name__)
        return False
    return True


async def _wait_for_any(*awaitables: Coroutine[Any, Any, Any] | asyncio.Task[Any]) -> None:
    """Wait until one of them is done; coroutines that are not are cancelled, tasks of the caller's run on."""
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task, each in zip(tasks, awaitables, strict=True):
        if task is not each:
            task.cancel()
