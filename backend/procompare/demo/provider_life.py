"""What becomes of the providers of the demo market: they join, are approved, rest, and some leave."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.procompare.demo.chance import draw
from backend.procompare.demo.providers import ProviderPlan, create_providers
from backend.procompare.demo.stage import DEMO, Stage
from backend.procompare.demo.timing import OFFICE_HOURS, OFFICE_TIME_ZONE, later
from backend.users.models import ProviderProfile, User
from workflows import Channel, clock

__all__ = ["ProviderLife"]

FATES = {"stays": 0.8, "pauses": 0.05, "rests": 0.06, "is suspended": 0.04, "retires": 0.05}
# The last ones to join wait for approval still.
WAITING_SHARE = 1 / 40
SUSPENSION_REASONS = ("Two clients complained that nobody came.", "The trade licence has run out.")
RETIREMENT_REASONS = ("The business has closed.", "Asked to be taken off the list.")


@dataclass(frozen=True, slots=True)
class ProviderLife:
    """Puts the life of each provider into the agenda; nobody is approved who has not joined."""

    stage: Stage
    opened_at: datetime.datetime
    as_of: datetime.datetime

    def plan(self, plans: Sequence[ProviderPlan]) -> None:
        """Let those who joined before the market opened be there, and the others come when they do."""
        early = [plan for plan in plans if plan.joined_at < self.opened_at]
        self._join(early)
        approved_count = len(plans) - math.ceil(len(plans) * WAITING_SHARE)
        for number, plan in enumerate(plans[len(early) :], start=len(early)):
            self._plan_joining(plan, is_waiting=number >= approved_count)

    def _plan_joining(self, plan: ProviderPlan, *, is_waiting: bool) -> None:
        self.stage.agenda.add(plan.joined_at, lambda: self._join([plan], are_waiting=is_waiting))

    def _join(self, plans: Sequence[ProviderPlan], *, are_waiting: bool = False) -> None:
        with self.stage.on(Channel.PAGE, by=DEMO):
            providers = create_providers(plans)
        for plan, provider in zip(plans, providers, strict=True):
            self.stage.providers[provider.pk] = provider
            self.stage.owners[provider.pk] = provider.user
            if not are_waiting:
                self._plan_life(plan, provider)

    def _plan_life(self, plan: ProviderPlan, provider: ProviderProfile) -> None:
        """Have it approved within days; then its fate."""
        chance = self.stage.chance
        approved_at = later(chance, plan.joined_at, mean_h=40, time_zone=OFFICE_TIME_ZONE, hours=OFFICE_HOURS)
        self.stage.agenda.add(approved_at, lambda: self._approve(provider))
        fate = draw(chance, FATES)
        since = max(approved_at, self.opened_at)
        happens_at = since + chance.uniform(0.2, 0.9) * max(self.as_of - since, datetime.timedelta())
        if fate != "stays" and happens_at > approved_at:
            step = self._step_of(fate)
            self.stage.agenda.add(happens_at, lambda: step(provider))

    def _step_of(self, fate: str) -> Callable[[ProviderProfile], None]:
        """Return what happens to a provider whose fate it is."""
        steps: dict[str, Callable[[ProviderProfile], None]] = {
            "pauses": self._pause,
            "rests": self._rest,
            "is suspended": self._suspend,
            "retires": self._retire,
        }
        return steps[fate]

    @property
    def _dispatcher(self) -> User:
        return self.stage.staff["dispatcher"]

    def _approve(self, provider: ProviderProfile) -> None:
        with self.stage.on(Channel.ADMIN):
            provider.approve(by=self._dispatcher)

    def _pause(self, provider: ProviderProfile) -> None:
        with self.stage.on(Channel.PAGE):
            provider.pause(by=self.stage.owners[provider.pk], reason="Fully booked.")

    def _rest(self, provider: ProviderProfile) -> None:
        """Pause for some days."""
        self._pause(provider)
        days = datetime.timedelta(days=self.stage.chance.uniform(4, 15))
        self.stage.agenda.add(clock.now() + days, lambda: self._resume(provider))

    def _resume(self, provider: ProviderProfile) -> None:
        with self.stage.on(Channel.PAGE):
            provider.resume(by=self.stage.owners[provider.pk])

    def _suspend(self, provider: ProviderProfile) -> None:
        reason = self.stage.chance.choice(SUSPENSION_REASONS)
        with self.stage.on(Channel.ADMIN):
            provider.suspend(by=self._dispatcher, reason=reason)

    def _retire(self, provider: ProviderProfile) -> None:
        reason = self.stage.chance.choice(RETIREMENT_REASONS)
        with self.stage.on(Channel.ADMIN):
            provider.retire(by=self._dispatcher, reason=reason)
