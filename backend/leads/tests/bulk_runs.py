"""What the tests of bulk runs over leads are made of."""

from __future__ import annotations

from backend.bulk.models import BulkRun
from backend.bulk.selectors import Figures, count_outcomes
from backend.bulk.services.planning import plan_run
from backend.jobs.testing import run_due_jobs
from backend.leads.models import Lead
from backend.leads.tests.factories import make_lead, make_market
from backend.users.models import User

__all__ = ["figures_of", "make_leads", "plan", "states_of_leads"]


def make_leads(confirmed: int, *, others: int = 0, providers: int = 2) -> list[Lead]:
    category = make_market(
        providers=providers, open_offers_max=1000, leads_per_day_max=1000, leads_per_month_max=1000
    )
    return [make_lead(category, is_confirmed=number < confirmed) for number in range(confirmed + others)]


def plan(starter: User, transition: str = "verify") -> BulkRun:
    run = plan_run(
        Lead.objects.all(), transition, starter=starter, selection="All", selection_url="/admin/leads/lead/"
    )
    run_due_jobs()
    run.refresh_from_db()
    return run


def figures_of(run: BulkRun) -> tuple[int, int, int, int]:
    """Return how many moved, stay, failed, wait."""
    figures = count_outcomes([run]).get(run.pk, Figures())
    return figures.moved, figures.stays, figures.failed, figures.waiting


def states_of_leads() -> dict[str, int]:
    states = list(Lead.objects.values_list("status", flat=True))
    return {state: states.count(state) for state in sorted(set(states))}
