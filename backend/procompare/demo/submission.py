"""How the requests of the demo market come in: by clients on a page or over the API, or on the telephone."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from backend.catalog.models import Category
from backend.leads.models import Lead, LeadContact, Urgency
from backend.procompare.demo.requests import RequestPlan
from backend.procompare.demo.stage import DEMO, Stage
from backend.users.models import User
from workflows import Actor, Channel, clock

__all__ = ["Submission"]

OPEN_FOR_DAYS = {Urgency.NOW: 7, Urgency.WEEK: 14, Urgency.MONTH: 30, Urgency.FLEXIBLE: 30}
CHANNELS = {"page": Channel.PAGE, "phone": Channel.ADMIN, "api": Channel.API}


@dataclass(frozen=True, slots=True)
class Submission:
    """Turns plans into leads; ``categories`` are by short name."""

    stage: Stage
    categories: dict[str, Category]

    def submit(self, plan: RequestPlan) -> Lead:
        """Submit a request now, with an account for a client that has one."""
        client = _make_login(plan) if plan.has_login else None
        with self.stage.on(CHANNELS[plan.source], by=self._submitter(plan, client)):
            contact = _contact_of(plan)
            contact.save()
            lead = self._lead_of(plan, client, contact)
            # As `submit_lead` does, but without its checks, ten statements for each: a test makes them.
            lead.save()
            return lead

    def is_served(self, plan: RequestPlan) -> bool:
        """Return whether the marketplace serves what is asked for."""
        return self.categories[plan.category].is_served

    def _submitter(self, plan: RequestPlan, client: User | None) -> Actor:
        """Return who submits it: the verifier who answers the telephone, the client, or nobody by name."""
        if plan.source == "phone":
            return self.stage.staff["verifier"]
        return client or DEMO

    def _lead_of(self, plan: RequestPlan, client: User | None, contact: LeadContact) -> Lead:
        return Lead(
            reference=plan.reference,
            category=self.categories[plan.category],
            title=plan.title,
            text=plan.text,
            place_name=plan.spot.name,
            latitude=plan.spot.latitude,
            longitude=plan.spot.longitude,
            budget=plan.budget,
            urgency=plan.urgency,
            language=plan.language,
            client=client,
            contact=contact,
            source=plan.source,
            deadline_at=clock.now() + datetime.timedelta(days=OPEN_FOR_DAYS[plan.urgency]),
        )


def _make_login(plan: RequestPlan) -> User:
    person = plan.client
    return User.objects.create(
        username=person.email,
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        language=plan.language,
        password="!",  # noqa: S106  Django's mark of a password that opens nothing.
        date_joined=clock.now(),
    )


def _contact_of(plan: RequestPlan) -> LeadContact:
    return LeadContact(name=plan.client.name, email=plan.client.email, phone=plan.client.phone)
