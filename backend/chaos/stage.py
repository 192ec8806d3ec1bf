"""Everything that a run needs, on loopback and in a temporary folder: database, wires, receivers, programs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from backend.chaos.receivers import Taken, mail_receiver, webhook_receiver
from backend.chaos.supervisor import Program, Supervisor
from backend.chaos.wire import COMMIT, END_OF_MAIL, POST, Wire, Wires, wires
from backend.procompare.postgres_cluster import DATABASE, PORT, SUPERUSER, PostgresCluster, socket_dir_of
from backend.procompare.programs import (
    WORKER_COMMAND,
    web_environment,
    web_server_command,
    worker_environment,
)

__all__ = ["Stage", "port_of", "raised_stage", "use_own_database"]

SETTINGS = "backend.chaos.settings"
WORKERS = 2

# What waits for the dead or tries again does so within seconds: a run has no hours.  An attempt at a delivery may
# be as long as its channel's deadline and a pause of its worker together, and is not abandoned before.
IMPATIENT = {
    "WORKER_HEARTBEAT_S": "1",
    "WORKER_DEAD_AFTER_S": "4",
    "WORKER_CONCURRENCY": "4",
    "DELIVERY_ATTEMPT_TIMEOUT_S": "12",
    "DELIVERY_RETRY_FIRST_S": "0.5",
    "DELIVERY_RETRY_FACTOR": "2",
    "DELIVERY_RETRY_LONGEST_S": "3",
    "DELIVERY_ATTEMPTS_MAX": "100",
    "RECEIVER_PAUSE_FIRST_S": "1",
    "RECEIVER_PAUSE_LONGEST_S": "2",
    "EMAIL_TIMEOUT_S": "3",
    "EMAIL_DEADLINE_S": "5",
    "WEBHOOK_TIMEOUT_S": "5",
    "WEBHOOK_LOOPBACK_ALLOWED": "1",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_USE_TLS": "0",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs; each of the wires lies between our programs and a server."""

    cluster: PostgresCluster
    wires: Wires
    database_wire: Wire
    mail_wire: Wire
    webhook_wire: Wire
    mail: Taken
    webhooks: Taken
    web: Program
    workers: tuple[Program, ...]

    @property
    def programs(self) -> tuple[Program, ...]:
        """Return everything that the supervisor keeps running."""
        return self.web, *self.workers


def use_own_database(cluster: PostgresCluster) -> None:
    """Start a PostgreSQL and set Django up on it, directly: past the wires."""
    folder = cluster.data_dir
    cluster.create_if_missing()
    cluster.start()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"postgres://{SUPERUSER}@{quote(str(socket_dir_of(folder)), safe='')}:{PORT}/{DATABASE}",
        "SECRET_KEY": "only-under-chaos",
        "DEBUG": "0",
        **IMPATIENT,
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


@contextmanager
def raised_stage(cluster: PostgresCluster) -> Iterator[Stage]:
    """Have everything run while the block runs; ``DATABASE_URL`` of the programs leads through a wire."""
    with ExitStack() as stack:
        mail, webhooks = stack.enter_context(mail_receiver()), stack.enter_context(webhook_receiver())
        all_wires = stack.enter_context(wires())
        socket_path = socket_dir_of(cluster.data_dir) / f".s.PGSQL.{PORT}"
        database_wire = all_wires.stretch(socket_path, trigger=COMMIT)
        mail_wire = all_wires.stretch(mail.port, trigger=END_OF_MAIL)
        programs = _make_programs(
            cluster.data_dir, database_port=database_wire.port, mail_port=mail_wire.port
        )
        stage = Stage(
            cluster=cluster,
            wires=all_wires,
            database_wire=database_wire,
            mail_wire=mail_wire,
            webhook_wire=all_wires.stretch(webhooks.port, trigger=POST),
            mail=mail,
            webhooks=webhooks,
            web=programs[0],
            workers=programs[1:],
        )
        stack.enter_context(Supervisor(programs))
        yield stage


def port_of(program: Program) -> int:
    """Return the port at which the web server listens."""
    return int(program.environment["PORT"])


def _make_programs(folder: Path, *, database_port: int, mail_port: int) -> tuple[Program, ...]:
    through_wires = {
        "DATABASE_URL": f"postgres://{SUPERUSER}@127.0.0.1:{database_port}/{DATABASE}"
        "?sslmode=disable&gssencmode=disable",
        "EMAIL_PORT": str(mail_port),
    }
    web_port = _free_port()
    web = Program(
        "web",
        web_server_command("127.0.0.1", web_port),
        web_environment(web_port) | through_wires,
        folder / "web.log",
    )
    workers = (
        Program(
            f"worker {number}",
            WORKER_COMMAND,
            worker_environment(web_port) | through_wires,
            folder / f"worker-{number}.log",
        )
        for number in range(WORKERS)
    )
    return (web, *workers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
