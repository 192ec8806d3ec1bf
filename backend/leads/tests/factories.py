"""What the tests of leads are made of."""

from __future__ import annotations

import itertools
from typing import Any

from django.contrib.auth.models import Group, Permission

from backend.catalog.models import Category
from backend.leads.models import Lead, LeadAssignment, LeadContact, TermsVersion
from backend.leads.services.contacts import confirm_contact
from backend.leads.services.intake import submit_lead
from backend.leads.services.publishing import draft_terms
from backend.matching.tests.factories import make_category, make_provider
from backend.users.models import ProviderProfile, User
from backend.users.tests.factories import chief
from workflows import Channel, SystemActor, acting

__all__ = [
    "QUOTES",
    "TIMER",
    "chief",
    "make_accepted_offer",
    "make_category",
    "make_claimable_lead",
    "make_lead",
    "make_market",
    "make_provider",
    "make_staff",
    "make_staff_in_group",
    "make_terms_draft",
    "make_verified_lead",
    "publish_terms",
]

TIMER, QUOTES = SystemActor("timer"), SystemActor("quotes")

_numbers = itertools.count(1)


def make_lead(category: Category | None = None, *, is_confirmed: bool = True, **fields: Any) -> Lead:
    """Return a new lead in Berlin; ``email`` and ``phone`` are its contact's."""
    number = next(_numbers)
    contact = LeadContact(
        name=f"Client {number}",
        email=fields.pop("email", f"client-{number}@example.com"),
        phone=fields.pop("phone", ""),
    )
    values = {"title": "A dripping tap", "latitude": 52.52, "longitude": 13.405, **fields}
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        lead = submit_lead(Lead(category=category or make_category(), **values), contact)
    if is_confirmed:
        confirm_contact(lead, by=None)
        lead.refresh_from_db()
    return lead


def make_market(*, providers: int, **fields: Any) -> Category:
    """Return a category that so many providers in Berlin offer."""
    category = make_category()
    for _provider in range(providers):
        make_provider(category, **fields)
    return category


def make_verified_lead(*, providers: int = 1, **fields: Any) -> Lead:
    """Return a lead that was verified in a market of its own."""
    lead = make_lead(make_market(providers=providers), **fields)
    lead.verify(by=chief())
    return lead


def make_accepted_offer() -> LeadAssignment:
    """Return the accepted offer of a verified lead with one provider."""
    offer = make_verified_lead().assignments.get()
    offer.accept(by=chief())
    return offer


def make_claimable_lead() -> tuple[Lead, ProviderProfile]:
    """Return a lead with a free place that waves leave alone (two have accepted), and a provider told of it."""
    lead = make_verified_lead(providers=6)
    first, second, third = lead.assignments.order_by("rank")[:3]
    first.accept(by=chief())
    second.accept(by=chief())
    third.decline(by=chief(), reason="too_busy")
    lead.refresh_from_db()
    return lead, lead.tips.get().provider


def make_staff(*permissions: str, **fields: Any) -> User:
    """Return a member of staff with permissions, by codename."""
    user = User.objects.create_user(username=f"staff-{next(_numbers)}", is_staff=True, **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def make_staff_in_group(codename: str) -> User:
    """Return a member of staff whose group has a permission: those are told of what needs it."""
    staff, group = make_staff(), Group.objects.create(name=f"group {next(_numbers)}")
    group.permissions.set(Permission.objects.filter(codename=codename))
    staff.groups.add(group)
    return staff


def make_terms_draft(category: Category | None = None, **changes: int) -> TermsVersion:
    """Return a draft of other terms, for the market or a category."""
    draft = draft_terms(category, why="A test", **changes)
    with acting(by=SystemActor("test"), channel=Channel.COMMAND):
        draft.save()
    return draft


def publish_terms(category: Category | None = None, **changes: int) -> TermsVersion:
    """Put other terms in force, for the market or a category."""
    draft = make_terms_draft(category, **changes)
    draft.publish(by=chief())
    return draft
