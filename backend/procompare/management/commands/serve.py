"""``manage.py serve``: prepare, then run the web server until Ctrl-C."""

from __future__ import annotations

import http.client
import os
import socket
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from backend.procompare.demo_logins import DEMO_LOGINS
from backend.procompare.processes import ProcessGroup, interrupt_on_signals
from backend.procompare.programs import (
    WORKER_COMMAND,
    web_environment,
    web_server_command,
    worker_environment,
)

__all__ = ["Command"]

DEFAULT_PORT = "8000"
START_TIMEOUT_S = 30
POLL_INTERVAL_S = 0.05


class Command(BaseCommand):
    """The web server and a worker beside it, as children of one process that stops them together.

    This process holds the embedded database server from the first migration to the last child's end.
    """

    help = "Prepare the database; run web server (PORT 8000, ADDRESS 127.0.0.1) and a worker until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; their defaults come from the environment."""
        parser.add_argument("--address", default=os.environ.get("ADDRESS", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", DEFAULT_PORT))
        parser.add_argument("--demo", action="store_true", help="fill the database if it has no leads yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run everything until a signal comes or a child ends."""
        address, port = options["address"], options["port"]
        _require_free_port(address, port)
        interrupt_on_signals()
        try:
            call_command("prepare", demo=options["demo"], stdout=self.stdout)
            self._run_processes(address, port, is_demo=options["demo"])
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _run_processes(self, address: str, port: int, *, is_demo: bool) -> None:
        """Run the children.  Raises: CommandError when one of them ends by itself."""
        group = ProcessGroup()
        try:
            group.start("web server", web_server_command(address, port), environment=web_environment(port))
            group.start("worker", WORKER_COMMAND, environment=worker_environment(port))
            if _is_answering(group, address=address, port=port):
                self._greet(address, port, is_demo=is_demo)
            name, code = group.wait()
            raise CommandError(f"The {name} ended by itself, with code {code}.")
        finally:
            group.stop()

    def _greet(self, address: str, port: int, *, is_demo: bool) -> None:
        """Print where it is and who may log in."""
        self.stdout.write(f"\nProCompare is at {self.style.SUCCESS(f'http://{address}:{port}/')}\n\n")
        if is_demo:
            self.stdout.write("  log in as     password    page\n")
            for login in DEMO_LOGINS:
                page = "/provider/offers/" if login.role == "provider" else "/admin/"
                self.stdout.write(f"  {login.username:<12}  {login.password:<10}  {page}\n")
            self.stdout.write("\n")
        if not settings.EMAIL_HOST:
            self.stdout.write(f"Mails are written to {settings.EMAIL_FILE_PATH}, SMS are printed here.\n")
        self.stdout.write("Ctrl-C stops it; the data stays until `make clean`.\n")
        self.stdout.flush()


def _require_free_port(address: str, port: int) -> None:
    """Raise CommandError, with what to do, when the port cannot be listened on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server does: a port in TIME_WAIT after a restart is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Cannot listen on {address}:{port} ({error}). Stop the program that does, "
                f"or choose another port from 1024 to 65535: make run PORT={int(DEFAULT_PORT) + 1}"
            ) from error


def _is_answering(group: ProcessGroup, *, address: str, port: int) -> bool:
    """Wait for the server's first answer; return False when it ended before, or took too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and not group.first_ended():
        connection = http.client.HTTPConnection(address, port, timeout=START_TIMEOUT_S)
        try:
            connection.request("GET", "/favicon.ico", headers={"Host": "localhost"})
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except OSError:
            time.sleep(POLL_INTERVAL_S)
        finally:
            connection.close()
    return False
