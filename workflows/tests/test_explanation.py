"""What can be done with an object now, what cannot, and why."""

from __future__ import annotations

import pytest

from workflows import Availability, explain
from workflows.tests.factories import make_parcel, make_user
from workflows.tests.toyapp.models import CARRIER, Parcel

pytestmark = pytest.mark.django_db


def by_name(parcel: Parcel, actor: object) -> dict[str, Availability]:
    return {one.transition.name: one.availability for one in explain(parcel, by=actor)}


class TestExplain:
    def test_names_every_transition_out_of_the_state_and_no_other(self) -> None:
        parcel = make_parcel()
        assert by_name(parcel, make_user("clerk", "send_parcel")) == {
            "send": "available",
            "give_back": "forbidden",
        }
        parcel.send(by=CARRIER)
        assert by_name(parcel, CARRIER) == {
            "track": "available",
            "deliver": "available",
            "give_back": "forbidden",
            "lose": "forbidden",
        }

    def test_shows_the_checks_that_hold_beside_those_that_do_not(self) -> None:
        send = explain(make_parcel(address=""), by=CARRIER)[0]
        assert send.availability is Availability.BLOCKED
        assert [(check.label, check.holds) for check in send.checks] == [
            ("Address is known", False),
            ("Weight is allowed", True),
        ]

    def test_says_when_an_argument_would_lift_the_block(self) -> None:
        assert explain(make_parcel(weight_kg=30), by=CARRIER)[0].can_be_lifted
        assert not explain(make_parcel(weight_kg=30, address=""), by=CARRIER)[0].can_be_lifted
        assert not explain(make_parcel(), by=CARRIER)[0].can_be_lifted

    def test_says_whose_a_forbidden_one_is(self) -> None:
        give_back = explain(make_parcel(), by=CARRIER)[1]
        assert [check.message for check in give_back.checks] == [
            "This is for staff with the permission “Can return a parcel”."
        ]

    def test_passes_over_a_guard_whose_argument_is_not_known_yet(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        deliver = next(one for one in explain(parcel, by=CARRIER) if one.transition.name == "deliver")
        assert deliver.checks == ()

    def test_gives_label_target_and_arguments(self) -> None:
        parcel = make_parcel()
        parcel.send(by=CARRIER)
        track, deliver = explain(parcel, by=CARRIER)[:2]
        assert (track.transition.label, track.source, track.target) == ("Track", "sent", "sent")
        argument = deliver.transition.arguments[0]
        assert (argument.name, argument.label, argument.annotation, argument.is_required) == (
            "receiver",
            "Received by",
            str,
            True,
        )
