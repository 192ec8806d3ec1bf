"""Leads that are verified together: the same comes of it as one after the other, with few statements."""

from __future__ import annotations

import contextlib
import datetime
import random
import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from backend.jobs.testing import list_jobs
from backend.leads.models import Lead, LeadAssignment, LeadTip, RoutingDecision
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_lead,
    make_market,
    make_provider,
    make_verified_lead,
    publish_terms,
)
from backend.matching.models import ProviderLoad
from backend.notifications.models import Notification
from workflows import Channel, TransitionRecord, TransitionRefused, acting, clock, run_together
from workflows.hash_chain import find_broken_links

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
ROOMY = {"open_offers_max": 1000, "leads_per_day_max": 1000, "leads_per_month_max": 1000}
BERLIN, NEAR, FAR = (52.52, 13.405), (52.4, 13.06), (53.55, 10.0)


def make_small_market(*, seed: int, leads: int) -> list[Lead]:
    """Return leads of which many want the few providers there are; limits are reached on the way."""
    dice = random.Random(seed)
    publish_terms(places=3, told_max=2)
    categories = [make_category() for _n in range(2)]
    providers = [
        make_provider(
            dice.choice(categories),
            place=dice.choice([BERLIN, NEAR, FAR]),
            open_offers_max=dice.randint(1, 6),
            leads_per_day_max=dice.randint(1, 8),
            leads_per_month_max=dice.randint(2, 9),
        )
        for _n in range(14)
    ]
    made = [make_lead(dice.choice(categories), is_confirmed=dice.random() < 0.9) for _n in range(leads)]
    for lead in made[::3]:
        # The client is a provider itself: it is excluded for another reason once it is full.
        owner = dice.choice(providers).user
        Lead._base_manager.filter(pk=lead.pk).update(client=owner, title=f"of {owner.pk}")
    return made


def all_that_came_of(leads: list[Lead]) -> dict[str, Any]:
    """Return every row that a verification writes, but for keys of rows that are numbered as they come."""
    keys = [lead.pk for lead in leads]
    left_out = {"id", "decision", "log", "hash", "previous_hash", "lead_ptr"}

    def rows_of(rows: Any, *order: str) -> list[dict[str, Any]]:
        names = [f.attname for f in rows.model._meta.concrete_fields if f.name not in left_out]
        return list(rows.order_by(*order).values(*names))

    events = TransitionRecord.objects.filter(machine__startswith="leads.").exclude(log__transition="create")
    created = TransitionRecord.objects.filter(machine="leads.leadassignment", log__transition="create")
    return {
        "leads": rows_of(Lead.objects.filter(pk__in=keys), "pk"),
        "decisions": rows_of(RoutingDecision.objects.filter(lead__in=keys), "lead_id", "wave"),
        "offers": rows_of(LeadAssignment.objects.filter(lead__in=keys), "lead_id", "rank"),
        "tips": rows_of(LeadTip.objects.filter(lead__in=keys), "lead_id", "provider_id"),
        "loads": rows_of(ProviderLoad.objects.all(), "provider_id"),
        "told": rows_of(Notification.objects.all(), "event", "recipient_id"),
        "events": list(
            events.order_by("machine", "object_id", "sequence").values_list(
                "machine", "object_id", "sequence", "log__transition", "log__timestamp", "request_id", "actor"
            )
        ),
        "offers logged": created.count(),
        "planned": sum(len(job["notification_ids"]) for job in list_jobs("notifications.plan_deliveries")),
    }


def verify_in_turn(leads: list[Lead]) -> None:
    for lead in leads:
        with contextlib.suppress(TransitionRefused):
            Lead.objects.get(pk=lead.pk).verify(by=chief())


class TestVerifyTogether:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_comes_to_the_same_as_one_after_the_other(self, seed: int) -> None:
        leads = make_small_market(seed=seed, leads=18)
        known = []
        with clock.at(NOON), acting(by=chief(), channel=Channel.BULK, request_id="run"):
            for together in (True, False):
                with transaction.atomic():
                    if together:
                        run_together(Lead, "verify", [lead.pk for lead in leads], by=chief())
                    else:
                        verify_in_turn(leads)
                    known.append(all_that_came_of(leads))
                    assert find_broken_links("leads.leadassignment") == []
                    transaction.set_rollback(True)

        assert len({row["status"] for row in known[0]["leads"]}) == 2
        outcomes = {code for row in known[0]["decisions"] for code in row["excluded"]}
        assert outcomes & {"open_offers_full", "day_full", "month_full"}
        for name, rows in known[0].items():
            assert rows == known[1][name], name

    def test_takes_twenty_one_statements_for_fifty(self) -> None:
        category = make_market(providers=7, **ROOMY)
        for count in (2, 50):  # the first warms what is kept
            keys = [make_lead(category).pk for _n in range(count)]
            with CaptureQueriesContext(connection) as statements:
                outcomes = run_together(Lead, "verify", keys, by=chief())
            assert set(outcomes.values()) == {None}
        assert len(statements) == 21

    def test_counts_the_offers_of_earlier_waves(self) -> None:
        lead = make_verified_lead(providers=3)
        lead.assignments.first().decline(by=chief(), reason="too_busy")
        lead.refresh_from_db()
        lead.reject(by=chief(), reason="not_genuine")
        lead.reopen(by=chief(), reason="Genuine after all.")
        other = make_lead(lead.category)

        run_together(Lead, "verify", [lead.pk, other.pk], by=chief())

        again = lead.decisions.latest("wave")
        assert (again.offered_count, dict(again.excluded_counts)) == (0, {"already_offered": 3})
        assert other.assignments.count() == 3


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
class TestRivals:
    def test_verify_each_lead_once_and_exceed_no_cap(self) -> None:
        category = make_category()
        caps = [(6, 99), (99, 4), (99, 99)]
        providers = [
            make_provider(category, open_offers_max=some, leads_per_day_max=day) for some, day in caps
        ]
        keys = [make_lead(category).pk for _lead in range(16)]
        moved: list[int] = []
        errors: list[Exception] = []

        def verify(batches: list[list[int]]) -> None:
            try:
                for batch in batches:
                    outcomes = run_together(Lead, "verify", batch, by=chief())
                    moved.extend(key for key, refused in outcomes.items() if refused is None)
            except Exception as error:
                errors.append(error)
            finally:
                connections.close_all()

        ways = [[keys[:8], keys[8:]], [keys[4:12], keys], [[key] for key in reversed(keys)]]
        threads = [threading.Thread(target=verify, args=(batches,)) for batches in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        assert errors == []
        assert sorted(moved) == keys
        assert list(RoutingDecision.objects.order_by("lead").values_list("lead", "wave")) == [
            (key, 1) for key in keys
        ]
        open_offers = [provider.assignments.filter(status="offered").count() for provider in providers]
        assert open_offers == [6, 4, 16]
        loads = ProviderLoad.objects.filter(provider__in=providers).order_by("provider")
        assert list(loads.values_list("open_offers", flat=True)) == open_offers
        assert find_broken_links("leads.lead") == find_broken_links("leads.leadassignment") == []
