"""``manage.py dbshell`` with the ``psql`` that comes with the embedded server."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.backends.postgresql import client

from backend.procompare.embedded_postgres import use_embedded_postgres
from backend.procompare.postgres_cluster import program

__all__ = ["DatabaseClient"]


class DatabaseClient(client.DatabaseClient):
    """The client of the embedded server."""

    executable_name = str(program("psql"))

    def runshell(self, parameters: Iterable[str]) -> None:
        """Start the server if nobody has, then ``psql`` on it."""
        use_embedded_postgres(self.connection.settings_dict["DATA_DIR"])
        super().runshell(parameters)
