"""Under a database that fails now and then: a transition runs once, and whoever asks again is told so."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import OperationalError

from workflows import StaleState, SystemActor
from workflows.models import TransitionRecord
from workflows.tests.factories import make_parcel
from workflows.tests.faulty_database import CONFLICTS, Fault, FaultyDatabase, faulty_database
from workflows.tests.toyapp.models import Parcel

pytestmark = [pytest.mark.survives_faults, pytest.mark.django_db(transaction=True)]

CARRIER = SystemActor("carrier")
PARCELS = 100
TRIES_MAX = 10


def send(parcel: Parcel, faults: FaultyDatabase) -> list[str]:
    """Send a parcel as a client does that tries again when something breaks; return what it was told each time."""
    told: list[str] = []
    for _try in range(TRIES_MAX):
        version, faults.latest = parcel.version, None
        try:
            parcel.send(by=CARRIER, expect="packed")
        except StaleState:
            return [*told, "stale"]
        except OperationalError:
            fault = faults.take_latest()
            assert fault is not None
            told.append(fault.name)
            assert (parcel.status, parcel.version) == ("packed", version), "the object is as it was before"
        else:
            return [*told, "done"]
    raise AssertionError(f"tried {TRIES_MAX} times: {told}")


class TestTransition:
    def test_runs_once_and_is_told_to_have_run_when_the_answer_was_lost(self) -> None:
        parcels = [make_parcel() for _parcel in range(PARCELS)]

        with faulty_database() as faults:
            told = [send(parcel, faults) for parcel in parcels]

        stored = Parcel.objects.filter(pk__in=[parcel.pk for parcel in parcels])
        assert set(stored.values_list("status", "version", "stops__0")) == {("sent", 2, "depot")}
        events = TransitionRecord.objects.filter(machine="toyapp.parcel", sequence=2)
        assert events.count() == PARCELS
        # Conflicts are tried again by the engine: whoever called never hears of them.
        outcomes = Counter(outcome for each in told for outcome in each)
        assert set(outcomes) <= {"done", "stale", Fault.NOT_COMMITTED.name, Fault.ANSWER_LOST.name}
        assert sum(faults.counts[fault] for fault in CONFLICTS) > 0
        assert outcomes["stale"] == outcomes[Fault.ANSWER_LOST.name] == faults.counts[Fault.ANSWER_LOST]
        assert all((each[-1] == "stale") == (Fault.ANSWER_LOST.name in each) for each in told)
