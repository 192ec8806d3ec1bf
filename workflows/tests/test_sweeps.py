"""Sweeps: whatever is due moves, each object on its own, whoever else comes by."""

from __future__ import annotations

import threading

import pytest
from django.db import Error, connection, connections, transaction
from django.db.models import QuerySet

from workflows import SystemActor
from workflows.sweeps import Swept, sweep
from workflows.tests.factories import make_parcel
from workflows.tests.toyapp.models import Parcel

CARRIER = SystemActor("carrier")


def send(parcel: Parcel) -> None:
    parcel.send(by=CARRIER)


def due_parcels() -> QuerySet[Parcel]:
    return Parcel.objects.filter(status="packed").order_by("pk")


def statuses() -> list[str]:
    return list(Parcel.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.django_db
class TestSweep:
    def test_moves_all_that_is_due_and_nothing_the_second_time(self) -> None:
        for _parcel in range(3):
            make_parcel()
        assert sweep(due_parcels(), send) == Swept(moved=3)
        assert sweep(due_parcels(), send) == Swept()
        assert statuses() == ["sent"] * 3

    def test_takes_a_batch_in_the_order_given(self) -> None:
        for _parcel in range(3):
            make_parcel()
        assert sweep(due_parcels(), send, batch=2) == Swept(moved=2)
        assert statuses() == ["sent", "sent", "packed"]

    def test_counts_what_the_engine_refuses(self) -> None:
        make_parcel(address="")
        make_parcel()
        assert sweep(due_parcels(), send) == Swept(moved=1, refused=1)
        assert statuses() == ["packed", "sent"]

    def test_undoes_and_records_what_fails_and_goes_on(self, caplog) -> None:
        broken, _other = make_parcel(), make_parcel()

        def fail_for_one(parcel: Parcel) -> None:
            send(parcel)
            if parcel.pk == broken.pk:
                raise ZeroDivisionError

        assert sweep(due_parcels(), fail_for_one) == Swept(moved=1, failed=1)
        assert statuses() == ["packed", "sent"]
        assert f"Cannot sweep toyapp.Parcel {broken.pk}" in caplog.text

    def test_goes_on_after_an_error_of_the_database(self) -> None:
        broken, _other = make_parcel(), make_parcel()

        def fail_for_one(parcel: Parcel) -> None:
            if parcel.pk == broken.pk:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            send(parcel)

        assert sweep(due_parcels(), fail_for_one) == Swept(moved=1, failed=1)

    def test_passes_over_what_is_no_longer_due_when_it_is_locked(self) -> None:
        first, second = make_parcel(), make_parcel()

        def send_both(parcel: Parcel) -> None:
            send(parcel)
            if parcel.pk == first.pk:
                send(Parcel.objects.get(pk=second.pk))

        assert sweep(due_parcels(), send_both) == Swept(moved=1, passed=1)


@pytest.mark.django_db(transaction=True)
class TestSweepBesideOthers:
    def test_passes_over_what_somebody_holds(self) -> None:
        held, _free = make_parcel(), make_parcel()
        is_held, may_go = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                Parcel.objects.select_for_update().get(pk=held.pk)
                is_held.set()
                may_go.wait(timeout=30)
            connections.close_all()

        holder = threading.Thread(target=hold)
        holder.start()
        assert is_held.wait(timeout=30)
        swept = sweep(due_parcels(), send)
        may_go.set()
        holder.join(timeout=30)
        assert swept == Swept(moved=1, passed=1)

    def test_goes_on_over_a_new_connection_when_its_own_is_lost(self) -> None:
        first, _second = make_parcel(), make_parcel()

        def lose_the_connection_once(parcel: Parcel) -> None:
            if parcel.pk == first.pk:
                lose_the_connection()
            send(parcel)

        assert sweep(due_parcels(), lose_the_connection_once) == Swept(moved=1, failed=1)
        assert statuses() == ["packed", "sent"]

    def test_ends_when_the_database_is_gone(self, monkeypatch) -> None:
        make_parcel()
        make_parcel()
        tried: list[int] = []

        def lose_the_database(parcel: Parcel) -> None:
            tried.append(parcel.pk)
            monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
            lose_the_connection()

        with pytest.raises(Error):
            sweep(due_parcels(), lose_the_database)
        monkeypatch.undo()
        connection.close()
        assert (len(tried), statuses()) == (1, ["packed", "packed"])


def lose_the_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
