"""The scorecard in words: a row for each figure, the provider beside the others, and its offers by outcome."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.tiles import format_count, format_share
from backend.leads.figures.scorecard import Counts, Rates, Scorecard
from backend.leads.models import LeadAssignment
from backend.matching.reputation import Reputation
from workflows.admin.durations import describe_duration

__all__ = ["Outcome", "RankingRow", "ScoreRow", "ScoreTable", "build_ranking_rows", "build_score_table"]

_NOTHING_YET = "–"


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One figure: what it is, the provider's and of how many, the others' median; None: nothing yet."""

    name: str
    title: str
    meaning: str
    own: str | None
    basis: str
    others: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of the offers are in one state, with the list behind it; ``percent`` is their share."""

    state: str
    label: str
    count: str
    percent: float
    address: str


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The scorecard; ``made`` counts the offers, ``claimed`` those that the provider took itself."""

    rows: tuple[ScoreRow, ...]
    outcomes: tuple[Outcome, ...]
    made: int
    claimed: int
    others_count: int
    address: str


@dataclass(frozen=True, slots=True)
class RankingRow:
    """What ranking takes the provider for in one category; ``basis`` says what that rests on."""

    category: str
    acceptance: str
    response: str
    win_rate: str
    basis: str


def build_score_table(card: Scorecard, addresses: Addresses, *, provider_id: int) -> ScoreTable:
    """Put a scorecard into words; its period is that of the addresses."""
    of_provider = {**made_in(addresses.scope.span), "provider__id__exact": provider_id}
    return ScoreTable(
        rows=_rows(card.counts, card.own, card.others),
        outcomes=tuple(
            _outcome(state, card.counts, addresses.offers(**of_provider, status__exact=state))
            for state in LeadAssignment.Status
        ),
        made=card.counts.made,
        claimed=card.counts.claimed,
        others_count=card.others_count,
        address=addresses.offers(**of_provider),
    )


def build_ranking_rows(reputations: Sequence[Reputation]) -> tuple[RankingRow, ...]:
    """Put what ranking knows into words."""
    return tuple(
        RankingRow(
            category=one.category_name,
            acceptance=format_share(one.acceptance),
            response=describe_duration(datetime.timedelta(hours=one.response_h)),
            win_rate=format_share(one.win_rate),
            basis=_basis_of(one.answered),
        )
        for one in reputations
    )


def _rows(counts: Counts, own: Rates, others: Rates) -> tuple[ScoreRow, ...]:
    responses = _answers(counts.responses)
    return (
        ScoreRow(
            "response-median",
            _("Answers within, half of the time"),
            _("From when an offer's time began until it was accepted or declined: the median."),
            _time(own.response_median),
            responses,
            _time(others.response_median) or _NOTHING_YET,
        ),
        ScoreRow(
            "response-p90",
            _("Answers within, nine times of ten"),
            _("The same, 90th percentile."),
            _time(own.response_p90),
            responses,
            _time(others.response_p90) or _NOTHING_YET,
        ),
        _share_row("acceptance", own.acceptance, counts.ever_accepted, counts.answered, others.acceptance),
        _share_row("win-rate", own.win_rate, counts.won, counts.finished, others.win_rate),
        _share_row("expiry", own.expiry, counts.expired, counts.answered, others.expiry),
    )


def _share_row(name: str, own: float | None, part: int, whole: int, others: float | None) -> ScoreRow:
    title, meaning = {
        "acceptance": (_("Accepts"), _("Of the offers that it answered or let run out.")),
        "win-rate": (_("Wins"), _("Of the leads that it accepted or claimed, once the client has chosen.")),
        "expiry": (_("Lets expire"), _("Of the offers that it answered or let run out.")),
    }[name]
    basis = _("%(part)s of %(whole)s") % {"part": format_count(part), "whole": format_count(whole)}
    shown = None if own is None else format_share(own)
    return ScoreRow(name, title, meaning, shown, basis, format_share(others))


def _outcome(state: LeadAssignment.Status, counts: Counts, address: str) -> Outcome:
    count = getattr(counts, state.value)
    percent = 100 * count / counts.made if counts.made else 0.0
    return Outcome(state.value, str(state.label), format_count(count), percent, address)


def _time(duration: datetime.timedelta | None) -> str | None:
    return None if duration is None else describe_duration(duration)


def _answers(count: int) -> str:
    return ngettext("%(count)d answer", "%(count)d answers", count) % {"count": count}


def _basis_of(answered: float) -> str:
    """Say what a record rests on; what has faded below half an answer says next to nothing."""
    if answered < 0.5:
        return _("taken for the mean of the category")
    return _("%(answered)s answers, faded") % {"answered": f"{answered:.1f}"}
