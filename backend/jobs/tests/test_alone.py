"""A sweep that still runs is not run beside itself."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections

from backend.jobs.alone import unless_running

pytestmark = pytest.mark.django_db(transaction=True)


class TestUnlessRunning:
    def test_lets_a_tick_go_while_the_one_before_still_runs(self) -> None:
        ticks: list[int] = []

        @unless_running
        def sweep(timestamp: int) -> None:
            ticks.append(timestamp)
            if timestamp == 1:
                in_another_thread(2)

        def in_another_thread(timestamp: int) -> None:
            thread = threading.Thread(target=lambda: (sweep(timestamp), connections.close_all()))
            thread.start()
            thread.join()

        sweep(1)
        assert ticks == [1]
        in_another_thread(3)
        assert ticks == [1, 3]

    def test_lets_go_of_the_lock_when_the_sweep_fails(self) -> None:
        @unless_running
        def sweep(timestamp: int) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            sweep(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            assert cursor.fetchone() == (0,)

    def test_raises_the_error_of_a_sweep_that_lost_its_connection(self) -> None:
        @unless_running
        def sweep(timestamp: int) -> None:
            connection.close()
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            sweep(1)

    def test_keeps_the_name_and_the_words_of_the_task(self) -> None:
        def sweep(timestamp: int) -> None:
            """Sweep."""

        assert (unless_running(sweep).__name__, unless_running(sweep).__doc__) == ("sweep", "Sweep.")
