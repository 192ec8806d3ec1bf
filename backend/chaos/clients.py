"""Those who use the pages: staff and providers, who click twice, click together, and try again.

What a page would show them (which leads there are, in which state and version) they read from the database; what
they do goes through the web server, as forms of its pages.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection

from backend.chaos.browsing import Browser
from backend.chaos.record import Attempt, Outcome, Record
from workflows import WorkflowModel

__all__ = ["Choices", "Client", "Deed", "pick"]

# Between two deeds.
THINKS_S = (0.2, 0.9)
# Whoever heard nothing tries again, most often.
TRIES_AGAIN = 0.7
LOOKS = 0.15


@dataclass(frozen=True, slots=True)
class Deed:
    """One form to post, and what it asks for."""

    path: str
    form: Mapping[str, object]
    attempt: Attempt

    @classmethod
    def of(
        cls, instance: WorkflowModel, transition: str, target: str, path: str, **arguments: object
    ) -> Deed:
        """Return the deed that runs a transition as a page shows the object now."""
        attempt = Attempt(
            instance.machine_label(),
            instance.pk,
            transition,
            source=instance.state,
            target=target,
            sequence=instance.version + 1,
        )
        seen = {"expect": instance.state, "expect_version": instance.version}
        return cls(path, {**seen, **arguments}, attempt)


Choices = Mapping[Callable[[random.Random], list[Deed]], int]


@dataclass
class Client:
    """One person at a browser, from ``run`` until ``stop`` is set; everything that it chooses comes from its dice.

    ``choices`` are what it does, by weight: each looks what there is and returns deeds, which are posted together.
    """

    browser: Browser
    record: Record
    dice: random.Random
    stop: threading.Event
    choices: Choices
    home: str
    errors: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        """Do one thing after another; what goes wrong here, and not at the server, is kept in ``errors``."""
        try:
            while not self.stop.wait(self.dice.uniform(*THINKS_S)):
                self._act()
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()

    def _act(self) -> None:
        [choose] = self.dice.choices(list(self.choices), weights=list(self.choices.values()))
        looks, tries_again = self.dice.random() < LOOKS, self.dice.random() < TRIES_AGAIN
        try:
            deeds = choose(self.dice)
        except DatabaseError:
            # It is being struck; a page would not have come either.
            connection.close()
            return
        if looks:
            self.browser.look(self.home)
        outcomes = self._post_together(deeds)
        for deed, outcome in zip(deeds, outcomes, strict=True):
            if tries_again and outcome in (Outcome.NO_ANSWER, Outcome.ERROR):
                self._post(deed)

    def _post_together(self, deeds: list[Deed]) -> list[Outcome]:
        if len(deeds) == 1:
            return [self._post(deeds[0])]
        with ThreadPoolExecutor(max(1, len(deeds))) as pool:
            return list(pool.map(self._post, deeds))

    def _post(self, deed: Deed) -> Outcome:
        outcome = self.browser.post(deed.path, deed.form)
        self.record.note(deed.attempt, outcome)
        return outcome


def pick(rows: Any, dice: random.Random, *, among: int = 20) -> Any:
    """Return one of the first rows of a query set; None when there is none.  Draws once, whatever there is."""
    drawn = dice.random()
    found = list(rows[:among])
    return found[int(drawn * len(found))] if found else None
