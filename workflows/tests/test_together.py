"""Many objects run a transition together: each whole or not at all, with as few statements as one."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from django_fsm.signals import post_transition
from psycopg.errors import DeadlockDetected

from workflows import Channel, SystemActor, TransitionRecord, acting, clock, current_event, run_together
from workflows.errors import InvalidArguments, ReentrantTransition
from workflows.hash_chain import find_broken_links
from workflows.models import Passage
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.rivals import in_thread, wait_until_somebody_waits
from workflows.tests.toyapp.models import CARRIER, Item, Parcel

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


def send(*parcels: Parcel, **options: Any) -> dict[int, str]:
    """Send parcels together; return the codes of those that stay."""
    outcomes = run_together(Parcel, "send", [parcel.pk for parcel in parcels], **{"by": CARRIER, **options})
    return {key: refused.code for key, refused in outcomes.items() if refused is not None}


def what_is_known_of(keys: list[int]) -> list[Any]:
    """Return all that the database keeps of parcels, but for their keys and those of the log."""
    fields = ("status", "version", "state_since", "stops", "address")
    rows = list(Parcel.objects.filter(pk__in=keys).order_by("pk").values_list(*fields))
    events = TransitionRecord.objects.filter(machine="toyapp.parcel", object_id__in=keys)
    facts = (
        "sequence",
        "log__transition",
        "log__source_state",
        "log__state",
        "log__timestamp",
        "actor",
        "channel",
        "request_id",
        "arguments",
        "time_in_previous_state",
    )
    passages = Passage.objects.filter(log__record__in=events).order_by("object_id", "at")
    return [
        *rows,
        *events.order_by("object_id", "sequence").values_list(*facts),
        *passages.values_list("at", "spent_us", "edge", "magnitude"),
    ]


class TestRunTogether:
    def test_comes_to_the_same_as_one_after_the_other(self) -> None:
        with clock.at(NOON - datetime.timedelta(hours=1)):
            together, in_turn = ([make_parcel() for _n in range(3)] for _way in range(2))
        with clock.at(NOON), acting(channel=Channel.BULK, request_id="run"):
            assert send(*together, as_freight=True) == {}
            for parcel in in_turn:
                parcel.send(by=CARRIER, as_freight=True)

        known = [what_is_known_of([parcel.pk for parcel in parcels]) for parcels in (together, in_turn)]
        assert [row[:4] for row in known[0][:1]] == [("sent", 2, NOON, ["depot"])]
        for first, second in zip(*known, strict=True):
            assert first == second or first[0] == second[0] == 1  # creations are requests of their own
        assert find_broken_links("toyapp.parcel") == []

    def test_takes_no_more_statements_for_fifty_than_for_one(self) -> None:
        taken = []
        for count in (1, 1, 50):  # the first warms what is kept
            parcels = [make_parcel() for _n in range(count)]
            with CaptureQueriesContext(connection) as statements:
                send(*parcels)
            taken.append(len(statements))
        # SAVEPOINT, lock and read, clock, update, log rows, their records, RELEASE.
        assert taken[1:] == [7, 7]

    def test_refuses_some_each_with_all_reasons_and_moves_the_others(self) -> None:
        heavy, gone, sent, good = (
            make_parcel(address="", weight_kg=30),
            make_parcel(),
            make_parcel(),
            make_parcel(),
        )
        sent.send(by=CARRIER)
        keys = [good.pk, heavy.pk, gone.pk, sent.pk]
        Parcel.objects.filter(pk=gone.pk).delete()

        outcomes = run_together(Parcel, "send", keys, by=CARRIER)

        assert list(outcomes) == sorted(keys)
        assert outcomes[good.pk] is None
        reasons = {key: [c.code for c in refused.reasons] for key, refused in outcomes.items() if refused}
        assert reasons == {
            heavy.pk: ["address_is_known", "weight_is_allowed"],
            gone.pk: ["gone"],
            sent.pk: ["not_possible_from_state"],
        }
        versions = dict(Parcel.objects.values_list("pk", "version"))
        assert versions == {heavy.pk: 1, sent.pk: 2, good.pk: 2}

    def test_refuses_an_actor_who_may_not_for_each(self) -> None:
        parcels = [make_parcel(), make_parcel()]
        assert send(*parcels, by=make_user()) == {parcel.pk: "forbidden" for parcel in parcels}
        assert not TransitionRecord.objects.filter(log__transition="send").exists()

    def test_sends_the_signals_for_each_and_knows_each_one_s_event(self) -> None:
        parcels, told = [make_parcel(), make_parcel()], []

        def hear(instance: Parcel, **announced: Any) -> None:
            told.append((instance.pk, instance.status, current_event(instance).split(":")[2]))

        for signal in (post_transition, post_save):
            signal.connect(hear, sender=Parcel)
        try:
            send(*parcels)
        finally:
            for signal in (post_transition, post_save):
                signal.disconnect(hear, sender=Parcel)
        first, second = (parcel.pk for parcel in parcels)
        # When saved the version counts the event already.
        assert told == [
            (first, "sent", "2"),
            (second, "sent", "2"),
            (first, "sent", "3"),
            (second, "sent", "3"),
        ]

    def test_fails_for_all_when_the_body_fails(self) -> None:
        parcels = [make_parcel(), make_parcel(sender="pianist")]
        with pytest.raises(RuntimeError, match="no room"):
            send(*parcels)
        assert set(Parcel.objects.values_list("status", "version")) == {("packed", 1)}
        assert not TransitionRecord.objects.filter(log__transition="send").exists()

    def test_locks_parents_first_and_gives_each_object_its_own(self) -> None:
        parcels = [make_parcel(), make_parcel()]
        send(*parcels)
        items = [make_item(parcels[n % 2], f"book {n}") for n in range(3)]

        with CaptureQueriesContext(connection) as statements:
            outcomes = run_together(Item, "hand_over", [item.pk for item in items], by=CARRIER)

        assert set(outcomes.values()) == {None}
        locks = [one["sql"] for one in statements if "FOR NO KEY UPDATE" in one["sql"]]
        assert ['"toyapp_parcel"' in sql for sql in locks[:2]] == [True, False]
        assert [list(p.stops) for p in Parcel.objects.order_by("pk")] == [
            ["depot", "book 0 out", "book 2 out"],
            ["depot", "book 1 out"],
        ]

    def test_takes_one_after_the_other_where_there_is_no_body_for_many(self) -> None:
        parcels = [make_parcel(), make_parcel(), make_parcel()]
        send(*parcels[:2])
        outcomes = run_together(Parcel, "track", [p.pk for p in parcels], by=CARRIER, stop="hub")
        assert [refused and refused.code for refused in outcomes.values()] == [
            None,
            None,
            "not_possible_from_state",
        ]
        assert [p.stops for p in Parcel.objects.order_by("pk")] == [["depot", "hub"], ["depot", "hub"], []]

    def test_rejects_arguments_and_objects_that_do_not_fit(self) -> None:
        parcel = make_parcel()
        with pytest.raises(InvalidArguments, match="Cannot send parcels: 'as_freight' must be a bool"):
            send(parcel, as_freight="yes")

        def again(**announced: Any) -> None:
            send(parcel)

        post_transition.connect(again, sender=Parcel)
        try:
            with pytest.raises(ReentrantTransition, match=f"'send' on parcel {parcel.pk} while its 'send'"):
                send(parcel)
        finally:
            post_transition.disconnect(again, sender=Parcel)
        assert Parcel.objects.get().version == 1

    def test_refuses_what_does_not_fit_its_column(self, monkeypatch: pytest.MonkeyPatch) -> None:
        parcel = make_parcel()

        def spoil(parcels: list[Parcel], **options: Any) -> None:
            parcels[0].address = "x" * 81

        monkeypatch.setattr(Parcel, "send_together", spoil)
        with pytest.raises(DataError, match="value too long"):
            send(parcel)
        assert Parcel.objects.get().version == 1


@pytest.mark.django_db(transaction=True)
class TestConflict:
    def test_is_tried_again_from_the_start(self) -> None:
        parcels, failures = [make_parcel(), make_parcel()], iter([True, False])

        def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith("UPDATE") and next(failures):
                raise OperationalError("deadlock detected") from DeadlockDetected()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(fail):
            assert send(*parcels, by=SystemActor("carrier")) == {}
        assert set(Parcel.objects.values_list("status", "version")) == {("sent", 2)}


@pytest.mark.django_db(transaction=True)
class TestRivals:
    def test_find_rows_locked_in_the_order_of_their_keys(self) -> None:
        """Wherever the rows lie: else two could wait for each other."""
        with connection.cursor() as cursor:
            # What other tests took back has left gaps, in which rows would come to lie anywhere.
            cursor.execute("TRUNCATE toyapp_parcel CASCADE")
        one, two = make_parcel(), make_parcel()
        Parcel.objects.filter(pk=one.pk).update(address="Moved")  # its row now lies behind the other's

        def send_both() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                # The plan of a small or fresh table: it reads rows where they lie.
                cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
                send(one, two)

        with transaction.atomic():
            Parcel.objects.select_for_update().get(pk=one.pk)
            rival = in_thread(send_both)
            wait_until_somebody_waits()
            Parcel.objects.select_for_update(nowait=True).get(pk=two.pk)
        rival.join(20)
        assert set(Parcel.objects.values_list("status", "version")) == {("sent", 2)}
