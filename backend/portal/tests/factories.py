"""Providers with a login, and what they look at."""

from __future__ import annotations

from typing import Any

from django.test import Client

from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.admin_pages import PASSWORD
from backend.leads.tests.factories import make_category, make_claimable_lead, make_lead, make_provider
from backend.notifications.links import signed_address
from backend.users.models import ProviderProfile, User
from backend.users.tests.factories import chief

__all__ = [
    "PASSWORD",
    "client_of",
    "give_password",
    "key_page",
    "make_claim",
    "make_offer",
    "offer_page",
    "post_answer",
    "sentences_of",
]


def give_password(provider: ProviderProfile) -> User:
    """Let a provider log in with ``PASSWORD``, and return its user."""
    provider.user.set_password(PASSWORD)
    provider.user.save()
    return provider.user


def make_offer(provider: ProviderProfile | None = None, **fields: Any) -> LeadAssignment:
    """Return the open offer of a new lead to one provider, who can log in."""
    category = make_category()
    if provider is None:
        provider = make_provider(category)
        give_password(provider)
    else:
        provider.offered_categories.create(category=category)
    lead = make_lead(category, **fields)
    lead.verify(by=chief())
    return lead.assignments.select_related("lead", "provider__user").get()


def make_claim() -> tuple[Lead, ProviderProfile]:
    """Return a lead with a free place, and a provider that may claim it and can log in."""
    lead, provider = make_claimable_lead()
    give_password(provider)
    return lead, provider


def offer_page(lead: Lead) -> str:
    return f"/provider/offers/{lead.reference}/"


def key_page(lead: Lead, user: User) -> str:
    """Return the address of a lead's page with the key of a signed link, without the host."""
    path = offer_page(lead)
    return path + signed_address(path, user_id=user.pk).partition(path)[2]


def client_of(user: User, **options: Any) -> Client:
    """Return the browser of somebody who has logged in."""
    client = Client(**options)
    client.force_login(user)
    return client


def post_answer(client: Client, page: str, answer: str, **fields: Any) -> Any:
    """Post an answer as the buttons of an open offer's page do, and return where it led."""
    seen = {"expect": "offered", "expect_version": "1"}
    return client.post(page, {"answer": answer, **seen, **fields}, follow=True)


def sentences_of(response: Any) -> list[str]:
    """Return what a page says above everything else."""
    return [str(message) for message in response.context["messages"]]
