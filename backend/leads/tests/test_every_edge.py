"""Generated from every machine of the marketplace: every edge runs, everything else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from backend.leads.models import Lead, LeadAssignment, TermsVersion
from backend.leads.tests.factories import (
    chief,
    make_accepted_offer,
    make_category,
    make_claimable_lead,
    make_lead,
    make_provider,
    make_staff,
    make_terms_draft,
    make_verified_lead,
)
from backend.matching.models import RankingModel
from backend.matching.tests.factories import make_ranking_model
from backend.users.models import ProviderProfile
from workflows import (
    Actor,
    Channel,
    SystemActor,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRecord,
    WorkflowModel,
    acting,
    clock,
    machine_of,
)
from workflows.machine import Edge
from workflows.testing import all_edges, forbidden_pairs, path_to

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Subject:
    """One machine under test: how to make a new object, and what its transitions are called with.

    ``instants`` gives the instant at which a transition can run, where that is not now.  ``makes_for`` makes the
    object where a transition needs another one than the rest, ``owner_of`` says whose it is.
    """

    model: type[WorkflowModel]
    make: Callable[[], WorkflowModel]
    arguments: dict[str, Callable[[Any], dict[str, Any]]] = field(default_factory=dict)
    instants: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    makes_for: dict[str, Callable[[], WorkflowModel]] = field(default_factory=dict)
    owner_of: Callable[[Any], Actor] | None = None

    def call(self, instance: WorkflowModel, name: str, **changed: Any) -> None:
        """Run a transition as it is meant to be run."""
        given = self.arguments.get(name, lambda instance: {})(instance)
        instant = self.instants.get(name, lambda instance: clock.now())(instance)
        with clock.at(instant):
            getattr(instance, name)(**{"by": self.actor_of(name, instance), **given, **changed})

    def actor_of(self, name: str, instance: WorkflowModel) -> Actor:
        """Return somebody who may: staff where staff may, else the part of the system that does it, or the owner."""
        transition = machine_of(self.model).transition(name)
        if transition.permission:
            return chief()
        if transition.system:
            return SystemActor(transition.system[0])
        assert self.owner_of is not None
        return self.owner_of(instance)

    def bring_to(self, state: str, *, for_transition: str = "") -> WorkflowModel:
        """Return a new object in a state, on the way of its own transitions."""
        instance = self.makes_for.get(for_transition, self.make)()
        for edge in path_to(machine_of(self.model), state):
            self.call(instance, edge.transition.name)
        return instance


def quote_of(lead: Lead) -> dict[str, Any]:
    """Return an accepted offer of a lead, made on the way where it is missing."""
    offer = lead.assignments.first()
    if offer is None:
        return {"assignment": make_accepted_offer()}
    if offer.status == "offered":
        offer.accept(by=chief())
    return {"assignment": offer}


def revision_of(lead: Lead) -> dict[str, Any]:
    """Return a revision that moves a lead by a kilometre."""
    return {
        "category": lead.category,
        "latitude": lead.latitude + 0.01,
        "longitude": lead.longitude,
        "language": lead.language,
        "place_name": "Berlin",
    }


def make_lead_with_supply() -> Lead:
    lead = make_lead()
    make_provider(lead.category)
    return lead


def make_offer_to_claim() -> LeadAssignment:
    """Return what ``answers.claim`` makes before it claims it."""
    lead, provider = make_claimable_lead()
    with acting(by=provider.user, channel=Channel.PAGE):
        return LeadAssignment.objects.create(
            lead=lead,
            provider=provider,
            decision=lead.decisions.get(wave=1),
            rank=6,
            score=0.5,
            was_claimed=True,
            expires_at=lead.deadline_at,
        )


SUBJECTS = {
    "lead": Subject(
        Lead,
        make_lead_with_supply,
        arguments={
            "record_quote": quote_of,
            "award": quote_of,
            "assign_by_hand": lambda lead: {"provider": make_provider(lead.category), "reason": "asked for"},
            "revise": revision_of,
            "reject": lambda lead: {"reason": "other"},
            "cancel": lambda lead: {"reason": "no_longer_needed"},
            "mark_duplicate": lambda lead: {"of": make_lead()},
            "reopen": lambda lead: {"reason": "a mistake"},
        },
        instants={"expire": lambda lead: lead.deadline_at},
    ),
    "offer": Subject(
        LeadAssignment,
        lambda: make_verified_lead().assignments.get(),
        arguments={
            "decline": lambda offer: {"reason": "too_busy"},
            "withdraw": lambda offer: {"reason": "a mistake"},
        },
        instants={"expire": lambda offer: offer.expires_at},
        makes_for={"claim": make_offer_to_claim},
        owner_of=lambda offer: offer.provider.user,
    ),
    "terms": Subject(
        TermsVersion,
        lambda: make_terms_draft(places=6),
        arguments={"end_exception": lambda version: {"reason": "a mistake"}},
        makes_for={"end_exception": lambda: make_terms_draft(make_category(), places=6)},
    ),
    "ranking model": Subject(
        RankingModel, make_ranking_model, arguments={"promote": lambda model: {"although_no_better": True}}
    ),
    "provider": Subject(
        ProviderProfile,
        lambda: make_provider(is_active=False),
        arguments={
            "suspend": lambda provider: {"reason": "complaints"},
            "reinstate": lambda provider: {"reason": "cleared"},
            "retire": lambda provider: {"reason": "closed down"},
        },
    ),
}

EDGES = [(name, edge) for name, subject in SUBJECTS.items() for edge in all_edges(machine_of(subject.model))]
FORBIDDEN = [
    (name, *pair) for name, subject in SUBJECTS.items() for pair in forbidden_pairs(machine_of(subject.model))
]


def edge_id(value: Any) -> str:
    return f"{value.transition.name}-from-{value.source}" if isinstance(value, Edge) else str(value)


@pytest.mark.parametrize(("name", "edge"), EDGES, ids=edge_id)
class TestEveryEdge:
    def test_leads_from_its_source_to_its_target_with_one_log_row(self, name: str, edge: Edge) -> None:
        subject = SUBJECTS[name]
        instance = subject.bring_to(edge.source, for_transition=edge.transition.name)
        version = instance.version

        subject.call(instance, edge.transition.name)

        assert instance.state == edge.target
        record = TransitionRecord.objects.select_related("log").get(
            machine=machine_of(subject.model).label, object_id=instance.pk, sequence=version + 1
        )
        assert (record.log.transition, record.log.source_state, record.log.state) == (
            edge.transition.name,
            edge.source,
            edge.target,
        )

    def test_is_forbidden_to_whoever_may_not(self, name: str, edge: Edge) -> None:
        subject = SUBJECTS[name]
        instance = subject.bring_to(edge.source, for_transition=edge.transition.name)
        label = machine_of(subject.model).label
        for actor in (make_staff(), SystemActor("nobody")):
            with pytest.raises(TransitionForbidden, match="This is for"):
                subject.call(instance, edge.transition.name, by=actor)
        stored = subject.model.objects.get(pk=instance.pk)
        assert (stored.state, stored.version) == (edge.source, instance.version)
        assert TransitionRecord.objects.filter(machine=label, object_id=instance.pk).count() == stored.version


@pytest.mark.parametrize(("name", "state", "transition"), FORBIDDEN)
class TestEveryForbiddenPair:
    def test_is_refused_and_changes_nothing(self, name: str, state: str, transition: str) -> None:
        subject = SUBJECTS[name]
        instance = subject.bring_to(state)
        version = instance.version

        with pytest.raises(TransitionNotPossible, match=f"that is '{state}'"):
            subject.call(instance, transition)

        stored = subject.model.objects.get(pk=instance.pk)
        assert (stored.state, stored.version) == (state, version)
        label = machine_of(subject.model).label
        assert TransitionRecord.objects.filter(machine=label, object_id=instance.pk).count() == version
