"""Which database the project uses: the one in ``DATABASE_URL``, else PostgreSQL 18 of its own.

Read by the settings, so nothing here starts a server: the engine ``backend.procompare.postgresql`` does,
at the first connection.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from backend.procompare.postgres_cluster import DATABASE, PORT, SUPERUSER, socket_dir_of

__all__ = ["data_dir_of", "database_settings"]

EMBEDDED_ENGINE = "backend.procompare.postgresql"
SERVER_ENGINE = "django.db.backends.postgresql"

# A host that does not answer at all: psycopg would wait for two minutes, and a worker could not stop meanwhile.
CONNECT_TIMEOUT_S = 10


def data_dir_of(base_dir: Path) -> Path:
    """Return the folder that keeps the embedded server's data: ``DATA_DIR``, relative to ``base_dir``."""
    return (base_dir / os.environ.get("DATA_DIR", ".data")).resolve()


def database_settings(base_dir: Path) -> dict[str, Any]:
    """Return the ``default`` entry of Django's ``DATABASES`` from the environment.

    Raises: ImproperlyConfigured when ``DATABASE_URL`` names anything but PostgreSQL.
    """
    url = os.environ.get("DATABASE_URL")
    database = _server_settings(url) if url else _embedded_settings(data_dir_of(base_dir))
    # Tests of several people, or several runs, may share one server: each names its own database.
    database["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_procompare")}
    database["CONN_HEALTH_CHECKS"] = True
    # A worker's threads keep theirs between jobs; a web server has its pool.
    database["CONN_MAX_AGE"] = int(os.environ.get("DATABASE_CONN_MAX_AGE", "0"))
    _add_pool(database)
    return database


def _server_settings(url: str) -> dict[str, Any]:
    """Return the settings of a server that somebody else runs."""
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    if database["ENGINE"] != SERVER_ENGINE:
        raise ImproperlyConfigured(
            f"DATABASE_URL names the engine {database['ENGINE']!r}; locks, constraints and triggers of this "
            "project need PostgreSQL: postgres://user:password@host:5432/name"
        )
    database.setdefault("OPTIONS", {}).setdefault("connect_timeout", CONNECT_TIMEOUT_S)
    return database


def _embedded_settings(data_dir: Path) -> dict[str, Any]:
    """Return the settings of the embedded server; ``DATA_DIR`` is read by our engine alone."""
    return {
        "ENGINE": EMBEDDED_ENGINE,
        "DATA_DIR": data_dir,
        "NAME": DATABASE,
        "USER": SUPERUSER,
        "PASSWORD": "",
        "HOST": str(socket_dir_of(data_dir)),
        "PORT": str(PORT),
    }


def _add_pool(database: dict[str, Any]) -> None:
    """Add psycopg's connection pool where ``DATABASE_POOL_SIZE`` asks for one: in the web server's processes.

    There a connection per request would cost more than most requests do.  Everywhere else a pool is in the
    way: an idle pooled connection makes ``DROP DATABASE`` of the test runner fail, a pool does not survive
    ``fork()``, and a test with more threads than the pool has connections waits for itself.
    """
    size = int(os.environ.get("DATABASE_POOL_SIZE", "0"))
    if size:
        # Django takes no persistent connections beside a pool, and the environment may be one for web and workers.
        database["CONN_MAX_AGE"] = 0
        database.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": size, "timeout": 10}
