"""Leads that wait to be verified and the providers that want them, for the benchmark of bulk runs."""

from __future__ import annotations

from django.contrib.auth.models import Permission

from backend.catalog.models import Category
from backend.leads.models import Lead, LeadContact
from backend.leads.terms_in_force import read_terms
from backend.users.models import ProviderCategory, ProviderProfile, User
from workflows import Channel, SystemActor, acting, clock

__all__ = ["build_waiting_market", "make_verifier"]

CATEGORIES, PROVIDERS_EACH = 20, 15
BERLIN = (52.52, 13.405)
BENCHMARK = SystemActor("benchmark")
# Of so many leads one has a contact that nobody has confirmed: it stays.
UNCONFIRMED_EVERY = 20


def make_verifier() -> User:
    """Return somebody who may verify many leads at once, and approve providers."""
    codenames = ["verify_lead", "start_bulkrun", "approve_providerprofile"]
    verifier = User.objects.create_user("benchmark-verifier", is_staff=True)
    verifier.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return verifier


def build_waiting_market(*, leads: int, by: User) -> None:
    """Make so many new leads in Berlin, and providers that have room for them."""
    categories = [
        Category.objects.create(name=f"Work {number}", slug=f"work-{number}") for number in range(CATEGORIES)
    ]
    for number in range(CATEGORIES * PROVIDERS_EACH):
        _make_provider(categories[number % CATEGORIES], number, by=by)
    contacts = LeadContact.objects.bulk_create(
        [_contact(number) for number in range(leads)], batch_size=2_000
    )
    with acting(by=BENCHMARK, channel=Channel.COMMAND):
        made = [_lead(contact, categories, number) for number, contact in enumerate(contacts)]
        Lead.objects.bulk_create(made, batch_size=2_000)


def _make_provider(category: Category, number: int, *, by: User) -> None:
    user = User.objects.create(username=f"benchmark-provider-{number}")
    with acting(by=BENCHMARK, channel=Channel.COMMAND):
        provider = ProviderProfile.objects.create(
            user=user,
            company_name=f"Company {number}",
            languages=["en"],
            latitude=BERLIN[0],
            longitude=BERLIN[1],
            open_offers_max=10_000,
            leads_per_day_max=10_000,
            leads_per_month_max=10_000,
        )
    ProviderCategory.objects.create(provider=provider, category=category)
    provider.approve(by=by)


def _contact(number: int) -> LeadContact:
    is_confirmed = number % UNCONFIRMED_EVERY != 0
    contact = LeadContact(name=f"Client {number}", email=f"client-{number}@example.com")
    contact.confirmed_at = clock.now() if is_confirmed else None
    contact.set_keys()
    return contact


def _lead(contact: LeadContact, categories: list[Category], number: int) -> Lead:
    lead = Lead(
        contact=contact,
        category=categories[number % CATEGORIES],
        title="A dripping tap",
        latitude=BERLIN[0],
        longitude=BERLIN[1],
    )
    lead.set_times(read_terms(lead.category_id))
    return lead
