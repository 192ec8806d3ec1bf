"""The model learns what has happened from the log, event by event, and objects to whatever must not be.

Whom a wave asks is a matter of ranking and chance: the model takes it from the decision, and sees to it that they were
those who may be asked, as many as there were places, and that nobody was asked who has no room.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from backend.leads.tests.model.expected_market import OFFER_MOVES, PROVIDER_MOVES, ExpectedMarket
from backend.leads.tests.model.expected_values import (
    LEAD_OPEN_FOR,
    LIFTED,
    OFFERED,
    Event,
    ExpectedLead,
    ExpectedOffer,
    MadeDecision,
    MadeOffer,
)

ENDS = {
    "reject": "rejected",
    "mark_duplicate": "duplicate",
    "cancel": "cancelled",
    "expire": "expired",
    "award": "won",
}


class History:
    """Plays events into a market.  What a body brings about is logged first: offers before their wave."""

    def __init__(self, market: ExpectedMarket) -> None:
        self.market = market
        # Made or ended by a transition whose own event is still to come, by lead.
        self.made: defaultdict[int, dict[int, set[str]]] = defaultdict(dict)
        self.ended: defaultdict[int, set[int]] = defaultdict(set)
        # Leads that must be offered to somebody else, as a place has become free.
        self.owed: set[int] = set()
        # Providers that had all their open offers in use and now have room: waiting leads are tried with them.
        self.freed: set[int] = set()
        # What a revision asks for, by lead: category and city.
        self.revised: dict[int, tuple[int, int]] = {}

    def play(
        self, events: Iterable[Event], offers: dict[int, MadeOffer], decisions: list[MadeDecision]
    ) -> None:
        """Play what has happened since the last time.  Raises: AssertionError at the first event that must not be."""
        waves = {(one.lead, one.wave): one for one in decisions}
        for event in events:
            if event.machine == "leads.leadassignment" and event.transition == "create":
                self._make_offer(offers[event.id])
            elif event.machine == "leads.leadassignment":
                self._move_offer(event)
            elif event.machine == "leads.lead":
                self._move_lead(event, waves)
            elif event.machine == "users.providerprofile":
                self._move_provider(event)
            elif event.transition != "create":
                self.market.terms[event.id].state = event.target
        left = [dict(self.made), dict(self.ended), self.owed]
        assert not any(left), f"made, ended or owed, and nothing came of it: {left}"

    def _make_offer(self, made: MadeOffer) -> None:
        market, lead = self.market, self.market.leads[made.lead]
        provider = market.providers[made.provider]
        assert made.provider not in lead.offers, "offered twice"
        assert market.now <= made.expires_at <= lead.deadline_at, "ends before it begins, or after its lead"
        failed = provider.failed_limits(market.now)
        offer = ExpectedOffer(made.id, made.provider, made.expires_at)
        if made.was_claimed:
            assert made.provider in lead.told, "claimed by one that was not told"
            assert not failed, f"claimed by one that may not: {failed}"
        else:
            self.made[lead.id][made.provider] = failed
        lead.offers[made.provider] = offer
        market.offers[made.id] = lead, offer
        provider.take(market.now)

    def _move_offer(self, event: Event) -> None:
        lead, offer = self.market.offers[event.id]
        was_open, provider = offer.state == "offered", self.market.providers[offer.provider]
        if event.transition in ("win", "lose") or (event.transition == "withdraw" and event.is_by_system):
            self.ended[lead.id].add(event.id)
        elif event.transition == "claim":
            assert was_open
        else:
            assert offer.state in OFFER_MOVES[event.transition][0]
        if event.transition == "expire":
            assert self.market.now >= offer.expires_at, "expired too early"
        offer.state = event.target
        if was_open:
            provider.open -= 1
            # Whoever claims has taken no room, and gives none back.
            if event.transition != "claim" and provider.open == provider.open_max - 1:
                self.freed.add(provider.id)
        frees_a_place = event.transition in ("decline", "expire") or (
            event.transition == "withdraw" and not event.is_by_system
        )
        if frees_a_place and self.market.may_reroute(lead, by_system=True):
            self.owed.add(lead.id)

    def _move_lead(self, event: Event, waves: dict[tuple[int, int], MadeDecision]) -> None:
        lead = self.market.leads[event.id]
        if event.transition == "create":
            return
        if event.transition in ("verify", "reroute", "revise", "assign_by_hand"):
            self._route(lead, event, waves[lead.id, lead.waves + 1])
        elif event.transition == "reopen":
            lead.told.clear()
            lead.duplicate_of = None
            if lead.deadline_at <= self.market.now:
                lead.deadline_at = self.market.now + LEAD_OPEN_FOR
        elif event.transition in ENDS:
            self._end(lead, event)
        lead.state = event.target
        lead.version += 1

    def _end(self, lead: ExpectedLead, event: Event) -> None:
        if event.transition == "expire":
            assert self.market.now >= lead.deadline_at, "expired too early"
        assert not lead.has_live_offers, "ended with offers that live on"
        winners = lead.count(("won",))
        assert winners == (event.transition == "award"), f"{event.transition} with {winners} winners"
        self.ended.pop(lead.id, None)

    def _route(self, lead: ExpectedLead, event: Event, decision: MadeDecision) -> None:
        made = self.made.pop(lead.id, {})
        before = {provider: lead.offers.pop(provider) for provider in made}  # as it was before this wave
        if event.transition == "reroute":
            assert self.market.may_reroute(lead, by_system=event.is_by_system), "rerouted though it may not"
            self.owed.discard(lead.id)
        if event.transition == "revise":
            lead.category, lead.city = self.revised.pop(lead.id)
            self._check_withdrawn(lead)
        if event.transition == "assign_by_hand":
            self._check_by_hand(lead, made)
        else:
            self._check_wave(lead, made, decision, tells=event.transition in ("verify", "revise"))
        assert set(made) == decision.offered, "the decision names others than were offered it"
        lead.offers |= before
        lead.waves += 1

    def _check_withdrawn(self, lead: ExpectedLead) -> None:
        ended = self.ended.pop(lead.id, set())
        providers = self.market.providers
        for offer in lead.offers.values():
            fits = self.market.fits(lead, providers[offer.provider])
            assert not (offer.id in ended and fits), "withdrawn although it fits"
            assert fits or offer.state != "offered", "left open although it does not fit"
        lead.told = {one for one in lead.told if self.market.fits(lead, providers[one])}

    def _check_by_hand(self, lead: ExpectedLead, made: dict[int, set[str]]) -> None:
        assert len(made) == 1, f"one offer by hand, not {len(made)}"
        for provider, failed in made.items():
            assert failed <= LIFTED, f"lifted what nobody may lift: {failed}"
            assert lead.category in self.market.providers[provider].categories

    def _check_wave(
        self, lead: ExpectedLead, made: dict[int, set[str]], decision: MadeDecision, *, tells: bool
    ) -> None:
        for provider, failed in made.items():
            assert not failed, f"offered to one that may not have it: {failed}"
            assert self.market.fits(lead, self.market.providers[provider]), "offered to one it does not fit"
        # Who is full by this wave was not full before it.
        eligible = self.market.eligible(lead) | set(made)
        places = self.market.free_places(lead)
        assert len(made) == min(places, len(eligible)), (
            f"{len(made)} offers, {places} places, {len(eligible)} eligible"
        )
        told_max = self.market.terms_of(lead.category)["told_max"]
        told = min(told_max, len(eligible) - len(made)) if tells and not self.market.is_taken(lead) else 0
        assert len(decision.told) == told, f"{len(decision.told)} were told, not {told}"
        assert decision.told <= eligible - set(made), "told one that may not have it"
        lead.told |= decision.told

    def _move_provider(self, event: Event) -> None:
        provider = self.market.providers[event.id]
        sources, target, _people = PROVIDER_MOVES[event.transition]
        assert (provider.state in sources, event.target) == (True, target)
        provider.state = target


def is_waiting_in_vain(market: ExpectedMarket, lead: ExpectedLead) -> bool:
    """Return whether a lead that looks for providers could have one and was not offered to it."""
    return lead.state in OFFERED and market.may_reroute(lead, by_system=True) and bool(market.eligible(lead))
