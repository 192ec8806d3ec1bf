"""``python -m backend.procompare.forget_data``: delete the embedded database and the collected static files.

Not a management command, so that it works when the project does not start.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from backend.procompare.database import data_dir_of
from backend.procompare.embedded_postgres import EmbeddedPostgres
from backend.procompare.postgres_cluster import EmbeddedPostgresError

__all__ = ["forget_data"]


def forget_data(base_dir: Path) -> str:
    """Delete the data of the project in ``base_dir``; return a sentence that says so.

    Raises: EmbeddedPostgresError when a process still uses the database.
    """
    data_dir = data_dir_of(base_dir)
    EmbeddedPostgres(data_dir).forget()
    shutil.rmtree(data_dir / "mail", ignore_errors=True)
    shutil.rmtree(base_dir / "staticfiles", ignore_errors=True)
    return f"Forgotten: the database and the mails in {data_dir}, the collected static files."


if __name__ == "__main__":
    try:
        sys.stdout.write(forget_data(Path(__file__).resolve().parents[2]) + "\n")
    except EmbeddedPostgresError as error:
        sys.exit(str(error))
