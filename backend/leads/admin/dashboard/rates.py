"""How well it goes: fill rate and acceptance rate."""

from __future__ import annotations

from django.utils.translation import gettext as _

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.tiles import Line, Tile, format_count, format_share
from backend.leads.figures.fill import SETTLED_AFTER, count_filled, settled_span
from backend.leads.figures.milestones import Answer, Stage
from backend.leads.figures.offers import AnswerCounts

__all__ = ["build_acceptance_tile", "build_fill_tile"]


def build_fill_tile(addresses: Addresses) -> Tile:
    """Return the tile of the fill rate."""
    now, before = count_filled(addresses.scope)
    span = settled_span(addresses.scope)
    filled = _("%(filled)s of %(verified)s leads") % {
        "filled": format_count(now.filled),
        "verified": format_count(now.verified),
    }
    without = _("%(count)s without a provider") % {"count": format_count(now.verified - now.filled)}
    return Tile(
        "fill-rate",
        _("Fill rate"),
        Line(format_share(now.rate), addresses.leads(verified=span)),
        _(
            "Of the leads first verified in a period of this length that ended %(days)d days ago, the share that at"
            " least one provider has accepted or claimed by now. Later ones have not had their chance yet."
        )
        % {"days": SETTLED_AFTER.days},
        (
            Line(filled, addresses.leads(verified=span, reached=Stage.ACCEPTED)),
            Line(without, addresses.leads(verified=span, unreached=Stage.ACCEPTED)),
        ),
        compared=_compare(now.rate, before.rate),
    )


def build_acceptance_tile(now: AnswerCounts, before: AnswerCounts, addresses: Addresses) -> Tile:
    """Return the tile of the acceptance rate."""
    made = made_in(addresses.scope.span)
    accepted = _("%(accepted)s of %(closed)s offers") % {
        "accepted": format_count(now.by_answer[Answer.ACCEPTED]),
        "closed": format_count(now.closed),
    }
    return Tile(
        "acceptance-rate",
        _("Acceptance rate"),
        Line(format_share(now.acceptance_rate), addresses.offers(**made, answer="closed")),
        _(
            "Of the offers made in the period that a provider accepted, declined or let run out, the share that was"
            " accepted. Claims count as accepted; open offers and those that ended unanswered do not count."
        ),
        (Line(accepted, addresses.offers(**made, answer=Answer.ACCEPTED)),),
        compared=_compare(now.acceptance_rate, before.acceptance_rate),
    )


def _compare(now: float | None, before: float | None) -> str:
    if before is None:
        return _("before: none")
    words = _("before: %(share)s") % {"share": format_share(before)}
    if now is None or format_share(now) == format_share(before):
        return words
    return f"{_('▲ more') if now > before else _('▼ less')} · {words}"
