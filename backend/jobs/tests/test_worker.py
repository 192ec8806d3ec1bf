"""Jobs that can be trusted: real workers that are stopped, killed and cut off, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from backend.jobs.models import Job, JobError
from backend.jobs.queue import enqueue, enqueue_many
from backend.jobs.recovery import WORKER_DEATHS_MAX
from backend.jobs.tests.probes.models import Gate, Run
from backend.jobs.tests.worker_process import WorkerProcess, wait_until

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]

# A worker is dead, and its jobs are handed out again, a second after its last sign of life.
IMPATIENT = {"WORKER_HEARTBEAT_S": "0.2", "WORKER_DEAD_AFTER_S": "1.2"}


def status_of(job_id: int) -> str:
    return str(Job.objects.values_list("status", flat=True).get(pk=job_id))


def events_of(job_id: int) -> list[str]:
    return list(
        Job.objects.get(pk=job_id).procrastinateevent_set.order_by("id").values_list("type", flat=True)
    )


def wait_for_status(job_id: int, status: str) -> None:
    wait_until(lambda: status_of(job_id) == status, what=f"job {job_id} is {status}")


def wait_for_start(label: str) -> None:
    wait_until(lambda: Run.objects.filter(label=label).exists(), what=f"{label} has started")


def end_connections(name: str) -> int:
    """Have the server end every connection of a process; return how many it had."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s",
            [name],
        )
        return int(cursor.fetchone()[0])


def is_listening(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_stat_activity WHERE application_name = %s AND query LIKE 'LISTEN%%'", [name]
        )
        return cursor.fetchone() is not None


