"""``simulate_routing estimates``: whether off-policy estimates are right, where the truth is known."""

from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from backend.leads.management.routing_trials.market import offer_terms
from backend.leads.management.routing_trials.trial import Write, parse_count
from backend.matching.simulation.estimates import LOGS, Coverage, try_estimates
from backend.matching.simulation.logged import run_known_log
from backend.matching.simulation.market import make_market
from backend.matching.simulation.settings import MarketSize

__all__ = ["EstimatesTrial"]


class EstimatesTrial:
    """Draws many logs of a simulated market and holds the estimates against the truth; needs no database."""

    name = "estimates"
    help = "off-policy estimates against the truth, in logs of a simulated market"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the number of runs and the size of the market."""
        add = parser.add_argument
        add("--runs", type=parse_count, default=100, help="how many logs of each kind (default: %(default)s)")
        add("--leads", type=parse_count, default=300, help="leads of a log (default: %(default)s)")
        add("--weeks", type=parse_count, default=20, help="weeks of the season (default: %(default)s)")
        add("--providers", type=parse_count, default=400, help="default: %(default)s")
        add("--leads-a-week", type=parse_count, default=150, help="default: %(default)s")
        add("--seed", type=int, default=0, help="which market (default: %(default)s)")
        add("--json", action="store_true", help="print JSON instead of the table")

    def run(self, options: Mapping[str, Any], *, write: Write, tell: Write) -> None:
        """Try and print.  Raises: CommandError when the season has too few leads to draw from."""
        size = MarketSize(
            weeks=options["weeks"], providers=options["providers"], leads_a_week=options["leads_a_week"]
        )
        known = run_known_log(
            make_market(size, seed=options["seed"]), offer_terms(), warm_up_weeks=size.weeks // 4
        )
        if len(known.decisions) < 2 * options["leads"]:
            raise CommandError(
                f"The season has {len(known.decisions)} leads: too few to draw {options['leads']} at a time from."
            )
        with tqdm(total=options["runs"] * len(LOGS), unit=" logs", disable=None, leave=False) as bar:
            found = try_estimates(known, runs=options["runs"], leads=options["leads"], advance=bar.update)
        write(_format_json(found) if options["json"] else "\n".join(_format_table(found, options["leads"])))


def _format_json(found: Sequence[Coverage]) -> str:
    rows = [
        {
            **{
                key: value
                for key, value in dataclasses.asdict(one).items()
                if key not in ("errors", "widths")
            },
            "runs": one.runs,
            "bias": one.bias,
            "width": one.width,
        }
        for one in found
    ]
    return json.dumps(rows, indent=2)


def _format_table(found: Sequence[Coverage], leads: int) -> Iterator[str]:
    """Write a block for each log: how often the truth lay within the 95 % interval."""
    yield f"The true value lies within the 95 % interval, in {found[0].runs} logs of {leads} leads each:"
    log = ""
    for one in found:
        if one.log != log:
            log = one.log
            yield f"\nLog with {log}"
            yield (
                f"{'policy':<22}{'per lead':<10}{'truth':>7}  {'estimator':<20}{'within':>7}{'bias':>9}{'width':>8}"
            )
        yield (
            f"{one.target:<22}{one.outcome:<10}{one.truth:>7.3f}  {one.estimator.replace('_', ' '):<20}"
            f"{one.hits / one.runs:>7.0%}{one.bias:>+9.3f}{one.width:>8.3f}"
        )
