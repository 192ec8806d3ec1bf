"""Django's PostgreSQL engine, except that it starts the embedded server for the first connection."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from backend.procompare.embedded_postgres import use_embedded_postgres
from backend.procompare.postgresql.client import DatabaseClient

__all__ = ["DatabaseWrapper"]


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server in ``DATABASES[alias]["DATA_DIR"]``."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters of a new connection, and see to it that the server runs.

        Django asks before every new connection, pooled or not, so a server that died is started again here.
        Raises: EmbeddedPostgresError when the server cannot be started.
        """
        use_embedded_postgres(self.settings_dict["DATA_DIR"])
        params: dict[str, Any] = super().get_connection_params()
        return params
