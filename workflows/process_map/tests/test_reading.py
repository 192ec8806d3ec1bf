"""The figures of a process map, from histories made by hand under a moved clock."""

from __future__ import annotations

import datetime
import random
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from workflows import Channel, TransitionRecord, acting, clock
from workflows.models import Passage
from workflows.process_map import Pace, Period, ProcessMap, read_live, read_process_map
from workflows.tests.factories import make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Item, Parcel, ReturnReason

pytestmark = pytest.mark.django_db

DAY = datetime.date(2026, 3, 1)
MIDNIGHT = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
EVER = Period()
CREATED = ("create", "", "packed")
SENT = ("send", "packed", "sent")
TRACKED = ("track", "sent", "sent")
RETURNED = ("give_back", "sent", "returned")
PACKED_AGAIN = ("pack_again", "returned", "packed")


def hours(count: float) -> datetime.timedelta:
    return datetime.timedelta(hours=count)


def at_hour(hour: float) -> Any:
    return clock.at(MIDNIGHT + hours(hour))


def made_at(hour: float, **fields: Any) -> Parcel:
    with at_hour(hour):
        return make_parcel(**fields)


def sent_after(spent: float, *, made: float = 0) -> Parcel:
    parcel = made_at(made)
    with at_hour(made + spent):
        parcel.send(by=CARRIER)
    return parcel


def give_back(parcel: Parcel, *, hour: float) -> None:
    with at_hour(hour), acting(channel=Channel.ADMIN):
        parcel.give_back(by=make_user(f"clerk-{hour}", "return_parcel"), reason=ReturnReason.MOVED)


def mapped(*, at: float = 100, period: Period = EVER, **narrowed: Any) -> ProcessMap:
    with at_hour(at):
        objects = Parcel.objects.filter(**narrowed) if narrowed else None
        return read_process_map(Parcel, period=period, objects=objects)


def ended(found: ProcessMap, state: str) -> Pace:
    return next(figures.ended for figures in found.states if figures.state.value == state)


def live(found: ProcessMap, state: str) -> tuple[Any, ...]:
    figures = next(figures for figures in found.states if figures.state.value == state)
    return figures.now, figures.waiting_median, figures.waiting_max


def pace(count: int, median: float, p90: float) -> Pace:
    return Pace(count=count, median=hours(median), p90=hours(p90))


class TestPace:
    def test_is_the_time_that_half_and_that_nine_of_ten_did_not_exceed(self) -> None:
        for spent in (7, 1, 3, 10, 2, 9, 5, 8, 4, 6):
            sent_after(spent)

        found = mapped()

        assert found.by_edge[SENT].pace == pace(10, 5, 9)
        assert ended(found, "packed") == pace(10, 5, 9)
        assert found.by_edge[CREATED].pace == Pace(count=10)
        assert ended(found, "sent") == Pace()

    def test_of_a_state_joins_all_edges_that_leave_it(self) -> None:
        for spent in (1, 2, 3):
            sent_after(spent)
        for spent in (10, 20):
            give_back(made_at(0), hour=spent)

        found = mapped()

        assert found.by_edge[SENT].pace == pace(3, 2, 3)
        assert found.by_edge["give_back", "packed", "returned"].pace == pace(2, 10, 20)
        assert ended(found, "packed") == pace(5, 3, 20)
        assert [found.share(found.by_edge[key]) for key in (SENT, ("give_back", "packed", "returned"))] == [
            0.6,
            0.4,
        ]

    def test_of_a_state_that_was_entered_twice_has_both_visits(self) -> None:
        parcel = sent_after(4)
        give_back(parcel, hour=6)
        with at_hour(10), acting(channel=Channel.ADMIN):
            parcel.pack_again(by=make_user("packer", "send_parcel"))
        with at_hour(11):
            parcel.send(by=CARRIER)

        found = mapped()

        assert ended(found, "packed") == pace(2, 1, 4)
        assert ended(found, "returned") == pace(1, 4, 4)
        assert found.by_edge[PACKED_AGAIN].pace == pace(1, 4, 4)
        assert found.by_edge[SENT].pace == pace(2, 1, 4)

    def test_of_a_transition_to_the_same_state_ends_no_visit(self) -> None:
        parcel = sent_after(1)
        for hour in (3, 5):
            with at_hour(hour):
                parcel.track(by=CARRIER, stop="depot")
        give_back(parcel, hour=9)

        found = mapped()

        assert found.by_edge[TRACKED].pace == pace(2, 2, 4)
        assert ended(found, "sent") == pace(1, 8, 8)
        assert found.share(found.by_edge[TRACKED]) is None
        assert found.share(found.by_edge[RETURNED]) == 1

    def test_is_the_same_as_that_of_the_database_over_the_log_itself(self) -> None:
        chance = random.Random(7)
        for _number in range(150):
            parcel = sent_after(chance.expovariate(1 / 5))
            if chance.random() < 0.5:
                give_back(parcel, hour=200 + chance.lognormvariate(1, 2))

        found = mapped()

        assert {edge.key: edge.pace for edge in found.edges if edge.source and edge.pace.count} == by_log(
            "s.transition, s.source_state, s.state", "true"
        )
        assert {(f.state.value,): f.ended for f in found.states if f.ended.count} == by_log(
            "s.source_state", "s.source_state <> s.state"
        )


def by_log(names: str, condition: str) -> dict[Any, Pace]:
    """Return the paces as PostgreSQL's own aggregate has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {names}, count(*), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP
                       (ORDER BY r.time_in_previous_state)
                  FROM workflows_transitionrecord r JOIN django_fsm_log_statelog s ON s.id = r.log_id
                 WHERE s.source_state IS NOT NULL AND {condition} GROUP BY {names}"""
        )
        return {tuple(key): Pace(count, *percentiles) for *key, count, percentiles in cursor.fetchall()}


