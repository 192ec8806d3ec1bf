"""How a rule calls: what comes of it is compared with what was expected, and everything else with the model."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from backend.leads.services.answers import claim
from backend.leads.tests.model.expected_history import History
from backend.leads.tests.model.expected_market import DONE, ExpectedMarket
from backend.leads.tests.model.expected_values import OFFERED, ExpectedLead
from backend.leads.tests.model.observed import Observer, assert_stands_as_expected, list_waiting
from backend.leads.tests.model.world import START, Undone, World
from backend.users.models import ProviderProfile
from workflows import Actor, SystemActor, TransitionRefused, clock

Call = Callable[..., Any]


class Calls(RuleBasedStateMachine):
    """One example: a market, its model beside it, and what is called."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.now = world, START
        self.undone = Undone()
        self.market = ExpectedMarket(world.expected_providers(), START)
        self.history, self.observer = History(self.market), Observer()
        # Copies stay as they were read: the engine is to act on the row, whatever a caller holds.
        self.copies: dict[tuple[type, int], Any] = {}
        self.last_done: tuple[Call, int, dict[str, Any]] | None = None
        self.is_whole = True

    @contextmanager
    def _step(self) -> Iterator[None]:
        """Do something; then everything is logged, learned and compared.  What fails leaves the example unwhole."""
        self.is_whole = False
        with clock.at(self.now):
            yield
            self.undone.fire_deferred()
            self.history.play(*self.observer.read_news())
            assert_stands_as_expected(self.market)
        self.is_whole = True

    def _expect(self, outcome: str, call: Callable[[], Any]) -> None:
        with self._step():
            before = self.observer.events
            try:
                call()
                found = DONE
            except TransitionRefused as refused:
                found = refused.code
                assert self.observer.read_news()[0] == [], "refused, and something was logged"
            assert found == outcome, f"came to '{found}', expected '{outcome}' (after event {before})"

    def _run(
        self, call: Call, copy: Any, who: str, outcome: str, *, owner: int | None = None, **given: Any
    ) -> None:
        given = {"by": self._actor(who, owner), **given}
        self._expect(outcome, lambda: call(copy, **given))
        if outcome == DONE and call is not claim:
            fresh = type(copy)._base_manager.get(pk=copy.pk)
            self.last_done = lambda **again: call(copy, **again), fresh.version - 1, given

    def _actor(self, who: str, owner: int | None) -> Actor:
        if who in ("timer", "quotes"):
            return SystemActor(who)
        if who in self.world.people:
            return self.world.people[who]
        own = owner or self.world.provider_ids[0]
        other = next(one for one in self.world.provider_ids if one != own)
        # Who is asked for a lead's owner is nobody in particular: a provider's login.
        return self._copy(ProviderProfile, own if who == "owner" else other).user

    def _copy(self, model: type, pk: int) -> Any:
        if (model, pk) not in self.copies:
            self.copies[model, pk] = model._base_manager.get(pk=pk)
        return self.copies[model, pk]

    def _lead(self, number: int, *preferred: str) -> ExpectedLead:
        """Choose among the leads in these states, or among all: the last two choices always are of all."""
        leads = list(self.market.leads.values())
        likely = [one for one in leads if one.state in preferred] if number < 5 else []
        chosen = likely or leads
        return chosen[number % len(chosen)]

    def _offer(self, number: int, *preferred: str) -> int:
        offers = list(self.market.offers)
        likely = (
            [one for one in offers if self.market.offers[one][1].state in preferred] if number < 5 else []
        )
        chosen = likely or offers
        return chosen[number % len(chosen)]

    def _list_waiting(self, due_at: datetime.datetime | None = None) -> list[ExpectedLead]:
        return [
            self.market.leads[one]
            for one in sorted(list_waiting(due_at or datetime.datetime.max.replace(tzinfo=datetime.UTC)))
        ]


def assert_nothing_is_due(market: ExpectedMarket) -> None:
    """After a tick no offer and no lead has outlived its time."""
    late = [
        key
        for key, (_lead, one) in market.offers.items()
        if one.state == "offered" and one.expires_at <= market.now
    ]
    over = [
        one.id
        for one in market.leads.values()
        if one.state in ("new", *OFFERED) and one.deadline_at <= market.now
    ]
    assert (late, over) == ([], [])
