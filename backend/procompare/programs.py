"""The programs that serve: how the web server and the workers are started, and with what in their environment."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["WORKER_COMMAND", "web_environment", "web_server_command", "worker_environment"]

WEB_PROCESSES = 2
THREADS_PER_PROCESS = 4

WORKER_COMMAND: Sequence[str] = ("-m", "django", "work")
"""For Python, like all commands here."""


def web_server_command(address: str, port: int) -> list[str]:
    """Return the command of the web server, for Python."""
    return [
        "-m",
        "gunicorn",
        "backend.procompare.wsgi",
        f"--bind={address}:{port}",
        "--worker-class=gthread",
        f"--workers={WEB_PROCESSES}",
        f"--threads={THREADS_PER_PROCESS}",
        # A broken import is then one error and the end, not a loop of dying workers.
        "--preload",
        "--graceful-timeout=5",
        "--log-level=warning",
        "--no-control-socket",
    ]


def web_environment(port: int) -> dict[str, str]:
    """Return the environment of the web server: ours, its port, and a connection for each of its threads."""
    return {"DATABASE_POOL_SIZE": str(THREADS_PER_PROCESS), **os.environ, "PORT": str(port)}


def worker_environment(port: int) -> dict[str, str]:
    """Return the environment of the worker: ours, the port that links lead to, and connections that outlive a job."""
    return {"DATABASE_CONN_MAX_AGE": "60", **os.environ, "PORT": str(port)}
