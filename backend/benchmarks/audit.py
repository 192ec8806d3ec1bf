"""How long does an audit of every invariant take over a large market?"""

from __future__ import annotations

from collections.abc import Iterator

from backend.benchmarks.figures import Measurement
from backend.benchmarks.large_market import LargeMarket, build_market
from backend.benchmarks.market_history import complete_market
from backend.benchmarks.processor_time import read_server_ms
from backend.benchmarks.progress import say
from workflows.invariants import Finding, examine_all

__all__ = ["TITLE", "measure"]

MARKET = LargeMarket(leads=125_000)
TITLE = (
    f"An audit of {MARKET.leads:,} leads, {MARKET.offers:,} offers, their log, notifications and deliveries"
)


def measure() -> Iterator[Measurement]:
    """Yield the ms that each invariant takes, the longest first, after their sum and the server's processor time.

    Raises: AssertionError when the market violates one: then the benchmark measures something else.
    """
    say("the market is made")
    build_market(MARKET)
    complete_market()
    say("the invariants are examined")
    begun_ms = read_server_ms()
    findings = list(examine_all(ids_max=1))
    used_ms = read_server_ms() - begun_ms
    violated = {found.invariant.name: found.count for found in findings if not found.holds}
    assert not violated, violated
    yield Measurement("all", {"ms": sum(found.took_ms for found in findings)})
    yield Measurement("all: processor time of the server", {"ms": used_ms})
    dearest_first = sorted(findings, key=lambda found: found.took_ms, reverse=True)
    # The engine's benchmark has a machine of its own, of which there is nothing here.
    yield from (
        _measurement(found) for found in dearest_first if found.invariant.model != "benchmarks.switch"
    )


def _measurement(found: Finding) -> Measurement:
    return Measurement(f"{found.invariant.code} `{found.invariant.name}`", {"ms": found.took_ms})
