"""Whether promises come true, in words: the last settled week, and tables by week and by what was promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.fairness import describe_days, describe_interval
from backend.leads.admin.dashboard.tiles import NOTHING, Line, format_count, format_share
from backend.leads.figures.calibration import ENOUGH_OFFERS, Z_99, Interval, Tally, Verdict
from backend.leads.figures.drift import Drift, Week
from backend.leads.figures.milestones import Answer

__all__ = ["BinRow", "Judgement", "WeekRow", "build_bin_rows", "build_week_rows", "judge_week"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of the last settled week; ``tone`` is that of a badge, ``advice`` "" where none is needed."""

    title: str
    tone: str
    words: str
    advice: str
    offers: Line


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A week of the table, or the part of one that another model ranked (``is_part``)."""

    days: str
    verdict: str
    is_out: bool
    offers: Line
    accepted: Line
    observed: str
    sure: str
    promised: str
    band: str
    brier: str
    log_loss: str
    models: str
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class BinRow:
    """Offers that were promised about as much."""

    promised: str
    offers: str
    mean: str
    observed: str
    sure: str


def judge_week(week: Week, addresses: Addresses) -> Judgement:
    """Return what is to be said of a week, and what to do."""
    tally, days = week.tally, describe_days(week.span)
    title, tone = _TITLES[tally.verdict]
    if tally.verdict is Verdict.FEW:
        words = _("%(days)s: %(offers)s answered offers of ranking's; below %(enough)d nothing can be told.")
    else:
        words = _(
            "%(days)s: of %(offers)s answered offers %(observed)s were accepted. Ranking promised %(promised)s; chance"
            " alone leaves it within %(band)s in 99 of 100 weeks."
        )
    return Judgement(
        title=str(title),
        tone=tone,
        words=words
        % {
            "days": days,
            "offers": format_count(tally.offers),
            "enough": ENOUGH_OFFERS,
            "observed": format_share(tally.observed),
            "promised": format_share(tally.predicted),
            "band": describe_interval(tally.band(Z_99)),
        },
        advice=_advice() if tally.verdict is Verdict.BEYOND_99 else "",
        offers=Line(_("Those offers"), addresses.offers(**_ranked_in(week), answer="closed")),
    )


_TITLES = {
    Verdict.FEW: (gettext_lazy("Too few answered offers to tell"), "muted"),
    Verdict.WITHIN: (gettext_lazy("✓ Acceptance lies within its band"), "good"),
    Verdict.BEYOND_95: (gettext_lazy("✓ Acceptance lies at the edge of its band"), "muted"),
    Verdict.BEYOND_99: (gettext_lazy("✗ Acceptance has left its band"), "bad"),
}


def _advice() -> str:
    return _(
        "Ranking orders by promises that do not come true. See below since which week, and whether a model was promoted"
        " then: an earlier one can be promoted again. If providers have changed, train a model on what they do now"
        " (manage.py train_ranking) and promote it. The warning ends with the first week that lies within again."
    )


def build_week_rows(drift: Drift, addresses: Addresses) -> Iterator[WeekRow]:
    """Yield a row for each week, the latest first; below one that several models ranked, a row for each of them."""
    for week in reversed(drift.weeks):
        made, models = _ranked_in(week), [model for model, _tally in week.by_model]
        yield _week_row(
            week.tally,
            days=describe_days(week.span),
            verdict=_verdict_of(week),
            models=", ".join(models) or NOTHING,
            offers=Line(format_count(week.tally.offers), addresses.offers(**made, answer="closed")),
            accepted=Line(
                format_count(week.tally.accepted), addresses.offers(**made, answer=Answer.ACCEPTED)
            ),
        )
        if len(models) > 1:
            yield from (_part_row(model, tally) for model, tally in week.by_model)


def build_bin_rows(drift: Drift) -> Iterator[BinRow]:
    """Yield a row for each bin, by rising promise."""
    for one in drift.bins:
        yield BinRow(
            describe_interval(Interval(one.low, one.high)),
            format_count(one.tally.offers),
            format_share(one.tally.predicted),
            format_share(one.tally.observed),
            describe_interval(one.tally.confidence()),
        )


def _ranked_in(week: Week) -> dict[str, str]:
    return {**made_in(week.span), "chosen": "ranking"}


def _part_row(model: str, tally: Tally) -> WeekRow:
    return _week_row(
        tally,
        days="",
        verdict="",
        models=model,
        offers=Line(format_count(tally.offers)),
        accepted=Line(format_count(tally.accepted)),
        is_part=True,
    )


def _week_row(
    tally: Tally, *, days: str, verdict: str, models: str, offers: Line, accepted: Line, is_part: bool = False
) -> WeekRow:
    return WeekRow(
        days=days,
        verdict=verdict,
        is_out=verdict in (_("above"), _("below")),
        offers=offers,
        accepted=accepted,
        observed=format_share(tally.observed),
        sure=describe_interval(tally.confidence()),
        promised=format_share(tally.predicted),
        band=describe_interval(tally.band(Z_99)),
        brier=_format(tally.brier),
        log_loss=_format(tally.log_loss),
        models=models,
        is_part=is_part,
    )


def _verdict_of(week: Week) -> str:
    """Return where the week lies; one that is not settled has had its quick answers alone, and is not judged."""
    verdict, tally = week.tally.verdict, week.tally
    if not week.is_settled:
        return _("not over")
    if verdict is Verdict.FEW:
        return _("too few")
    if verdict is Verdict.WITHIN:
        return _("within")
    side = _("above") if (tally.observed or 0) > (tally.predicted or 0) else _("below")
    return side if verdict is Verdict.BEYOND_99 else _("%(side)s, at the edge") % {"side": side}


def _format(figure: float | None) -> str:
    return NOTHING if figure is None else number_format(round(figure, 3), decimal_pos=3)
