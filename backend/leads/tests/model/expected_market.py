"""The market as it must be: its rules in plain Python, which say what a call must come to."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from backend.leads.tests.model.expected_values import (
    ACCEPTED,
    BUILT_IN,
    DUPLICATE_WITHIN,
    LIFTED,
    OFFERED,
    STANDING,
    TAKING,
    ExpectedLead,
    ExpectedOffer,
    ExpectedProvider,
    ExpectedTerms,
)

DONE, BLOCKED, FORBIDDEN, IMPOSSIBLE = "done", "blocked", "forbidden", "not_possible_from_state"

# From which states a transition goes, and who may run it: "chief" stands for staff with every permission, "owner" for
# the provider concerned.
LEAD_MOVES = {
    "verify": (("new",), {"chief"}),
    "reroute": (OFFERED, {"chief"}),
    "assign_by_hand": (OFFERED, {"chief"}),
    "revise": (OFFERED, {"chief"}),
    "record_quote": (OFFERED, {"quotes"}),
    "award": (("quoted",), {"chief"}),
    "reject": (("new", "verified"), {"chief"}),
    "mark_duplicate": (("new", "verified"), {"chief"}),
    "cancel": (("new", "verified", "quoted"), {"chief"}),
    "reopen": (("rejected", "duplicate", "expired"), {"chief"}),
    "expire": (("new", "verified", "quoted"), {"timer"}),
}
OFFER_MOVES = {
    "accept": (("offered",), {"chief", "owner"}),
    "decline": (("offered",), {"chief", "owner"}),
    "withdraw": (("offered", "accepted"), {"chief"}),
    "expire": (("offered",), {"timer"}),
}
PROVIDER_MOVES = {
    "pause": (("active",), "paused", {"chief", "owner"}),
    "resume": (("paused",), "active", {"chief", "owner"}),
    "suspend": (("active", "paused"), "suspended", {"chief"}),
    "reinstate": (("suspended",), "active", {"chief"}),
    "retire": (("pending", "active", "paused", "suspended"), "retired", {"chief"}),
}


class ExpectedMarket:
    """What must be true now, and what would come of a call."""

    def __init__(self, providers: Iterator[ExpectedProvider], now: datetime.datetime) -> None:
        self.now = now
        self.providers = {provider.id: provider for provider in providers}
        self.leads: dict[int, ExpectedLead] = {}
        self.offers: dict[int, tuple[ExpectedLead, ExpectedOffer]] = {}
        self.terms: dict[int, ExpectedTerms] = {}

    # What holds.

    def in_force(self, category: int | None) -> ExpectedTerms | None:
        versions = (one for one in self.terms.values() if one.state == "in_force")
        return next((one for one in versions if one.category == category), None)

    def terms_of(self, category: int | None) -> dict[str, int]:
        found = [self.in_force(None), self.in_force(category) if category else None]
        return BUILT_IN | {name: value for one in found if one for name, value in one.said.items()}

    def fits(self, lead: ExpectedLead, provider: ExpectedProvider) -> bool:
        return lead.category in provider.categories and lead.city == provider.city

    def failed_rules(self, lead: ExpectedLead, provider: ExpectedProvider) -> set[str]:
        failed = provider.failed_limits(self.now)
        failed |= {"category"} if lead.category not in provider.categories else set()
        failed |= {"too_far"} if lead.city != provider.city else set()
        return failed | ({"already_offered"} if provider.id in lead.offers else set())

    def eligible(self, lead: ExpectedLead) -> set[int]:
        return {one.id for one in self.providers.values() if not self.failed_rules(lead, one)}

    def is_taken(self, lead: ExpectedLead) -> bool:
        return lead.count(ACCEPTED) >= self.terms_of(lead.category)["accepted_max"]

    def free_places(self, lead: ExpectedLead) -> int:
        terms = self.terms_of(lead.category)
        left = min(terms["places"] - lead.count(TAKING), terms["offers_max"] - len(lead.offers))
        return 0 if self.is_taken(lead) else max(0, left)

    def may_offer(self, lead: ExpectedLead, *, accepted_max: str = "accepted_max") -> bool:
        """Return whether a place may be given, but for how many waves there were."""
        terms = self.terms_of(lead.category)
        is_open = lead.count(ACCEPTED) < terms[accepted_max] and self.now < lead.deadline_at
        return is_open and lead.count(TAKING) < terms["places"] and len(lead.offers) < terms["offers_max"]

    def may_reroute(self, lead: ExpectedLead, *, by_system: bool) -> bool:
        accepted_max = "accepted_enough" if by_system else "accepted_max"
        has_waves = lead.waves < self.terms_of(lead.category)["waves_max"]
        return lead.state in OFFERED and has_waves and self.may_offer(lead, accepted_max=accepted_max)

    def is_duplicate(self, lead: ExpectedLead) -> bool:
        def is_repeated_by_it(other: ExpectedLead) -> bool:
            came_first = (other.created_at, other.id) < (lead.created_at, lead.id) or other.state != "new"
            apart = abs(other.created_at - lead.created_at)
            return came_first and other.state in STANDING and apart <= DUPLICATE_WITHIN

        same = (
            other
            for other in self.leads.values()
            if (other.contact, other.category) == (lead.contact, lead.category) and other.id != lead.id
        )
        return any(is_repeated_by_it(other) for other in same)

    # What a call comes to.

    def verify(self, lead: ExpectedLead, who: str, *, vouched: bool, is_another_job: bool) -> str:
        holds = (lead.is_confirmed or vouched) and (is_another_job or not self.is_duplicate(lead))
        return self._judge(LEAD_MOVES, "verify", lead.state, who, holds=holds and self.now < lead.deadline_at)

    def reroute(self, lead: ExpectedLead, who: str) -> str:
        return self._judge(
            LEAD_MOVES, "reroute", lead.state, who, holds=self.may_reroute(lead, by_system=False)
        )

    def assign_by_hand(self, lead: ExpectedLead, who: str, provider: int, *, override: bool) -> str:
        failed = self.failed_rules(lead, self.providers[provider])
        may_have = not failed or (override and failed <= LIFTED)
        return self._judge(
            LEAD_MOVES, "assign_by_hand", lead.state, who, holds=may_have and self.may_offer(lead)
        )

    def revise(self, lead: ExpectedLead, who: str, category: int, city: int) -> str:
        changes = (category, city) != (lead.category, lead.city)
        return self._judge(
            LEAD_MOVES, "revise", lead.state, who, holds=changes and self.now < lead.deadline_at
        )

    def mark_duplicate(self, lead: ExpectedLead, who: str, original: ExpectedLead) -> str:
        holds = original.id != lead.id and original.state != "duplicate"
        return self._judge(LEAD_MOVES, "mark_duplicate", lead.state, who, holds=holds)

    def close(self, lead: ExpectedLead, who: str, name: str) -> str:
        """Say what comes of rejecting, cancelling or reopening: nothing but state and person counts."""
        return self._judge(LEAD_MOVES, name, lead.state, who, holds=True)

    def expire_lead(self, lead: ExpectedLead, who: str) -> str:
        return self._judge(LEAD_MOVES, "expire", lead.state, who, holds=self.now >= lead.deadline_at)

    def choose(self, lead: ExpectedLead, who: str, name: str, offer_id: int) -> str:
        """Say what comes of a quote from an offer, or of an award to it."""
        of_lead, offer = self.offers[offer_id]
        holds = of_lead is lead and offer.state == "accepted"
        return self._judge(LEAD_MOVES, name, lead.state, who, holds=holds)

    def answer(self, offer_id: int, who: str, name: str) -> str:
        lead, offer = self.offers[offer_id]
        takes_part = self.providers[offer.provider].state in ("active", "paused")
        can_be_accepted = lead.state in OFFERED and not self.is_taken(lead)
        holds = {
            "accept": takes_part and can_be_accepted and self.now < offer.expires_at,
            "expire": self.now >= offer.expires_at,
        }
        return self._judge(OFFER_MOVES, name, offer.state, who, holds=holds.get(name, True))

    def claim(self, lead: ExpectedLead, who: str, provider: int) -> str:
        if provider in lead.offers or provider not in lead.told:
            return BLOCKED
        if who != "owner":
            return FORBIDDEN
        has_place = lead.count(TAKING) < self.terms_of(lead.category)["places"] and not self.is_taken(lead)
        is_open = lead.state in OFFERED and self.now < lead.deadline_at
        limits = self.providers[provider].failed_limits(self.now)
        return DONE if has_place and is_open and not limits else BLOCKED

    def move_provider(self, provider: int, who: str, name: str) -> str:
        moves = {name: (sources, people) for name, (sources, _target, people) in PROVIDER_MOVES.items()}
        return self._judge(moves, name, self.providers[provider].state, who, holds=True)

    def publish(self, version: ExpectedTerms, who: str) -> str:
        present = self.in_force(version.category)
        is_newest = (present.id if present else None) == version.based_on
        market = version.said if version.category is None else self.terms_of(None)
        own = market | version.said
        exceptions = (
            one for one in self.terms.values() if one.state == "in_force" and one.category is not None
        )
        others = [market | one.said for one in exceptions] if version.category is None else []
        can_hold = all(_fit_together(terms) for terms in (own, *others))
        is_news = own != self.terms_of(version.category)
        moves = {"publish": (("draft",), {"chief"})}
        return self._judge(moves, "publish", version.state, who, holds=is_newest and can_hold and is_news)

    @staticmethod
    def _judge(
        moves: dict[str, tuple[tuple[str, ...], set[str]]], name: str, state: str, who: str, *, holds: bool
    ) -> str:
        """Say what is told first: the state, then the person, then what else must hold."""
        sources, people = moves[name]
        if state not in sources:
            return IMPOSSIBLE
        if who not in people:
            return FORBIDDEN
        return DONE if holds else BLOCKED


def _fit_together(terms: dict[str, int]) -> bool:
    return terms["accepted_enough"] <= terms["accepted_max"] <= terms["places"] <= terms["offers_max"]
