"""How long after the commit of a change does the job start that follows from it?  One worker, otherwise idle."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.processes import running_worker
from backend.jobs.queue import enqueue
from backend.notifications.models import DeliveryAttempt, Notification, NotificationType
from backend.notifications.services.announcing import Message, notify
from backend.notifications.tests.mail_server import mail_server
from backend.users.models import User

__all__ = ["TITLE", "measure"]

TITLE = "From commit to start"

COMMITS = 200
# Before what is measured: the worker is awake, its threads are connected, its templates are read.
WARMING_COMMITS = 5
# Far enough apart that no job waits for another, and not in step with any interval.
PAUSE_S = (0.02, 0.08)
TIMEOUT_S = 60
DEAF = ("--deaf", "--poll-interval-s", "2")
RECIPIENT = "recipient"

Starts = dict[int, float]


@dataclass(frozen=True, slots=True)
class Variant:
    """What is measured: a commit of a number, and when what followed from each number began (seconds of the epoch)."""

    name: str
    commit: Callable[[int], None]
    read_starts: Callable[[], Starts]
    worker_arguments: tuple[str, ...] = ()


def measure() -> Iterator[Measurement]:
    """Yield for each variant the waits in ms, and how many times longer the median is than that of one hop."""
    User.objects.create_user(RECIPIENT, email=f"{RECIPIENT}@example.com")
    median_of_one_hop_ms = 0.0
    with mail_server() as mails:
        os.environ |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mails.port), "EMAIL_USE_TLS": "0"}
        for variant in VARIANTS:
            waits_ms = _measure_waits_ms(variant)
            median_ms = percentile(waits_ms, 50)
            median_of_one_hop_ms = median_of_one_hop_ms or median_ms
            yield Measurement(
                variant.name,
                {
                    "p50 ms": median_ms,
                    "p95 ms": percentile(waits_ms, 95),
                    "p99 ms": percentile(waits_ms, 99),
                    "p50 : one hop": median_ms / median_of_one_hop_ms,
                },
            )


def _measure_waits_ms(variant: Variant) -> list[float]:
    _forget_starts()
    with running_worker(*variant.worker_arguments):
        _commit_and_wait(variant, numbers=range(-WARMING_COMMITS, 0))
        committed_at = _commit_and_wait(variant, numbers=range(COMMITS))
    starts = variant.read_starts()
    return [(starts[number] - moment) * 1000 for number, moment in committed_at.items()]


def _commit_and_wait(variant: Variant, *, numbers: range) -> dict[int, float]:
    """Commit each number; return when each commit returned, once all that follows has begun.

    Raises: TimeoutError when it has not in time.
    """
    committed_at = {}
    for number in numbers:
        with transaction.atomic():
            variant.commit(number)
        committed_at[number] = time.time()
        time.sleep(random.uniform(*PAUSE_S))  # noqa: S311  no secret
    deadline = time.monotonic() + TIMEOUT_S
    while missing := set(numbers) - set(variant.read_starts()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(missing)} of {len(numbers)} did not start in {TIMEOUT_S} s")
        time.sleep(0.1)
    return committed_at


def _enqueue(task: str) -> Callable[[int], None]:
    def commit(number: int) -> None:
        enqueue(task, number=number)

    return commit


def _notify(number: int) -> None:
    notify(
        [
            Message(
                recipient_id=User.objects.get(username=RECIPIENT).pk,
                type=NotificationType.SYSTEM_UPDATE,
                event=f"benchmark:{number}",
                subject="Measured",
                path="/",
            )
        ]
    )


def _forget_starts() -> None:
    Notification.objects.all().delete()  # with its deliveries and their attempts
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE benchmark_starts")


def _read_noted_starts() -> Starts:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, extract(epoch FROM at)::float FROM benchmark_starts")
        return dict(cursor.fetchall())


def _read_mail_starts() -> Starts:
    attempts = DeliveryAttempt.objects.filter(number=1, delivery__channel="email")
    rows = attempts.values_list("delivery__notification__event", "started_at")
    return {int(event.partition(":")[2]): at.timestamp() for event, at in rows}


VARIANTS = (
    Variant("a job: one hop", _enqueue("benchmarks.note_start"), _read_noted_starts),
    Variant("a job that a job enqueues: two hops", _enqueue("benchmarks.relay"), _read_noted_starts),
    Variant("a notification, until its e-mail is attempted", _notify, _read_mail_starts),
    Variant("the same, found by looking every 2 s", _notify, _read_mail_starts, DEAF),
)
