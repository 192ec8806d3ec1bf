"""How does `verify` grow with the market: with the providers there are, and with the leads there ever were?"""

from __future__ import annotations

from collections.abc import Iterator

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.processes import use_fresh_database
from backend.benchmarks.processor_time import Taken, measure_time
from backend.benchmarks.progress import say
from backend.benchmarks.square_market import PROVIDERS_EACH, SquareMarket
from backend.benchmarks.verification import NOON, make_verifier, verification
from backend.leads.models import Lead, RoutingDecision
from workflows import clock

__all__ = ["TITLE", "measure"]

LEADS = (1_000, 100_000, 1_000_000)
PROVIDERS = (1_000, 10_000, 100_000, 1_000_000)
VERIFIED, WARMING = 150, 10
TITLE = f"How verify() grows: to {LEADS[-1]:,} leads, and to {PROVIDERS[-1]:,} providers in a thousand towns"


def measure() -> Iterator[Measurement]:
    """Yield for each number of leads, then of providers, what a verification takes, as a ratio to the smallest too."""
    with clock.at(NOON):
        yield from _compare(_measure_leads())
        use_fresh_database()
        yield from _compare(_measure_providers())


def _measure_leads() -> Iterator[tuple[str, list[Taken], float]]:
    """Measure with ever more leads behind a thousand providers, whatever was verified on the way among them."""
    market = SquareMarket()
    market.grow(PROVIDERS_EACH)
    for count in LEADS:
        say(f"{count:,} leads are made")
        market.add_history(count - Lead.objects.count())
        yield (f"{count:,} leads", *_verify_some(market))


def _measure_providers() -> Iterator[tuple[str, list[Taken], float]]:
    market = SquareMarket()
    for count in PROVIDERS:
        say(f"{count:,} providers are made")
        market.grow(count)
        yield (f"{count:,} providers", *_verify_some(market))


def _verify_some(market: SquareMarket) -> tuple[list[Taken], float]:
    """Return what some verifications took, and the median of how many providers each had to choose from."""
    say("some are verified")
    verifier = make_verifier()
    leads = market.make_leads(WARMING + VERIFIED)
    taken = [measure_time(verification(lead, verifier)) for lead in leads][WARMING:]
    decisions = RoutingDecision.objects.filter(lead__in=[lead.pk for lead in leads])
    return taken, percentile(list(decisions.values_list("eligible_count", flat=True)), 50)


def _compare(measured: Iterator[tuple[str, list[Taken], float]]) -> Iterator[Measurement]:
    smallest: dict[str, float] = {}
    for name, taken, eligible in measured:
        clock_ms = [one.clock_ms for one in taken]
        figures = {
            "p50 ms": percentile(clock_ms, 50),
            "p99 ms": percentile(clock_ms, 99),
            "CPU p50 ms": percentile([one.processor_ms for one in taken], 50),
        }
        smallest = smallest or figures
        ratios = {
            f"{column.removesuffix(' ms')} : smallest": figures[column] / smallest[column]
            for column in figures
        }
        yield Measurement(name, {"eligible p50": eligible, **figures, **ratios})
