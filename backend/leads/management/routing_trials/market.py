"""``simulate_routing market``: policies in simulated markets, ours beside what anybody would try first."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from backend.leads.management.routing_trials.trial import Write, parse_count, write_plot
from backend.leads.terms import BUILT_IN_TERMS
from backend.matching.simulation.contest import Contest, run_contest
from backend.matching.simulation.market import make_market
from backend.matching.simulation.plot import draw_plot
from backend.matching.simulation.report import format_json, format_table
from backend.matching.simulation.rivals import list_rivals
from backend.matching.simulation.settings import MarketSize, OfferTerms

__all__ = ["MarketTrial", "offer_terms"]


class MarketTrial:
    """Runs every policy over the same markets; needs no database."""

    name = "market"
    help = "policies in simulated markets: the same leads and the same luck for each"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the size of the markets and the options."""
        add, usual = parser.add_argument, MarketSize()
        add("--seeds", type=parse_count, default=5, help="how many markets (default: %(default)s)")
        add("--weeks", type=parse_count, default=usual.weeks, help="weeks simulated (default: %(default)s)")
        add("--providers", type=parse_count, default=usual.providers, help="default: %(default)s")
        add("--leads-a-week", type=parse_count, default=usual.leads_a_week, help="default: %(default)s")
        add("--json", action="store_true", help="print JSON instead of the tables")
        add("--plot", type=Path, metavar="FILE.svg", help="draw leads won, and leads nobody took")

    def run(self, options: Mapping[str, Any], *, write: Write, tell: Write) -> None:
        """Run the contest and print how the policies stand."""
        contest = self._run_contest(options)
        write(format_json(contest) if options["json"] else format_table(contest))
        if options["plot"]:
            write_plot(draw_plot(contest), options["plot"], tell=tell)

    def _run_contest(self, options: Mapping[str, Any]) -> Contest:
        size = MarketSize(
            weeks=options["weeks"],
            providers=options["providers"],
            leads_a_week=options["leads_a_week"],
        )
        terms, seeds = offer_terms(), range(options["seeds"])
        leads = sum(len(make_market(size, seed=seed).leads) for seed in seeds)
        with tqdm(total=leads * len(list_rivals(terms)), unit=" leads", disable=None, leave=False) as bar:
            return run_contest(size, terms, seeds=seeds, advance=bar.update, say=bar.set_description)


def offer_terms() -> OfferTerms:
    """Return the built-in terms, as far as they matter in a simulated market."""
    terms = BUILT_IN_TERMS
    return OfferTerms(
        places=terms.places,
        accepted_max=terms.accepted_max,
        accepted_enough=terms.accepted_enough,
        offers_max=terms.offers_max,
        waves_max=terms.waves_max,
        offer_hours=terms.offer_hours,
        exploration=terms.exploration,
    )
