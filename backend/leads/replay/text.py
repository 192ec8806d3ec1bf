"""A replay's report as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from backend.leads.replay.report import ReplayReport, list_warnings
from backend.leads.replay.tally import Mover
from backend.matching.off_policy import Estimate

__all__ = ["ESTIMATES", "format_table"]

ESTIMATES = {
    "logged": "logged",
    "doubly_robust": "alternative",
    "worst_case": "  in the worst case",
    "change": "  change",
    "self_normalised": "  self-normalised",
    "inverse_propensity": "  inverse propensity",
}
"""The estimates of an evaluation with their names, in the order in which they are read."""


def format_table(report: ReplayReport) -> str:
    """Return the report in lines."""
    parts = (_head, _estimates, _support, _waves, _sharing, _movers)
    lines = [line for part in parts for line in (*part(report), "")]
    return "\n".join([*lines, *(f"! {warning}" for warning in list_warnings(report))]).rstrip()


def _head(report: ReplayReport) -> Iterator[str]:
    yield f"{report.leads:,} leads, {report.since[:10]} to {report.until[:10]}, under {report.version}"
    if report.left_open:
        yield f"{report.left_open:,} more were left out: an offer of theirs has no answer yet."


def _estimates(report: ReplayReport) -> Iterator[str]:
    yield f"{'First offers, per lead':<24}{'accepts':>26}{'wins':>26}"
    for name, label in ESTIMATES.items():
        accepts, wins = getattr(report.accepts, name), getattr(report.wins, name)
        yield f"{label:<24}{_interval(accepts):>26}{_interval(wins):>26}"


def _support(report: ReplayReport) -> Iterator[str]:
    found = report.accepts
    yield (
        f"Offers per lead: {found.offers:.2f} logged, {found.target_offers:.2f} under the alternative; "
        f"{report.overlap:.0%} of those were made."
    )
    yield (
        f"Carried by {found.effective_offers:,.0f} equally weighted offers; {found.unsupported_share:.0%} of the "
        f"alternative's could never have been made, {found.clipped_share:.0%} of the weight was cut off."
    )


def _waves(report: ReplayReport) -> Iterator[str]:
    yield f"{'All waves, as predicted':<24}{'offers':>10}{'accepts':>10}{'wins':>10}{'taken':>10}"
    for label, one in (("logged", report.waves_logged), ("alternative", report.waves_target)):
        yield f"{label:<24}{one.offers:>10.2f}{one.accepts:>10.2f}{one.wins:>10.2f}{one.taken:>10.0%}"


def _sharing(report: ReplayReport) -> Iterator[str]:
    fairness = report.fairness
    yield f"{'Sharing out':<24}{'Gini offers':>14}{'Gini wins':>14}{'new without':>14}"
    for label, one in (("logged", fairness.logged), ("alternative", fairness.target)):
        yield f"{label:<24}{one.gini_offers:>14.3f}{one.gini_wins:>14.3f}{one.new_without:>14.1f}"
    yield f"Among {fairness.providers:,} providers that could have had an offer, {fairness.new:,} of them new."


def _movers(report: ReplayReport) -> Iterator[str]:
    for title, movers in (("Gain", report.fairness.gainers), ("Lose", report.fairness.losers)):
        yield f"{title:<44}{'offers logged':>14}{'alternative':>14}{'wins':>14}"
        yield from (_mover(one) for one in movers)
        if not movers:
            yield "  nobody"


def _mover(one: Mover) -> str:
    return (
        f"  {one.name[:40]:<42}{one.offers_logged:>14.0f}{one.offers_target:>14.1f}"
        f"{one.wins_target - one.wins_logged:>+14.2f}"
    )


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
