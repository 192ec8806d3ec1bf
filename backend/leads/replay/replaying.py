"""Replay: read the past decisions of a period, make each anew, and judge what would have come of it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.leads.replay.alternative import Alternative
from backend.leads.replay.examples import Examples
from backend.leads.replay.past_decisions import PastDecision, Period, read_decisions
from backend.leads.replay.remaking import Remade, remake
from backend.leads.replay.report import ReplayReport
from backend.leads.replay.tally import Tally
from backend.leads.replay.waves import Outlook, expect_waves, mean_outlook
from backend.leads.terms import Terms
from backend.leads.terms_in_force import read_terms_named
from backend.matching.off_policy import SlateSums, evaluate, sum_up

__all__ = ["replay"]


@dataclass(slots=True)
class _Gathered:
    """What is kept of the decisions read so far: a few sums of each."""

    left_open: int = 0
    version: str = ""
    accepts: list[SlateSums] = field(default_factory=list)
    wins: list[SlateSums] = field(default_factory=list)
    waves_logged: list[Outlook] = field(default_factory=list)
    waves_target: list[Outlook] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    examples: Examples = field(default_factory=Examples)
    overlap: float = 0.0
    offers: float = 0.0


def replay(
    period: Period, alternative: Alternative, *, decisions: Iterable[PastDecision] | None = None
) -> ReplayReport:
    """Return what an alternative would have made of the first decisions of a period; only reads.

    ``decisions`` None: those of the database; otherwise the same ones, as somebody counts them who waits.

    Raises: TooFewLeads when there are no two leads to judge by.
    """
    gathered = _Gathered()
    terms_of = functools.cache(read_terms_named)
    for past in read_decisions(period) if decisions is None else decisions:
        if past.is_open:
            gathered.left_open += 1
        else:
            _gather(gathered, remake(past, alternative), logged_terms=terms_of(past.terms_version))
    return ReplayReport(
        since=period.since.isoformat(),
        until=period.until.isoformat(),
        version=gathered.version,
        leads=len(gathered.accepts),
        left_open=gathered.left_open,
        accepts=evaluate(gathered.accepts),
        wins=evaluate(gathered.wins),
        overlap=gathered.overlap / gathered.offers if gathered.offers else 1.0,
        waves_logged=mean_outlook(gathered.waves_logged),
        waves_target=mean_outlook(gathered.waves_target),
        fairness=gathered.tally.judge(at=period.until),
        examples=gathered.examples.list_all(),
    )


def _gather(gathered: _Gathered, remade: Remade, *, logged_terms: Terms) -> None:
    gathered.version = remade.version
    gathered.accepts.append(sum_up(remade.slate_of_accepts()))
    gathered.wins.append(sum_up(remade.slate_of_wins()))
    gathered.overlap += float(remade.target @ remade.offered)
    gathered.offers += float(remade.target.sum())
    gathered.waves_target.append(expect_waves(remade.accepts, remade.wins, terms=remade.terms))
    accepts, wins = remade.logged_order()
    gathered.waves_logged.append(expect_waves(accepts, wins, terms=logged_terms))
    gathered.tally.add(remade)
    gathered.examples.add(remade)
