"""How offers and wins are shared: tiles, and the Lorenz curves as a table of tenths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.tiles import NOTHING, Line, Tile, format_count, format_share
from backend.leads.figures.fairness import FairnessReport
from backend.leads.figures.inequality import Distribution
from backend.leads.figures.sharing import Exploration, Sharing

__all__ = ["SharingRow", "build_sharing_rows", "build_sharing_tiles"]

TENTH = 0.1


@dataclass(frozen=True, slots=True)
class SharingRow:
    """So many of the providers, those with most first, and what they have together."""

    providers: str
    offers: str
    wins: str


def build_sharing_tiles(report: FairnessReport, addresses: Addresses) -> Iterator[Tile]:
    """Yield the tiles of inequality, of the providers there are, and of exploration."""
    made = made_in(addresses.scope.span)
    yield _offers_tile(report.sharing.offers, addresses.offers(**made))
    yield _wins_tile(report.sharing.wins, addresses.offers(**made, status__exact="won"))
    yield _providers_tile(report.sharing, addresses)
    yield _exploration_tile(report.exploration, addresses)


def build_sharing_rows(sharing: Sharing) -> Iterator[SharingRow]:
    """Yield a row for each tenth of the providers; none where nothing was offered."""
    if sharing.offers.total:
        for tenths in range(1, 11):
            share = tenths / 10
            yield SharingRow(
                format_share(share),
                format_share(sharing.offers.share_of_richest(share)),
                format_share(sharing.wins.share_of_richest(share)),
            )


def _offers_tile(offers: Distribution, address: str) -> Tile:
    return Tile(
        "gini-offers",
        _("Gini of offers"),
        Line(_format_gini(offers), address),
        _(
            "How unevenly the offers made in the period are shared among the providers that could have had one, claims"
            " included: 0 when each has as many, towards 1 when one has all."
        ),
        (
            Line(_("%(count)s offers") % {"count": format_count(offers.total)}, address),
            Line(_describe_tenth(offers)),
        ),
    )


def _wins_tile(wins: Distribution, address: str) -> Tile:
    return Tile(
        "gini-wins",
        _("Gini of wins"),
        Line(_format_gini(wins), address),
        _(
            "The same of those offers that have won their lead by now. The latest are still on their way. Few wins"
            " among many providers are uneven by themselves."
        ),
        (
            Line(_("%(count)s wins") % {"count": format_count(wins.total)}, address),
            Line(_describe_tenth(wins)),
        ),
    )


def _providers_tile(sharing: Sharing, addresses: Addresses) -> Tile:
    none = sharing.offers.holders_by_amount.get(0, 0)
    lines = [Line(_("%(count)s of them had none") % {"count": format_count(none)})]
    if sharing.others:
        more = _("and %(count)s that had one, not active now") % {"count": format_count(sharing.others)}
        lines.append(Line(more))
    return Tile(
        "sharing-providers",
        _("Providers that could have one"),
        Line(format_count(sharing.active), addresses.providers(status__exact="active")),
        _(
            "Active providers; where a category is chosen, those that offer it. Whether a lead was near enough to each"
            " is not asked. Those that had an offer in the period and are not active any more count as well."
        ),
        tuple(lines),
    )


def _exploration_tile(exploration: Exploration, addresses: Addresses) -> Tile:
    address = addresses.offers(**made_in(addresses.scope.span), chosen="chance")
    words = _("%(explored)s of %(made)s offers") % {
        "explored": format_count(exploration.explored),
        "made": format_count(exploration.made),
    }
    return Tile(
        "exploration",
        _("Exploration"),
        Line(format_share(exploration.share), address),
        _(
            "Of the offers that the policy made in the period, the share that it drew by chance: the probability on"
            " record (propensity) lies between 0 and 1. Without any, another policy cannot be judged by what happened."
        ),
        (Line(words, address),),
    )


def _describe_tenth(shared: Distribution) -> str:
    share = format_share(shared.share_of_richest(TENTH))
    return _("the tenth with most has %(share)s") % {"share": share}


def _format_gini(shared: Distribution) -> str:
    return NOTHING if shared.gini is None else number_format(round(shared.gini, 2), decimal_pos=2)
