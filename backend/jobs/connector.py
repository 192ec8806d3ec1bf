"""The worker's own connections: to fetch jobs and to say what became of them."""

from __future__ import annotations

import asyncio
from typing import Any, LiteralString

import psycopg
from django.conf import settings
from procrastinate import exceptions
from procrastinate.contrib.django import utils
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg_pool import AsyncConnectionPool

__all__ = ["WorkerConnector"]

POOL_SIZE = 4


class WorkerConnector(PsycopgConnector):
    """procrastinate's connector to Django's database, with three things changed.

    - Each statement is a transaction of its own (all that procrastinate sends over it are single ones): that saves
      the round trips of BEGIN and COMMIT.
    - Connections are not tried out before each use: that saves another.  One that is broken is noticed when it is
      used, and the worker starts over; procrastinate would replace it and go on, not knowing what was lost with it.
    - ``broken`` is set when something could not be said to the database: procrastinate then only logs that the end
      of a job was not recorded, and the job would be "doing" as long as this worker lives.
    """

    def __init__(self) -> None:
        super().__init__(
            kwargs=utils.connector_params(),
            pool_factory=_make_pool,
            min_size=1,
            max_size=POOL_SIZE,
            # So long a statement waits for a connection while the database is away.
            timeout=max(1.0, settings.WORKER_HEARTBEAT_S),
            configure=_commit_each_statement,
        )
        self.broken = asyncio.Event()

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a statement without a result.  Raises: ConnectorException when it fails."""
        try:
            await super().execute_query_async(query, **arguments)
        except exceptions.ConnectorException as error:
            if isinstance(error.__cause__, psycopg.OperationalError):
                self.broken.set()
            raise


def _make_pool(**options: Any) -> AsyncConnectionPool[Any]:
    return AsyncConnectionPool(**{**options, "check": None})


async def _commit_each_statement(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
