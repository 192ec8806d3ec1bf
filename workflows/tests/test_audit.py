"""The audit log tells everything, and the database holds it against raw SQL."""

from __future__ import annotations

import datetime
import hashlib
import json

import pytest
from django.db import Error, connection, transaction
from django_fsm_log.models import StateLog

from workflows import Channel, TransitionRecord, acting, clock
from workflows.errors import StateWrittenOutsideEngine
from workflows.hash_chain import find_broken_links
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Lamp, Parcel, ReturnReason

pytestmark = pytest.mark.django_db

INSERT_PARCEL = """
    INSERT INTO toyapp_parcel (version, status, state_since, sender, address, weight_kg, stops, updated_at)
    VALUES (1, %s, now(), '', '', 1, '[]', now())
"""
MONDAY = datetime.datetime(2026, 6, 1, 9, tzinfo=datetime.UTC)


def record_of(parcel: Parcel, sequence: int) -> TransitionRecord:
    return TransitionRecord.objects.select_related("log").get(
        machine="toyapp.parcel", object_id=parcel.pk, sequence=sequence
    )


def execute(sql: str, *parameters: object) -> None:
    """Run raw SQL and check deferred constraints as a commit would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class TestEvent:
    def test_says_who_did_what_when_why_and_how(self) -> None:
        clerk = make_user("clerk", "return_parcel")
        with clock.at(MONDAY):
            parcel = make_parcel()
        with (
            clock.at(MONDAY + datetime.timedelta(hours=2)),
            acting(channel=Channel.ADMIN, request_id="request-7"),
        ):
            parcel.give_back(by=clerk, reason=ReturnReason.MOVED, note="gone to sea")

        event = record_of(parcel, 2)
        log = event.log
        assert (log.transition, log.source_state, log.state, log.by, log.description) == (
            "give_back",
            "packed",
            "returned",
            clerk,
            "moved",
        )
        assert (event.actor, event.channel, event.request_id, event.reason) == (
            f"user:{clerk.pk}",
            "admin",
            "request-7",
            "moved",
        )
        assert event.arguments == {"reason": "moved", "note": "gone to sea"}
        assert event.time_in_previous_state == datetime.timedelta(hours=2)
        assert log.timestamp == MONDAY + datetime.timedelta(hours=2)

    def test_of_a_creation_comes_first_without_a_source(self) -> None:
        event = record_of(make_parcel(), 1)
        assert (event.log.transition, event.log.source_state, event.log.state) == ("create", None, "packed")
        assert (event.actor, event.time_in_previous_state, event.previous_hash) == ("system:test", None, "")

    def test_of_everything_in_one_request_carries_its_id(self) -> None:
        with acting(channel=Channel.PAGE, request_id="one"):
            parcel = make_parcel()
            parcel.send(by=CARRIER)
        assert TransitionRecord.objects.filter(request_id="one").count() == 2

    def test_of_many_nested_transitions_costs_two_statements_in_all(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        for _item in range(5):
            make_item(parcel)
        with connection.execute_wrapper(log := Inserts()):
            parcel.deliver(by=CARRIER, receiver="Bob")
        assert log.tables == ["django_fsm_log_statelog", "workflows_transitionrecord"]


class Inserts:
    """Notes which tables are inserted into."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith("INSERT INTO"):
            self.tables.append(sql.split('"')[1])
        return execute(sql, params, many, context)