@contextmanager
def closed_database() -> Iterator[None]:
    """A database that takes no new connection."""
    one = connection.settings_dict
    address = {"host": one["HOST"], "port": one["PORT"], "user": one["USER"], "password": one["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as server:
        server.execute(f"ALTER DATABASE {one['NAME']} ALLOW_CONNECTIONS false")
        try:
            yield
        finally:
            server.execute(f"ALTER DATABASE {one['NAME']} ALLOW_CONNECTIONS true")


class TestStop:
    def test_lets_the_running_job_end_and_leaves_the_others_for_later(self) -> None:
        job = enqueue("probes.run", label="held", gate="open")
        with WorkerProcess(WORKER_CONCURRENCY="1") as worker:
            wait_for_start("held")
            worker.ask_to_stop()
            other = enqueue("probes.run", label="later")
            Gate.objects.create(name="open")
            assert worker.wait() == (0, "")
        assert (status_of(job), status_of(other)) == ("succeeded", "todo")
        assert Run.objects.get().ended_at is not None

    def test_leaves_a_job_that_does_not_end_to_others(self) -> None:
        job = enqueue("probes.run", label="endless", gate="never")
        with WorkerProcess(**IMPATIENT) as worker:
            wait_for_start("endless")
            worker.ask_to_stop()
            code, output = worker.wait()
        assert (code, status_of(job)) == (1, "doing")
        assert "Jobs still run 0.8 s after the signal to stop" in output


class TestDeath:
    def test_of_a_worker_in_the_middle_of_a_job_hands_it_to_another_once_it_is_certain(self) -> None:
        job = enqueue("probes.run", label="orphan", gate="open")
        with WorkerProcess("first", **IMPATIENT) as first:
            wait_for_start("orphan")
            first.kill()
        assert status_of(job) == "doing"
        Gate.objects.create(name="open")
        with WorkerProcess("second", **IMPATIENT):
            wait_for_status(job, "succeeded")
        # What hands a job out again leaves this event; nothing else does, for nothing failed.
        assert events_of(job) == ["deferred", "started", "deferred_for_retry", "started", "succeeded"]
        assert Run.objects.filter(label="orphan").count() == 2
        assert JobError.objects.get(job_id=job).workers_died == 1

    def test_again_and_again_under_one_job_makes_it_a_dead_letter(self) -> None:
        job = enqueue("probes.kill_worker")
        JobError.objects.create(job_id=job, error_class="WorkerDied", workers_died=WORKER_DEATHS_MAX - 1)
        with WorkerProcess("victim", **IMPATIENT) as victim:
            assert victim.wait()[0] == -9
        with WorkerProcess("heir", **IMPATIENT) as heir:
            wait_for_status(job, "failed")
            heir.ask_to_stop()
            assert f"Giving up jobs under which {WORKER_DEATHS_MAX} workers died: [{job}]" in heir.wait()[1]
        assert JobError.objects.get(job_id=job).workers_died == WORKER_DEATHS_MAX


class TestTwoWorkers:
    def test_run_each_job_once(self) -> None:
        jobs = 200
        with WorkerProcess("one"), WorkerProcess("two"):
            enqueue_many("probes.run", [{"label": str(number)} for number in range(jobs)])
            wait_until(
                lambda: Job.objects.filter(task_name="probes.run", status="succeeded").count() == jobs,
                what="all have run",
            )
        labels = Run.objects.values_list("label", flat=True)
        assert sorted(map(int, labels)) == list(range(jobs))
        assert Run.objects.values("process_id").distinct().count() == 2


class TestBrokenConnections:
    def test_end_neither_the_worker_nor_its_jobs(self) -> None:
        held = enqueue("probes.run", label="held", gate="open")
        with WorkerProcess(**IMPATIENT) as worker:
            wait_for_start("held")
            # The job's own, those that fetch and finish, and the one that listens.
            assert end_connections(worker.name) >= 3
            Gate.objects.create(name="open")
            after = enqueue("probes.run", label="after")
            wait_for_status(held, "succeeded")
            wait_for_status(after, "succeeded")
            wait_until(lambda: is_listening(worker.name), what="it listens again")
            assert worker.is_alive
            worker.ask_to_stop()
            assert worker.wait()[0] == 0

    def test_are_opened_again_when_the_database_is_back(self) -> None:
        with WorkerProcess(**IMPATIENT) as worker:
            wait_until(lambda: is_listening(worker.name), what="it listens")
            with closed_database():
                end_connections(worker.name)
                job = enqueue("probes.run", label="meanwhile")
                wait_until(lambda: "it starts over" in worker.output, what="it has noticed")
            wait_for_status(job, "succeeded")
            assert worker.is_alive

    def test_in_which_the_end_of_a_job_could_not_be_told_have_it_run_again(self, tmp_path: Path) -> None:
        gate, runs = tmp_path / "gate", tmp_path / "gate.runs"
        job = enqueue("probes.wait_for_file", path=str(gate))
        with WorkerProcess(**IMPATIENT) as worker:
            wait_until(runs.exists, what="it runs")
            with closed_database():
                end_connections(worker.name)
                gate.touch()
                wait_until(lambda: "it starts over" in worker.output, what="it has noticed")
            wait_for_status(job, "succeeded")
            assert worker.is_alive
        assert runs.read_text() == "ran\nran\n"

    def test_keep_no_worker_from_stopping(self) -> None:
        with WorkerProcess(WORKER_HEARTBEAT_S="1", WORKER_DEAD_AFTER_S="10") as worker:
            wait_until(lambda: is_listening(worker.name), what="it listens")
            with closed_database():
                end_connections(worker.name)
                wait_until(lambda: "it starts over" in worker.output, what="it has noticed")
                worker.ask_to_stop()
                code, output = worker.wait()
        assert code == 0
        assert "Traceback" not in output


class TestTransactions:
    def test_that_are_rolled_back_leave_nothing_to_run(self) -> None:
        def enqueue_and_fail() -> None:
            with transaction.atomic():
                enqueue("probes.run", label="never")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            enqueue_and_fail()
        with WorkerProcess(until_idle=True) as worker:
            assert worker.wait() == (0, "")
        assert not Run.objects.exists()

    def test_of_a_task_take_back_what_it_enqueued(self) -> None:
        job = enqueue("probes.enqueue_and_fail", label="never")
        with WorkerProcess(until_idle=True) as worker:
            worker.wait()
        probes = Job.objects.filter(task_name__startswith="probes.")
        assert list(probes.values_list("id", "status")) == [(job, "failed")]
        assert not Run.objects.exists()


class TestWhatItSays:
    def test_is_one_traceback_for_each_dead_letter_without_the_words_of_the_error(self) -> None:
        job = enqueue("probes.fail", words="ada@example.com has no mailbox")
        with WorkerProcess(until_idle=True) as worker:
            code, output = worker.wait()
        assert code == 0
        assert "ada@example.com" not in output
        assert output.count(", in fail\n    raise ProbeError(words)\n") == 1
        assert f"ERROR backend.jobs.failures: Job {job} (probes.fail) failed for good at attempt 1" in output
        error = JobError.objects.get(job_id=job)
        assert error.message == "ada@example.com has no mailbox"
        assert error.error_class == "backend.jobs.tests.probes.tasks.ProbeError"

    def test_is_one_line_for_each_attempt_that_is_not_the_last(self) -> None:
        job = enqueue("probes.fail_twice", label="third time lucky")
        with WorkerProcess() as worker:
            wait_for_status(job, "succeeded")
            worker.ask_to_stop()
            _code, output = worker.wait()
        lines = output.splitlines()
        assert [line.partition(": ")[2] for line in lines] == [
            f"Job {job} (probes.fail_twice) failed at attempt {attempt}, to be tried again: "
            "backend.jobs.tests.probes.tasks.ProbeError"
            for attempt in (1, 2)
        ]
