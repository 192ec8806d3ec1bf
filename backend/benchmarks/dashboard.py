"""How quick are the dashboard and the page on fairness over 100,000 leads and their offers, and what takes how long?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from django.contrib.auth.models import Permission
from django.test import Client

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.large_market import LargeMarket, build_market
from backend.leads.figures.drift import measure_drift, measure_week
from backend.leads.figures.fill import count_filled
from backend.leads.figures.funnel import count_funnel
from backend.leads.figures.newcomers import count_newcomers
from backend.leads.figures.offers import count_answers
from backend.leads.figures.scope import PERIODS_DAYS, Scope
from backend.leads.figures.sharing import count_explored, measure_sharing
from backend.leads.figures.speed import measure_speed
from backend.leads.figures.trend import count_days
from backend.leads.figures.waiting import summarize_waiting
from backend.users.models import User
from workflows import clock

__all__ = ["TITLE", "measure"]

MARKET = LargeMarket()
TITLE = f"The dashboard over {MARKET.leads:,} leads and {MARKET.offers:,} offers"
LOOKS = 9

FIGURES: Mapping[str, Callable[[Scope], object]] = {
    "what waits": summarize_waiting,
    "speed to lead": measure_speed,
    "fill rate": count_filled,
    "funnel": count_funnel,
    "offers": count_answers,
    "days": count_days,
    "promises of a week": measure_week,
    "newcomers": count_newcomers,
    "fairness: who shares": measure_sharing,
    "fairness: exploration": count_explored,
    "fairness: promises by week": measure_drift,
}


def measure() -> Iterator[Measurement]:
    """Yield for the page and for each group of its figures the median in ms over 7, 30 and 90 days."""
    build_market(MARKET)
    client = _log_in()
    yield _measurement("the whole page", lambda days: client.get(f"/admin/?days={days}", secure=True))
    yield _measurement(
        "fairness and drift, the whole page",
        lambda days: client.get(f"/admin/fairness/?days={days}", secure=True),
    )
    for name, read in FIGURES.items():
        yield _measurement(name, lambda days, read=read: read(Scope(clock.now(), days)))  # type: ignore[misc]  # bound now


def _measurement(name: str, look: Callable[[int], object]) -> Measurement:
    return Measurement(name, {f"{days} days, ms": _median_ms(look, days) for days in PERIODS_DAYS})


def _log_in() -> Client:
    auditor = User.objects.create_user("benchmark-auditor", is_staff=True)
    auditor.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(auditor)
    return client


def _median_ms(look: Callable[[int], object], days: int) -> float:
    """Return the median of some looks; a first one, which is not counted, warms what is kept."""
    times_ms = []
    for _look in range(LOOKS + 1):
        begun = time.perf_counter()
        look(days)
        times_ms.append((time.perf_counter() - begun) * 1000)
    return percentile(times_ms[1:], 50)
