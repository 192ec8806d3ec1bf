"""A transition runs whole, or not at all."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DataError, OperationalError, connection, transaction
from django.dispatch import Signal
from django_fsm import TransitionNotAllowed, can_proceed
from django_fsm.signals import post_transition, pre_transition
from psycopg.errors import DeadlockDetected

from workflows import (
    Channel,
    StaleState,
    SystemActor,
    TransitionBlocked,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRecord,
    acting,
    afterwards,
    clock,
    current_event,
)
from workflows.errors import (
    ActorMissing,
    InvalidArguments,
    ObjectGone,
    ReentrantTransition,
    StateWrittenOutsideEngine,
)
from workflows.tests.factories import TEST, make_item, make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Item, Parcel, ReturnReason

pytestmark = pytest.mark.django_db


def stored(parcel: Parcel) -> Parcel:
    return Parcel.objects.get(pk=parcel.pk)


@contextlib.contextmanager
def receiving(signal: Signal, receiver: Callable[..., None]) -> Iterator[None]:
    """Run a receiver inside every transition of a parcel: in the middle of the guarded section."""
    signal.connect(receiver, sender=Parcel)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=Parcel)


def events(instance: Parcel | Item) -> list[str]:
    records = TransitionRecord.objects.filter(machine=instance._meta.label_lower, object_id=instance.pk)
    return [record.log.transition for record in records.select_related("log").order_by("sequence")]


class TestRun:
    def test_saves_the_state_the_version_and_what_the_body_changed(self) -> None:
        parcel = make_parcel()

        result = parcel.send(by=CARRIER)

        assert result == "on its way"
        for copy in (parcel, stored(parcel)):
            assert (copy.status, copy.version, copy.stops) == ("sent", 2, ["depot"])

    def test_acts_on_what_is_in_the_database_not_on_an_old_copy(self) -> None:
        parcel = make_parcel(weight_kg=30)
        old = stored(parcel)
        parcel.weight_kg = 3
        parcel.save()

        old.send(by=CARRIER)

        assert old.weight_kg == 3

    def test_takes_six_statements_around_the_body(self, django_assert_num_queries) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)  # Fills the cache of content types.
        # SAVEPOINT, lock and read, update, log row, its record, RELEASE.
        with django_assert_num_queries(6):
            parcel.track(by=CARRIER, stop="hub")

    def test_bumps_the_version_of_a_transition_that_keeps_the_state_but_not_its_age(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        since = parcel.state_since

        parcel.track(by=CARRIER, stop="hub")

        assert (parcel.status, parcel.version, parcel.state_since) == ("sent", 3, since)
        assert stored(parcel).stops == ["depot", "hub"]

    def test_fills_in_automatic_timestamps(self) -> None:
        parcel = make_parcel()
        before = parcel.updated_at
        parcel.send(by=CARRIER)
        assert stored(parcel).updated_at > before

    def test_keeps_one_instant_from_guard_to_log(self) -> None:
        parcel = make_parcel()
        instant = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
        with clock.at(instant):
            parcel.send(by=CARRIER)
        assert parcel.state_since == instant
        assert TransitionRecord.objects.get(object_id=parcel.pk, sequence=2).log.timestamp == instant

    @pytest.mark.parametrize(
        ("name", "arguments", "message"),
        [
            ("send", {"by_air": True}, "unexpected keyword argument 'by_air'"),
            ("send", {"as_freight": "false"}, "'as_freight' must be a bool, not 'false'"),
            ("deliver", {}, "missing a required argument: 'receiver'"),
            ("deliver", {"receiver": " "}, "'receiver' must not be empty"),
            ("give_back", {"reason": "bored"}, "'reason' must be one of refused, moved, not 'bored'"),
        ],
    )
    def test_rejects_arguments_that_do_not_fit_before_anything_runs(
        self, name: str, arguments: dict[str, object], message: str
    ) -> None:
        parcel = make_parcel()
        with pytest.raises(InvalidArguments, match=message):
            getattr(parcel, name)(by=CARRIER, **arguments)
        assert events(parcel) == ["create"]

    def test_is_told_of_an_object_in_the_event_s_key(self) -> None:
        parcel, keys = make_parcel(), []
        with receiving(post_transition, lambda **announced: keys.append(current_event(parcel))):
            parcel.send(by=CARRIER)
        assert keys == [f"toyapp.parcel:{parcel.pk}:2"]

    def test_leaves_django_fsm_s_own_api_working(self) -> None:
        parcel = make_parcel(address="")
        assert not can_proceed(parcel.send)
        parcel.address = "1 High Street"
        assert can_proceed(parcel.send)
        names = {transition.name for transition in parcel.get_available_status_transitions()}
        assert names == {"send", "give_back"}


class TestRefusal:
    def test_carries_every_reason_with_its_code_and_sentence(self) -> None:
        parcel = make_parcel(address="", weight_kg=30)
        with pytest.raises(TransitionBlocked) as refused:
            parcel.send(by=CARRIER)
        assert [(reason.code, reason.message) for reason in refused.value.reasons] == [
            ("address_is_known", "Write the address on the parcel first."),
            ("weight_is_allowed", "30 kg is more than 20 kg: send it as freight."),
        ]
        assert (stored(parcel).status, events(parcel)) == ("packed", ["create"])

    def test_is_lifted_by_the_argument_that_it_names(self) -> None:
        parcel = make_parcel(weight_kg=30)
        parcel.send(by=CARRIER, as_freight=True)
        assert parcel.status == "sent"

    def test_says_what_is_possible_from_the_state(self) -> None:
        parcel = make_parcel()
        with pytest.raises(
            TransitionNotPossible, match=r"that is 'packed'; possible from there: send, give_back"
        ):
            parcel.deliver(by=CARRIER, receiver="Bob")

    def test_of_an_actor_says_whose_it_is(self) -> None:
        parcel = make_parcel()
        with pytest.raises(TransitionForbidden, match=r"staff with the permission “Can return a parcel”"):
            parcel.give_back(by=make_user(), reason=ReturnReason.MOVED)
        with pytest.raises(TransitionForbidden):
            parcel.give_back(by=CARRIER, reason=ReturnReason.MOVED)
        assert (parcel.status, events(parcel)) == ("packed", ["create"])

    def test_of_a_deactivated_user_ignores_its_permissions(self) -> None:
        user = make_user("gone", "send_parcel", is_active=False)
        with pytest.raises(TransitionForbidden):
            make_parcel().send(by=user)

    def test_tells_a_stale_caller_what_it_is_now_and_what_it_was(self) -> None:
        parcel = make_parcel()
        tab = stored(parcel)
        parcel.send(by=CARRIER)
        with pytest.raises(StaleState, match="Now Sent; was Packed when you opened the page"):
            tab.send(by=CARRIER, expect="packed")
        assert events(parcel) == ["create", "send"]

    def test_tells_a_stale_caller_although_the_state_is_the_same(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        parcel.track(by=CARRIER, stop="hub")
        with pytest.raises(StaleState, match="Something happened to it"):
            parcel.track(by=CARRIER, stop="hub", expect="sent", expect_version=2)

    def test_names_a_row_that_is_gone(self) -> None:
        parcel = make_parcel()
        Parcel.objects.filter(pk=parcel.pk).delete()
        with pytest.raises(ObjectGone, match="does not exist any more"):
            parcel.send(by=CARRIER)

    def test_is_caught_by_code_written_for_django_fsm(self) -> None:
        with pytest.raises(TransitionNotAllowed):
            make_parcel(address="").send(by=CARRIER)


class TestOwner:
    def test_may_without_the_permission(self) -> None:
        parcel = make_parcel(sender="ann")
        parcel.send(by=CARRIER)
        parcel.deliver(by=make_user("ann"), receiver="Bob")
        assert parcel.status == "delivered"

    def test_is_not_just_anybody(self) -> None:
        parcel = make_parcel(sender="ann")
        parcel.send(by=CARRIER)
        with pytest.raises(TransitionForbidden, match="This is for the sender"):
            parcel.deliver(by=make_user("eve"), receiver="Bob")


class TestFailure:
    def test_in_the_body_rolls_back_the_database_and_every_object_in_memory(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        book, bomb = make_item(parcel), make_item(parcel, "bomb")
        before = dict(parcel.__dict__)

        with pytest.raises(RuntimeError, match="boom"):
            parcel.deliver(by=CARRIER, receiver="Bob")

        assert parcel.__dict__ == before
        assert (stored(parcel).status, events(parcel)) == ("sent", ["create", "send"])
        assert [Item.objects.get(pk=item.pk).status for item in (book, bomb)] == ["inside", "inside"]
        assert events(book) == ["create"]

    def test_puts_back_a_list_that_was_changed_in_place(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)

        def fail(**announced: object) -> None:
            assert parcel.stops == ["depot", "hub"]
            raise RuntimeError("after the body")

        with receiving(post_transition, fail), pytest.raises(RuntimeError, match="after the body"):
            parcel.track(by=CARRIER, stop="hub")
        assert parcel.stops == ["depot"]

    def test_of_a_savepoint_leaves_no_event_of_what_it_took_back(self) -> None:
        parcel, other = make_parcel(), make_parcel()

        def try_another(**announced: object) -> None:
            with contextlib.suppress(RuntimeError), transaction.atomic():
                other.send(by=CARRIER)
                raise RuntimeError("taken back")

        def once(instance: Parcel, **announced: object) -> None:
            if instance is parcel:
                try_another()

        with receiving(pre_transition, once):
            parcel.send(by=CARRIER)

        assert (events(parcel), events(other)) == (["create", "send"], ["create"])
        assert stored(other).status == "packed"
        stored(other).send(by=CARRIER)
        assert events(other) == ["create", "send"]

    def test_after_a_follow_up_restores_what_that_moved(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        item = make_item(parcel, "cup")
        other = make_parcel()

        def fail(instance: Parcel, name: str, **announced: object) -> None:
            if name == "track":
                other.send(by=CARRIER)
                raise RuntimeError("in the follow-up")

        with receiving(post_transition, fail), pytest.raises(RuntimeError, match="in the follow-up"):
            item.drop(by=CARRIER)
        assert (item.status, other.status, stored(other).status) == ("inside", "packed", "packed")

    def test_of_a_follow_up_rolls_back_what_it_follows(self) -> None:
        parcel = make_parcel()  # It is not on its way: a stop cannot be noted.
        cup = make_item(parcel, "cup")
        with pytest.raises(TransitionNotPossible):
            cup.drop(by=CARRIER)
        assert (cup.status, Item.objects.get(pk=cup.pk).status, events(cup)) == (
            "inside",
            "inside",
            ["create"],
        )

    def test_after_a_nested_transition_restores_the_nested_object_too(self) -> None:
        parcel = make_parcel()
        item = make_item(parcel)

        def hand_over_and_fail(**announced: object) -> None:
            item.hand_over(by=CARRIER)
            assert item.status == "handed_over"
            raise RuntimeError("after the item")

        with (
            receiving(post_transition, hand_over_and_fail),
            pytest.raises(RuntimeError, match="after the item"),
        ):
            parcel.send(by=CARRIER)
        assert (item.status, item.version, parcel.status) == ("inside", 1, "packed")
        assert (events(item), events(parcel)) == (["create"], ["create"])


class TestParent:
    def test_that_was_changed_and_not_saved_is_refused(self) -> None:
        first, second = make_parcel(), make_parcel()
        for parcel in (first, second):
            parcel.send(by=CARRIER)
        item = make_item(first, "cup")
        item.parcel = second
        with pytest.raises(StaleState, match="its parcel was changed and not saved"):
            item.drop(by=CARRIER)
        assert (events(first), events(second)) == (["create", "send"], ["create", "send"])

    def test_that_is_gone_takes_its_children_along(self) -> None:
        item = make_item(make_parcel())
        item.parcel_id = 0
        with pytest.raises(ObjectGone):
            item.hand_over(by=CARRIER)


class TestNestedTransition:
    def test_of_another_object_is_part_of_the_whole(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        items = [make_item(parcel), make_item(parcel, "pen")]

        parcel.deliver(by=CARRIER, receiver="Bob")

        assert [Item.objects.get(pk=item.pk).status for item in items] == ["handed_over", "handed_over"]
        assert events(items[0]) == ["create", "hand_over"]

    def test_gets_its_locked_parent_as_the_enclosing_transition_holds_it(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        item = make_item(parcel)
        item.drop(by=CARRIER)
        assert item.parcel.stops == ["depot", "book broke"]
        assert events(item.parcel) == ["create", "send", "track"]

    def test_of_the_same_object_by_a_rival_in_the_middle_is_refused(self) -> None:
        parcel, clerk = make_parcel(), make_user("rival", "return_parcel")
        refusals: list[str] = []

        def rival(**announced: object) -> None:
            with pytest.raises(ReentrantTransition) as refused:
                stored(parcel).give_back(by=clerk, reason=ReturnReason.MOVED)
            refusals.append(str(refused.value))

        with receiving(pre_transition, rival):
            parcel.send(by=CARRIER)

        assert refusals == [f"Cannot run 'give_back' on {parcel!r} while its 'send' is running."]
        assert (stored(parcel).status, events(parcel)) == ("sent", ["create", "send"])


class TestAfterwards:
    def test_needs_a_running_transition(self) -> None:
        with pytest.raises(LookupError, match="No transition is running"):
            afterwards(lambda: None)
        with pytest.raises(LookupError, match=r"No transition of <Parcel: Parcel \d+> is running"):
            current_event(make_parcel())


class TestCreation:
    def test_needs_somebody_who_does_it(self) -> None:
        with pytest.raises(ActorMissing, match=r"say who does it, with `acting\(by=…, channel=…\)`"):
            Parcel.objects.create()
        assert not Parcel.objects.exists()

    def test_starts_in_the_initial_state(self) -> None:
        with (
            acting(by=TEST, channel=Channel.COMMAND),
            pytest.raises(StateWrittenOutsideEngine, match="it starts as 'packed'"),
        ):
            Parcel.objects.create(status="sent")

    def test_of_many_takes_three_statements_and_logs_each(self, django_assert_num_queries) -> None:
        make_parcel()  # Fills the cache of content types.
        with acting(by=TEST, channel=Channel.IMPORT), django_assert_num_queries(3):
            parcels = Parcel.objects.bulk_create([Parcel(address=str(n)) for n in range(50)])
        assert [events(parcel) for parcel in parcels[:2]] == [["create"], ["create"]]

    @pytest.mark.parametrize("option", ["ignore_conflicts", "update_conflicts"])
    def test_past_a_conflict_is_refused(self, option: str) -> None:
        with (
            acting(by=TEST, channel=Channel.IMPORT),
            pytest.raises(ValueError, match="each creation is logged"),
        ):
            Parcel.objects.bulk_create([Parcel()], **{option: True})

    def test_by_nobody_in_particular_is_refused(self) -> None:
        with acting(by=AnonymousUser(), channel=Channel.PAGE), pytest.raises(ActorMissing):
            Parcel.objects.create()

    def test_that_fails_leaves_nothing_in_the_log(self) -> None:
        with (
            acting(by=TEST, channel=Channel.COMMAND),
            pytest.raises(DataError, match="value too long"),
            transaction.atomic(),
        ):
            Parcel.objects.create(sender="x" * 41)
        assert not TransitionRecord.objects.filter(machine="toyapp.parcel").exists()


class TestEdit:
    def test_does_not_put_an_old_state_back(self) -> None:
        parcel = make_parcel()
        old = stored(parcel)
        parcel.send(by=CARRIER)
        old.address = "2 High Street"

        old.save()

        assert (stored(parcel).status, stored(parcel).address, stored(parcel).version) == (
            "sent",
            "2 High Street",
            2,
        )

    @pytest.mark.parametrize("name", ["status", "version", "state_since"])
    def test_of_what_the_engine_governs_is_refused(self, name: str) -> None:
        parcel = make_parcel()
        with pytest.raises(StateWrittenOutsideEngine, match=name):
            parcel.save(update_fields=[name])
        with pytest.raises(StateWrittenOutsideEngine, match=name):
            Parcel.objects.update(**{name: None})

    def test_by_assignment_is_refused(self) -> None:
        parcel = make_parcel()
        with pytest.raises(AttributeError, match="Direct status modification"):
            parcel.status = "sent"

    def test_of_a_partly_loaded_object_saves_what_was_loaded(self) -> None:
        parcel = make_parcel(sender="Ann")
        part = Parcel.objects.only("address").get(pk=parcel.pk)
        part.address = "elsewhere"
        part.save()
        assert (stored(parcel).address, stored(parcel).sender) == ("elsewhere", "Ann")


class TestRefresh:
    def test_reads_the_protected_state_and_keeps_it_protected(self) -> None:
        parcel = make_parcel()
        stored(parcel).send(by=CARRIER)
        parcel.refresh_from_db()
        assert parcel.status == "sent"
        with pytest.raises(AttributeError):
            parcel.status = "packed"

    def test_of_named_fields_reads_those_alone(self) -> None:
        parcel = make_parcel()
        Parcel.objects.filter(pk=parcel.pk).update(address="new", sender="new")
        parcel.refresh_from_db(fields=["address"])
        assert (parcel.address, parcel.sender) == ("new", "Ann")


@pytest.mark.django_db(transaction=True)
class TestRetry:
    def test_runs_again_after_a_deadlock_when_no_transaction_is_open(self) -> None:
        parcel, failures = make_parcel(), iter([True, True, False])

        def fail(execute, sql, params, many, context):
            if sql.startswith("UPDATE") and next(failures):
                raise OperationalError("deadlock detected") from DeadlockDetected()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(fail):
            parcel.send(by=CARRIER)
        assert (stored(parcel).version, events(parcel)) == (2, ["create", "send"])

    def test_gives_up_at_once_inside_somebody_s_transaction(self) -> None:
        parcel, tries = make_parcel(), []

        def fail(execute, sql, params, many, context):
            if sql.startswith("UPDATE"):
                tries.append(sql)
                raise OperationalError("deadlock detected") from DeadlockDetected()
            return execute(sql, params, many, context)

        with pytest.raises(OperationalError), transaction.atomic(), connection.execute_wrapper(fail):
            parcel.send(by=SystemActor("carrier"))
        assert len(tries) == 1
        assert (parcel.status, stored(parcel).status) == ("packed", "packed")
