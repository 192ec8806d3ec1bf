"""The market that each example begins with, and the transaction that undoes what an example did to it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from backend.jobs.models import Job
from backend.leads.tests.factories import chief, make_category, make_provider, make_staff
from backend.leads.tests.model.expected_values import ExpectedProvider
from backend.users.models import User
from workflows import clock

BERLIN, HAMBURG = (52.52, 13.405), (53.55, 9.993)
CITIES = (BERLIN, HAMBURG)  # too far apart for anybody to serve both
START = datetime.datetime(2025, 6, 11, 12, 0, tzinfo=datetime.UTC)

# Which categories, in which city, how many offers open at a time, how many a day.
PROVIDERS = (
    ((0,), 0, 5, 10),
    ((0, 1), 0, 5, 10),
    ((0, 1), 0, 1, 10),
    ((0, 1), 0, 5, 2),
    ((1,), 0, 2, 3),
    ((0,), 1, 5, 10),
    ((0, 1), 1, 1, 2),
)


@dataclass(frozen=True, slots=True)
class World:
    """What is there before anything happens: it is committed once, and every example finds it as it was."""

    categories: tuple[int, ...]
    provider_ids: tuple[int, ...]
    people: dict[str, User]

    def expected_providers(self) -> Iterator[ExpectedProvider]:
        """Yield what the model knows of the providers."""
        for pk, (offered, city, open_max, day_max) in zip(self.provider_ids, PROVIDERS, strict=True):
            yield ExpectedProvider(
                pk, frozenset(self.categories[n] for n in offered), city, open_max, day_max
            )


def make_world() -> World:
    """Make the market; its jobs are let go."""
    with clock.at(START):
        categories = [make_category(), make_category()]
        made = [
            make_provider(
                *(categories[n] for n in offered),
                place=CITIES[city],
                open_offers_max=open_max,
                leads_per_day_max=day_max,
            )
            for offered, city, open_max, day_max in PROVIDERS
        ]
        people = {"chief": chief(), "stranger": make_staff()}
    Job.objects.all().delete()
    return World(tuple(one.pk for one in categories), tuple(one.pk for one in made), people)


class Undone:
    """A transaction that is rolled back: what an example did is gone, at the cost of one statement.

    Deferred triggers would wait for the commit that never comes: they are made to fire after every step.
    """

    def __init__(self) -> None:
        self._block = transaction.atomic()
        # As around a test: what must be the outermost transaction in use is content with this one.
        self._block._from_testcase = True
        self._block.__enter__()

    def fire_deferred(self) -> None:
        """Let every trigger speak that waits for the commit.  Raises: django.db.Error when one objects."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    def undo(self) -> None:
        """Roll back."""
        transaction.set_rollback(True)
        self._block.__exit__(None, None, None)
