"""The requests of the demo market before they are submitted: who asks for what, where and when."""

from __future__ import annotations

import datetime
import enum
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from backend.catalog.models import Category
from backend.leads.models import Urgency
from backend.procompare.demo.chance import Random, draw, jitter
from backend.procompare.demo.hubs import Hub, Spot, draw_hub, lonely_hub
from backend.procompare.demo.people import Directory, Person
from backend.procompare.demo.texts import write_request
from backend.procompare.demo.timing import wake

__all__ = ["Fate", "RequestPlan", "RequestPlanner", "request_count_min"]

# Of all requests, those that came in last and that nobody has looked at yet.
WAITING_SHARE = 1 / 16
WAITING_MIN = 6
WAITING_FOR = datetime.timedelta(days=4)

REPEATED_SHARE = 0.07
REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
URGENCIES = {Urgency.FLEXIBLE: 4, Urgency.MONTH: 3, Urgency.WEEK: 2, Urgency.NOW: 1}
SOURCES = {"page": 7, "phone": 2, "api": 1}
DEMAND = {
    "plumbing": 10,
    "heating": 5,
    "electrics": 8,
    "painting": 8,
    "carpentry": 5,
    "flooring": 5,
    "roofing": 3,
    "cleaning": 10,
    "moving": 8,
    "gardening": 7,
    "tutoring": 9,
    "music-lessons": 4,
    "photography": 4,
    "catering": 4,
    "web-design": 4,
    "swimming-pools": 0.6,
}


class Fate(enum.Enum):
    """What staff make of a request: genuine, rejected, passed over until its time is over, or not seen yet."""

    GENUINE = "genuine"
    REJECTED = "rejected"
    FORGOTTEN = "forgotten"
    WAITING = "waiting"


FATES = {Fate.GENUINE: 0.6, Fate.REJECTED: 0.22, Fate.FORGOTTEN: 0.18}


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """One request before it is submitted.

    ``confirms`` says whether the client enters the code that is sent; ``has_login`` whether the client has an
    account, and answers quotes there; ``is_repeated`` whether the same contact asked for the same before.
    """

    submitted_at: datetime.datetime
    reference: str
    client: Person
    has_login: bool
    confirms: bool
    is_repeated: bool
    fate: Fate
    spot: Spot
    time_zone: str
    category: str
    language: str
    title: str
    text: str
    budget: Decimal | None
    urgency: Urgency
    source: str


def request_count_min() -> int:
    """Return how many requests a market has at least: fewer would not show what it is to show."""
    return 2 * WAITING_MIN


@dataclass(frozen=True, slots=True)
class RequestPlanner:
    """Makes up the requests between two instants."""

    chance: Random
    hubs: Sequence[Hub]
    opened_at: datetime.datetime
    as_of: datetime.datetime
    directory: Directory
    budgets: dict[str, float]

    @classmethod
    def over(
        cls, chance: Random, hubs: Sequence[Hub], *, opened_at: datetime.datetime, as_of: datetime.datetime
    ) -> RequestPlanner:
        """Return a planner that knows what is usually paid for each category."""
        usual = Category.objects.values_list("slug", "typical_budget")
        budgets = {slug: float(budget or 0) for slug, budget in usual}
        return cls(chance, hubs, opened_at, as_of, Directory(), budgets)

    def plan(self, count: int) -> list[RequestPlan]:
        """Make up requests, the first first: a growing stream over the months, and those that wait now.

        Some in the stream repeat an earlier one.
        """
        waiting_count = max(WAITING_MIN, round(count * WAITING_SHARE))
        repeated_count = round((count - waiting_count) * REPEATED_SHARE)
        stream = [self._plan_past() for _number in range(count - waiting_count - repeated_count)]
        genuine = [plan for plan in stream if plan.fate is Fate.GENUINE]
        repeated = [self._repeat(plan) for plan in self.chance.sample(genuine, repeated_count)]
        plans = [*stream, *repeated, *self._plan_waiting(waiting_count)]
        return sorted(plans, key=lambda plan: plan.submitted_at)

    def _plan_past(self) -> RequestPlan:
        """Make up one of the stream, which grows by the square root of time."""
        passed = math.pow(self.chance.random(), 0.7) * (self.as_of - self.opened_at)
        return self._make(self.opened_at + passed, fate=draw(self.chance, FATES))

    def _plan_waiting(self, count: int) -> Iterator[RequestPlan]:
        """Make up those that nobody has looked at yet.

        The first four are there to be looked at: a request, the same again, a category that is not served, and
        a place where nobody works.
        """
        first = self._make_waiting(category="plumbing", hub=self.hubs[0])
        at = wake(self.chance, self.as_of - WAITING_FOR, time_zone=first.time_zone)
        early = replace(first, submitted_at=at, confirms=True)
        yield early
        yield replace(self._repeat(early), fate=Fate.WAITING, confirms=True)
        yield replace(self._make_waiting(category="swimming-pools", hub=self.hubs[0]), confirms=True)
        yield replace(self._make_waiting(category="painting", hub=lonely_hub()), confirms=True)
        for number in range(count - 4):
            # Every second one where most providers are: what verification does is seen best there.
            yield self._make_waiting(hub=self.hubs[0] if number % 2 else None)

    def _make_waiting(self, *, category: str | None = None, hub: Hub | None = None) -> RequestPlan:
        at = self.as_of - self.chance.random() * WAITING_FOR
        return self._make(at, fate=Fate.WAITING, category=category, hub=hub)

    def _make(
        self, at: datetime.datetime, *, fate: Fate, category: str | None = None, hub: Hub | None = None
    ) -> RequestPlan:
        chance = self.chance
        hub = hub or draw_hub(chance, self.hubs)
        category = category or draw(chance, DEMAND if fate is not Fate.WAITING else _SERVED_DEMAND)
        client = self.directory.make_person(chance, hub)
        language = draw(chance, hub.written)
        title, text = write_request(chance, category, language)
        return RequestPlan(
            submitted_at=min(wake(chance, at, time_zone=hub.time_zone), self.as_of),
            reference=self._make_reference(),
            client=client,
            has_login=bool(client.email) and chance.random() < 0.35,
            confirms=chance.random() < 0.7,
            is_repeated=False,
            fate=fate,
            spot=hub.draw_spot(chance),
            time_zone=hub.time_zone,
            category=category,
            language=language,
            title=title,
            text=text,
            budget=self._draw_budget(category),
            urgency=draw(chance, URGENCIES),
            source=draw(chance, SOURCES),
        )

    def _repeat(self, plan: RequestPlan) -> RequestPlan:
        """Make up the same request again, some days later and in other words, by the same contact written otherwise."""
        title, text = write_request(self.chance, plan.category, plan.language)
        client = replace(
            plan.client, email=plan.client.email.upper(), phone=plan.client.phone.replace(" ", "-")
        )
        at = plan.submitted_at + datetime.timedelta(days=self.chance.uniform(0.3, 3))
        return replace(
            plan,
            submitted_at=min(wake(self.chance, at, time_zone=plan.time_zone), self.as_of),
            reference=self._make_reference(),
            client=client,
            has_login=False,
            is_repeated=True,
            title=title,
            text=text,
        )

    def _draw_budget(self, category: str) -> Decimal | None:
        if self.chance.random() < 0.15:
            return None
        return Decimal(round(jitter(self.chance, self.budgets[category], share=0.35), -1))

    def _make_reference(self) -> str:
        return "L-" + "".join(self.chance.choices(REFERENCE_ALPHABET, k=8))


_SERVED_DEMAND = {slug: weight for slug, weight in DEMAND.items() if slug != "swimming-pools"}