class TestHashChain:
    def test_links_every_event_to_the_one_before(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        first, second = record_of(parcel, 1), record_of(parcel, 2)
        assert (len(first.hash), second.previous_hash) == (64, first.hash)
        assert find_broken_links("toyapp.parcel") == []

    def test_covers_every_fact_and_the_link_before(self) -> None:
        """Computed here anew: where the expression left a fact out, nobody would see it changed."""
        clerk = make_user("clerk", "return_parcel")
        with clock.at(MONDAY):
            parcel = make_parcel()
        with clock.at(MONDAY + datetime.timedelta(hours=2)), acting(channel=Channel.ADMIN, request_id="r-7"):
            parcel.give_back(by=clerk, reason=ReturnReason.MOVED, note="gone to sea")

        first, second = record_of(parcel, 1), record_of(parcel, 2)
        facts = [
            *("toyapp.parcel", parcel.pk, 2, "give_back", "packed", "returned"),
            *("2026-06-01 11:00:00.000000", clerk.pk, f"user:{clerk.pk}", "admin", "r-7", "moved"),
            {"note": "gone to sea", "reason": "moved"},
        ]
        text = f'{json.dumps(facts)[:-1]}, 7200.000000, "{first.hash}"]'
        assert second.hash == hashlib.sha256(text.encode()).hexdigest()

    @pytest.mark.parametrize(
        "forgery",
        [
            "UPDATE django_fsm_log_statelog SET transition = 'forged' WHERE id = %s",
            'UPDATE django_fsm_log_statelog SET "timestamp" = now() WHERE id = %s',
            "UPDATE workflows_transitionrecord SET reason = 'forged' WHERE log_id = %s",
            "UPDATE workflows_transitionrecord SET previous_hash = repeat('0', 64) WHERE log_id = %s",
            "DELETE FROM workflows_transitionrecord WHERE log_id = %s",
        ],
    )
    def test_shows_a_forgery_by_somebody_who_switched_the_triggers_off(self, forgery: str) -> None:
        parcel, untouched = make_parcel(), make_parcel()
        parcel.send(by=CARRIER)
        untouched.send(by=CARRIER)
        parcel.track(by=CARRIER, stop="hub")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE django_fsm_log_statelog DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE workflows_transitionrecord DISABLE TRIGGER USER")
            cursor.execute(forgery, [record_of(parcel, 2).log_id])
        broken = StateLog.objects.filter(pk__in=find_broken_links("toyapp.parcel"))
        assert {log.object_id for log in broken} == {parcel.pk}

    def test_refuses_a_gap(self) -> None:
        parcel = make_parcel()
        log = StateLog.objects.create(content_object=parcel, state="lost", transition="lose")
        with pytest.raises(Error, match="there is no event before it"), transaction.atomic():
            TransitionRecord.objects.create(
                log=log,
                machine="toyapp.parcel",
                object_id=parcel.pk,
                sequence=3,
                actor="system:x",
                channel="api",
            )

    def test_refuses_an_event_that_never_happened(self) -> None:
        parcel = make_parcel()
        log = StateLog.objects.create(
            content_object=parcel, source_state="packed", state="sent", transition="send"
        )
        with pytest.raises(
            Error, match=rf"Cannot commit event 2 of toyapp.parcel {parcel.pk}: it has had only 1"
        ):
            execute(
                "INSERT INTO workflows_transitionrecord (log_id, machine, object_id, sequence, actor, channel,"
                " request_id, reason, arguments, previous_hash, hash)"
                " VALUES (%s, 'toyapp.parcel', %s, 2, 'system:x', 'api', '', '', '{}', '', '')",
                log.pk,
                parcel.pk,
            )
        parcel.send(by=CARRIER)
        assert record_of(parcel, 2).log.transition == "send"

    def test_refuses_the_log_row_of_another_object(self) -> None:
        parcel, other = make_parcel(), make_parcel()
        log = StateLog.objects.create(content_object=other, state="lost", transition="lose")
        with pytest.raises(Error, match="its log row is of object"), transaction.atomic():
            TransitionRecord.objects.create(
                log=log,
                machine="toyapp.parcel",
                object_id=parcel.pk,
                sequence=2,
                actor="system:x",
                channel="api",
            )


class TestRawSql:
    @pytest.mark.parametrize(
        ("sql", "message"),
        [
            (
                "UPDATE toyapp_parcel SET status = 'delivered', version = version + 1 WHERE id = %s",
                "from 'packed' to 'delivered': there is no such transition",
            ),
            (
                "UPDATE toyapp_parcel SET status = 'nonsense', version = version + 1 WHERE id = %s",
                "there is no such transition",
            ),
            ("UPDATE toyapp_parcel SET status = 'sent' WHERE id = %s", "versions go up by one"),
            (
                "UPDATE toyapp_parcel SET status = 'sent', version = version + 1 WHERE id = %s",
                "the audit log has no such event",
            ),
            ("UPDATE toyapp_parcel SET version = 7 WHERE id = %s", "there is no such transition"),
        ],
    )
    def test_cannot_move_a_state_past_the_engine(self, sql: str, message: str) -> None:
        parcel = make_parcel()
        with pytest.raises(Error, match=message):
            execute(sql, parcel.pk)
        assert Parcel.objects.get(pk=parcel.pk).status == "packed"

    def test_cannot_create_in_another_state_than_the_initial(self) -> None:
        with pytest.raises(Error, match="it starts as 'packed'"):
            execute(INSERT_PARCEL, "sent")

    def test_cannot_create_without_an_event(self) -> None:
        with pytest.raises(Error, match="the audit log has no such event"):
            execute(INSERT_PARCEL, "packed")

    @pytest.mark.parametrize("table", ["django_fsm_log_statelog", "workflows_transitionrecord"])
    @pytest.mark.parametrize(
        "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {} /* {} {} */"], ids=["update", "delete"]
    )
    def test_cannot_edit_the_log(self, table: str, statement: str) -> None:
        make_parcel()
        column = "transition" if table.endswith("statelog") else "reason"
        with pytest.raises(Error, match="Cannot update or delete rows"):
            execute(statement.format(table, column, column))

    def test_cannot_truncate_the_log(self) -> None:
        with pytest.raises(Error, match="the audit log is append-only"):
            # The test database lets Django's flush do it; a session as in use does not.
            execute("SET LOCAL pgtrigger.ignore = '{}'; TRUNCATE workflows_transitionrecord")


class TestDjangoFsmAlone:
    def test_goes_on_logging_models_that_are_no_workflow_models(self) -> None:
        lamp = Lamp.objects.create()
        lamp.light()
        log = StateLog.objects.for_(lamp).get()
        assert (log.transition, log.source_state, log.state) == ("light", "off", "on")

    def test_cannot_move_a_workflow_model(self) -> None:
        parcel = make_parcel()
        field = Parcel._meta.get_field("status")
        with pytest.raises(StateWrittenOutsideEngine, match="Cannot run 'send'"):
            field.change_state(parcel, Parcel.send.declaration.body, by=CARRIER)
