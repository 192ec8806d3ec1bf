"""How the policies stand, as a table for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence

from backend.matching.simulation.contest import Contest, Estimate, Standing
from backend.matching.simulation.figures import NEW_WEEKS
from backend.matching.simulation.rivals import OURS

__all__ = ["Criterion", "format_json", "format_table", "list_criteria"]

WIN_RATIO_MIN = 1.55
BOUND_SHARE_MIN = 0.95
UNFILLED_RATIO_MAX = 0.5

_RATES = (
    "policy",
    "leads won",
    "× round robin",
    "÷ bound",
    "nobody took",
    "offers a lead",
    "response, h",
)
_FAIRNESS = ("policy", "Gini of offers", "Gini of wins", f"new, no offer in {NEW_WEEKS} weeks", "by chance")


@dataclasses.dataclass(frozen=True, slots=True)
class Criterion:
    """What ours is asked to reach, what it reached, and whether that is enough."""

    wanted: str
    found: Estimate
    is_met: bool


def format_table(contest: Contest) -> str:
    """Return two Markdown tables, a policy a row, and what is asked of ours."""
    return "\n".join(
        [
            _describe(contest),
            "",
            *_align([_RATES, *(_rates(one) for one in contest.standings)]),
            "",
            *_align([_FAIRNESS, *(_fairness(one) for one in contest.standings)]),
            "",
            *(_judge(one) for one in list_criteria(contest)),
        ]
    )


def format_json(contest: Contest) -> str:
    """Return everything as one JSON object; intervals are ``[low, high]``, and what is no finite number null."""
    return json.dumps(
        {
            "size": dataclasses.asdict(contest.size),
            "terms": dataclasses.asdict(contest.terms),
            "seeds": contest.seeds,
            "leads": contest.leads,
            "policies": [_to_json(one) for one in contest.standings],
            "criteria": [
                {"wanted": one.wanted, **_numbers(one.found), "is_met": one.is_met}
                for one in list_criteria(contest)
            ],
        },
        indent=2,
        allow_nan=False,
    )


def list_criteria(contest: Contest) -> list[Criterion]:
    """Return what is asked of ours, which the mean decides; nothing when it did not take part."""
    ours = next((one for one in contest.standings if one.name == OURS), None)
    if ours is None:
        return []
    new = ours.figures["new_without_offer"]
    return [
        Criterion(
            f"at least {WIN_RATIO_MIN} × the win rate of round robin",
            ours.to_round_robin,
            ours.to_round_robin.mean >= WIN_RATIO_MIN,
        ),
        Criterion(
            f"at least {BOUND_SHARE_MIN} of the bound's win rate",
            ours.to_bound,
            ours.to_bound.mean >= BOUND_SHARE_MIN,
        ),
        Criterion(
            f"leads nobody took: below {UNFILLED_RATIO_MAX} × round robin's",
            ours.unfilled_to_round_robin,
            ours.unfilled_to_round_robin.mean < UNFILLED_RATIO_MAX,
        ),
        Criterion(f"no new provider without an offer in {NEW_WEEKS} weeks", new, new.mean == 0),
    ]


def _describe(contest: Contest) -> str:
    size = contest.size
    return (
        f"{len(contest.seeds)} markets of {size.weeks} weeks with {size.providers} providers, {contest.leads:,} leads "
        f"in all; the same leads, and the same luck, for each policy."
    )


def _judge(one: Criterion) -> str:
    return f"{'met' if one.is_met else 'NOT met'}: {one.wanted} – {_format(one.found, digits=3)}"


def _rates(one: Standing) -> tuple[str, ...]:
    figures = one.figures
    return (
        one.name,
        _format(figures["win_rate"], digits=3),
        _format(one.to_round_robin, digits=2),
        _format(one.to_bound, digits=3),
        _format(figures["unfilled"], digits=3),
        _format(figures["offers_a_lead"], digits=1),
        _format(figures["response_h"], digits=1),
    )


def _fairness(one: Standing) -> tuple[str, ...]:
    figures = one.figures
    without, new = figures["new_without_offer"].mean, figures["new"].mean
    return (
        one.name,
        _format(figures["offers_gini"], digits=2),
        _format(figures["wins_gini"], digits=2),
        f"{without:.1f} of {new:.1f} ({without / new if new else 0:.1%})",
        f"{figures['explored'].mean:.1%}",
    )


def _format(one: Estimate, *, digits: int) -> str:
    """Return ``.361 ± .021``; of a single market there is nothing to say after the ±, of nothing nothing."""
    if math.isnan(one.mean):
        return "–"
    mean = f"{one.mean:.{digits}f}"
    error = one.high - one.mean
    text = f"{mean} ± {error:.{digits}f}" if math.isfinite(error) else mean
    return text.replace(" 0.", " .").removeprefix("0") if one.mean < 1 else text.replace("± 0.", "± .")


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table: the first row is its head, the first column reads from the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [rows[0], rule, *rows[1:]]
    return [
        "| "
        + " | ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    ]


def _to_json(one: Standing) -> dict[str, object]:
    return {
        "name": one.name,
        "figures": {name: _numbers(value) for name, value in one.figures.items()},
        "to_round_robin": _numbers(one.to_round_robin),
        "to_bound": _numbers(one.to_bound),
        "unfilled_to_round_robin": _numbers(one.unfilled_to_round_robin),
    }


def _numbers(one: Estimate) -> dict[str, object]:
    mean, low, high = (number if math.isfinite(number) else None for number in (one.mean, one.low, one.high))
    return {"mean": mean, "interval": [low, high]}
