"""What happened to a parcel, in words."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django_fsm_log.models import StateLog
from pytest_django import DjangoAssertNumQueries

from workflows import Channel, TransitionRecord, acting, clock
from workflows.admin.timeline import read_timeline
from workflows.tests.factories import make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel, ReturnReason

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def returned_parcel() -> Parcel:
    with clock.at(NOON):
        parcel = make_parcel(weight_kg=30)
    with clock.at(NOON + datetime.timedelta(minutes=40)):
        parcel.send(by=CARRIER, as_freight=True)
    clerk = make_user("clerk", "return_parcel", first_name="Cleo", last_name="Clerk")
    with clock.at(NOON + datetime.timedelta(hours=5)), acting(by=clerk, channel=Channel.ADMIN):
        parcel.give_back(by=clerk, reason=ReturnReason.MOVED, note="New tenant")
    return parcel


class TestReadTimeline:
    def test_tells_what_who_how_why_and_how_long_newest_first(self) -> None:
        parcel = returned_parcel()

        with clock.at(NOON + datetime.timedelta(hours=6)):
            returned, sent, created = read_timeline(parcel).events

        assert (returned.label, returned.source, returned.target) == ("Return", "Sent", "Returned")
        assert (returned.reason, returned.quotes, returned.details) == ("Moved away", ("New tenant",), ())
        assert (returned.actor, returned.channel) == ("Cleo Clerk", "admin")
        assert (returned.ago, returned.after) == ("1 h ago", "4 h 20 min")
        assert returned.at == NOON + datetime.timedelta(hours=5)
        assert (sent.label, sent.details, sent.actor) == ("Send", ("As freight",), "system: carrier")
        assert (created.label, created.source, created.target) == ("Created", "", "Packed")
        assert (created.actor, created.after) == ("system: test", "")

    def test_shows_no_move_where_the_state_stayed(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        parcel.track(by=CARRIER, stop="Berlin")

        tracked = read_timeline(parcel).events[0]

        assert (tracked.label, tracked.source, tracked.details) == ("Track", "", ("Stop: Berlin",))

    def test_knows_the_way_with_the_time_at_which_each_state_was_last_entered(self) -> None:
        parcel = returned_parcel()
        with clock.at(NOON + datetime.timedelta(days=1)):
            parcel.pack_again(by=make_user("packer", "send_parcel"))

        way = read_timeline(parcel).way

        assert way.entered == {"packed": "2 Mar 12:00", "sent": "1 Mar 12:40", "returned": "1 Mar 17:00"}
        assert way.taken == {
            ("send", "packed", "sent"),
            ("give_back", "sent", "returned"),
            ("pack_again", "returned", "packed"),
        }

    def test_reads_one_statement_however_much_happened(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        for stop in range(20):
            parcel.track(by=CARRIER, stop=str(stop))

        with django_assert_num_queries(1):
            timeline = read_timeline(parcel)

        assert (len(timeline.events), timeline.total, timeline.is_complete) == (22, 22, True)
        assert (len(timeline.latest), len(timeline.earlier)) == (6, 16)

    def test_knows_the_whole_way_from_a_second_statement_when_events_are_left_out(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        for stop in range(5):
            parcel.track(by=CARRIER, stop=str(stop))

        with django_assert_num_queries(2):
            timeline = read_timeline(parcel, limit=3)

        assert (len(timeline.events), timeline.total, timeline.is_complete) == (3, 7, False)
        assert set(timeline.way.entered) == {"packed", "sent"}
        assert timeline.way.taken == {("send", "packed", "sent"), ("track", "sent", "sent")}

    def test_names_what_the_machine_no_longer_has_as_it_was_logged(self) -> None:
        parcel = make_parcel()
        with connection.cursor() as cursor:
            # As it came in when the machine was another: without the triggers of this one.
            cursor.execute("SET LOCAL session_replication_role = replica")
            log = StateLog.objects.create(
                content_object=parcel,
                transition="ship",
                source_state="packed",
                state="shipped",
                timestamp=NOON,
            )
            TransitionRecord.objects.create(
                log=log,
                machine="toyapp.parcel",
                object_id=parcel.pk,
                sequence=2,
                actor="user:99",
                channel="api",
            )
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")

        event = read_timeline(parcel).events[0]

        assert (event.label, event.source, event.target) == ("ship", "Packed", "shipped")
        assert event.actor == "user 99, deleted since"
