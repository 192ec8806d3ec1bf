"""The market that chaos strikes: staff, providers with a login, a mailbox and some with a system, and new leads."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from backend.catalog.models import Category
from backend.leads.models import Lead, LeadContact
from backend.leads.services.publishing import draft_terms
from backend.leads.terms_in_force import read_terms
from backend.notifications.models import WebhookEndpoint
from backend.notifications.services import save_webhook_endpoint
from backend.users.models import ProviderCategory, ProviderProfile, User
from workflows import Channel, SystemActor, acting, clock

__all__ = ["DISPATCHERS", "PASSWORD", "PROVIDERS", "VERIFIERS", "build_market"]

PASSWORD = "chaos"  # noqa: S105  of logins that live as long as the run
VERIFIERS = ("verifier-0", "verifier-1")
DISPATCHERS = ("dispatcher-0",)
CATEGORIES, PROVIDERS_EACH = 2, 6
PROVIDERS = tuple(f"provider-{number}" for number in range(CATEGORIES * PROVIDERS_EACH))
# Some reach their limit, and leads wait for them.
OPEN_OFFERS_MAX = (12, 1000, 1000)
SYSTEM_EVERY = 3
BERLIN = (52.52, 13.405)
CHAOS = SystemActor("chaos")


def build_market(*, leads: int, webhook_port: int) -> None:
    """Make everything; ``webhook_port`` is where the providers' systems are called."""
    password = make_password(PASSWORD)
    chief = User.objects.create(username="chief", is_superuser=True, is_staff=True)
    for name in (*VERIFIERS, *DISPATCHERS):
        user = User.objects.create(username=name, password=password, is_staff=True)
        user.groups.add(Group.objects.get(name=name.partition("-")[0]))
    categories = [
        Category.objects.create(name=f"Work {number}", slug=f"work-{number}") for number in range(CATEGORIES)
    ]
    with acting(by=CHAOS, channel=Channel.COMMAND):
        for number, name in enumerate(PROVIDERS):
            user = User.objects.create(username=name, password=password, email=f"{name}@example.com")
            _make_provider(user, number, categories[number % CATEGORIES], by=chief)
            if number % SYSTEM_EVERY == 0:
                save_webhook_endpoint(user, f"http://127.0.0.1:{webhook_port}/{name}")
        _set_terms(by=chief)
        _make_leads(leads, categories)
    assert WebhookEndpoint.objects.exists()


def _make_provider(user: User, number: int, category: Category, *, by: User) -> None:
    provider = ProviderProfile.objects.create(
        user=user,
        company_name=f"Company {number}",
        languages=["en"],
        latitude=BERLIN[0],
        longitude=BERLIN[1],
        open_offers_max=OPEN_OFFERS_MAX[number % len(OPEN_OFFERS_MAX)],
        leads_per_day_max=10_000,
        leads_per_month_max=10_000,
    )
    ProviderCategory.objects.create(provider=provider, category=category)
    provider.approve(by=by)


def _set_terms(*, by: User) -> None:
    """Have few offers to a lead, so that there are many transitions for as many mails."""
    draft = draft_terms(why="Chaos", places=2, accepted_max=2, accepted_enough=1, told_max=3, offers_max=5)
    draft.save()
    draft.publish(by=by)


def _make_leads(count: int, categories: list[Category]) -> None:
    contacts = []
    for number in range(count):
        contact = LeadContact(name=f"Client {number}", email=f"client-{number}@example.com")
        contact.confirmed_at = clock.now()
        contact.set_keys()
        contacts.append(contact)
    LeadContact.objects.bulk_create(contacts, batch_size=1000)
    leads = []
    for number, contact in enumerate(contacts):
        category = categories[number % len(categories)]
        lead = Lead(
            contact=contact,
            category=category,
            title="A dripping tap",
            latitude=BERLIN[0],
            longitude=BERLIN[1],
        )
        lead.set_times(read_terms(category.pk))
        leads.append(lead)
    Lead.objects.bulk_create(leads, batch_size=1000)
