"""The worker: takes jobs as they are committed, until it is told to stop.

Any number of workers may run, on any number of machines: each job is handed out once.  SIGTERM and Ctrl-C let the
jobs that run end first.  A database that goes away for a while ends no worker: it tries again.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from procrastinate import exceptions
from procrastinate.contrib.django import app
from psycopg_pool import PoolTimeout

__all__ = ["run_worker"]

logger = logging.getLogger(__name__)

RECONNECT_AFTER_S = 1.0
# A wake-up that was lost (a connection that broke) costs this much.
POLL_INTERVAL_S = 2.0
STOP_TIMEOUT_S = 12


def run_worker(*, concurrency: int, wait: bool = True) -> None:
    """Run jobs, ``concurrency`` at a time, in threads, until a signal; ``wait=False``: until none is due."""
    asyncio.run(_run_until_stopped(concurrency=concurrency, wait=wait))


async def _run_until_stopped(*, concurrency: int, wait: bool) -> None:
    loop = asyncio.get_running_loop()
    # Jobs are ordinary functions and run in this pool; Python's own has few threads on small machines.
    loop.set_default_executor(ThreadPoolExecutor(concurrency + 2, thread_name_prefix="job"))
    while True:
        try:
            await _run_once(concurrency=concurrency, wait=wait)
            return
        except (exceptions.ConnectorException, PoolTimeout) as error:
            logger.warning("The database is away (%s): trying again in %.0f s", error, RECONNECT_AFTER_S)
            await asyncio.sleep(RECONNECT_AFTER_S)


async def _run_once(*, concurrency: int, wait: bool) -> None:
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # of the Django connector
    with app.replace_connector(connector):
        async with app.open_async():
            await app.run_worker_async(
                concurrency=concurrency,
                wait=wait,
                fetch_job_polling_interval=POLL_INTERVAL_S,
                shutdown_graceful_timeout=STOP_TIMEOUT_S,
                update_heartbeat_interval=settings.WORKER_HEARTBEAT_S,
                stalled_worker_timeout=settings.WORKER_DEAD_AFTER_S,
            )