class TestNow:
    def test_tells_those_that_are_still_there_apart_from_those_that_left(self) -> None:
        sent_after(2)
        for hour in (90, 80, 50, 96):
            made_at(hour)

        found = mapped(at=100)

        assert live(found, "packed") == (4, hours(10), hours(50))
        assert ended(found, "packed") == pace(1, 2, 2)
        assert found.now == 5

    def test_has_no_waiting_where_nothing_more_is_expected(self) -> None:
        give_back(made_at(0), hour=1)

        found = mapped(at=100)

        assert live(found, "returned") == (1, None, None)
        assert live(found, "packed") == (0, None, None)

    def test_is_read_alone_for_a_short_look(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        sent_after(2)
        made_at(3)

        with django_assert_num_queries(1):
            figures = read_live(Parcel)

        assert [(f.state.value, f.now) for f in figures if f.now] == [("packed", 1), ("sent", 1)]


class TestPeriod:
    def test_counts_a_visit_that_ended_in_it_whole_however_long_before_it_began(self) -> None:
        sent_after(47, made=-24)  # ends on the first of March, at 23:00
        sent_after(1, made=23.5)  # ends on the second
        sent_after(1, made=-2)  # ended the day before

        found = mapped(period=Period(since=DAY, until=DAY))

        assert found.by_edge[SENT].pace == pace(1, 47, 47)
        assert ended(found, "packed") == pace(1, 47, 47)
        assert found.by_edge[CREATED].pace == Pace(count=1)
        assert live(found, "sent") == (3, hours(77), hours(101))  # of now, whatever the period

    @pytest.mark.parametrize(
        ("period", "count"),
        [
            (Period(), 3),
            (Period(since=DAY), 2),
            (Period(until=DAY), 2),
            (Period(until=datetime.date.max), 3),
            (Period(since=DAY + datetime.timedelta(days=2)), 0),
        ],
    )
    def test_is_open_where_it_has_no_end(self, period: Period, count: int) -> None:
        sent_after(47, made=-24)
        sent_after(1, made=23.5)
        sent_after(1, made=-2)

        assert mapped(period=period).by_edge[SENT].pace.count == count

    def test_of_the_last_days_begins_with_a_whole_day(self) -> None:
        with at_hour(36):
            assert Period.last(1) == Period(since=datetime.date(2026, 3, 2))
            assert Period.last(30) == Period(since=datetime.date(2026, 2, 1))


class TestObjects:
    def test_narrow_both_what_happened_and_what_is_now(self) -> None:
        sent_after(2)
        heavy = made_at(0, weight_kg=9)
        with at_hour(7):
            heavy.send(by=CARRIER)

        found = mapped(weight_kg=9)

        assert found.by_edge[SENT].pace == pace(1, 7, 7)
        assert found.now == 1

    def test_of_other_machines_are_not_counted(self) -> None:
        with at_hour(1):
            make_item(make_parcel()).hand_over(by=CARRIER)

        with at_hour(2):
            items = read_process_map(Item, period=EVER)

        assert {edge.key: edge.pace.count for edge in items.edges} == {
            ("create", "", "inside"): 1,
            ("hand_over", "inside", "handed_over"): 1,
            ("drop", "inside", "broken"): 0,
        }


class TestFormer:
    def test_edges_are_told_last_and_marked(self) -> None:
        parcel = made_at(0)
        execute_past_the_triggers(
            "UPDATE django_fsm_log_statelog SET transition = 'wrap', state = 'packed' WHERE object_id = %s",
            parcel.pk,
        )
        Passage.objects.update(edge=1)

        found = mapped()

        assert [(edge.key, edge.is_of_the_machine) for edge in found.edges if edge.pace.count] == [
            (("wrap", "", "packed"), False)
        ]

    def test_states_with_objects_are_shown_by_their_value(self) -> None:
        parcel = made_at(0)
        execute_past_the_triggers("UPDATE toyapp_parcel SET status = 'wrapped' WHERE id = %s", parcel.pk)

        found = mapped()

        assert [(f.state.label, f.now) for f in found.states if f.now] == [("wrapped", 1)]


def execute_past_the_triggers(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


class TestCost:
    def test_is_two_statements(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        sent_after(2)
        mapped()

        with django_assert_num_queries(2):
            mapped(weight_kg=1, period=Period(since=DAY, until=DAY))


class TestPassage:
    def test_is_kept_of_every_event_and_has_its_facts(self) -> None:
        parcel = sent_after(1.5)
        parcel.track(by=CARRIER, stop="depot")

        made, sent, tracked = Passage.objects.filter(object_id=parcel.pk).order_by("log")

        assert (made.spent_us, made.magnitude) == (None, 0)
        assert (sent.at, sent.spent_us) == (MIDNIGHT + hours(1.5), 5_400_000_000)
        assert len({made.edge, sent.edge, tracked.edge}) == 3
        assert [passage.log_id for passage in (made, sent, tracked)] == log_ids_of(parcel)

    def test_can_be_made_anew_from_the_log(self) -> None:
        sent_after(1.5)
        give_back(sent_after(3), hour=5)
        kept = list(Passage.objects.order_by("pk").values_list())
        Passage.objects.all().delete()

        with connection.cursor() as cursor:
            cursor.execute(import_module("workflows.migrations.0006_count_the_past").COUNT)

        assert list(Passage.objects.order_by("pk").values_list()) == kept


def log_ids_of(parcel: Parcel) -> list[int]:
    events = TransitionRecord.objects.filter(machine="toyapp.parcel", object_id=parcel.pk)
    return list(events.order_by("sequence").values_list("log_id", flat=True))
