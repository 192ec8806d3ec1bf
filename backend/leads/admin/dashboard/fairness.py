"""The tiles of what the report on fairness and drift watches: acceptance in its band, and providers never offered."""

from __future__ import annotations

import datetime

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.tiles import NOTHING, Line, Tile, format_count, format_share
from backend.leads.figures.calibration import ENOUGH_OFFERS, Z_99, Interval, Tally, Verdict
from backend.leads.figures.drift import Week, measure_week
from backend.leads.figures.milestones import Answer
from backend.leads.figures.newcomers import (
    NEWCOMER_FOR,
    WAITS_AT_MOST,
    WAITS_TOO_LONG,
    Newcomers,
    count_newcomers,
)
from backend.leads.figures.scope import WEEK, Span
from backend.users.models import User

__all__ = ["FAIRNESS_PAGE", "build_fairness_tiles", "describe_days", "describe_interval", "may_see_fairness"]

FAIRNESS_PAGE = "fairness"
"""The name under which the project mounts the report's page."""

# What the report speaks of.
_SEEN = ("leads.view_leadassignment", "users.view_providerprofile", "matching.view_rankingmodel")


def may_see_fairness(user: User | AnonymousUser) -> bool:
    """Return whether somebody may look at everything that the report speaks of."""
    return user.has_perms(_SEEN)


def build_fairness_tiles(addresses: Addresses) -> list[Tile]:
    """Return the tiles for whoever may see the report; two statements."""
    if not may_see_fairness(addresses.user):
        return []
    return [
        _band_tile(measure_week(addresses.scope), addresses),
        _newcomers_tile(count_newcomers(addresses.scope), addresses),
    ]


def _band_tile(week: Week, addresses: Addresses) -> Tile:
    tally, made = week.tally, {**made_in(week.span), "chosen": "ranking"}
    accepted = _("%(accepted)s of %(closed)s offers of %(week)s") % {
        "accepted": format_count(tally.accepted),
        "closed": format_count(tally.offers),
        "week": describe_days(week.span),
    }
    alarms = {Verdict.BEYOND_99: _("Outside its band: promises do not come true")}
    return Tile(
        "acceptance-band",
        _("Acceptance as promised"),
        Line(format_share(tally.observed), addresses.offers(**made, answer="closed")),
        _(
            "Of the offers that ranking made in the last week whose offers have had their time, the share that was"
            " accepted. The band is where it lies in 99 of 100 weeks if ranking promises rightly; of fewer than"
            " %(enough)d answered offers nothing can be told."
        )
        % {"enough": ENOUGH_OFFERS},
        (
            Line(_describe_promise(tally)),
            Line(accepted, addresses.offers(**made, answer=Answer.ACCEPTED)),
            Line(_("Fairness and drift"), addresses.page(FAIRNESS_PAGE)),
        ),
        alarm=alarms.get(tally.verdict, ""),
    )


def describe_days(span: Span) -> str:
    """Return the first and the last day of a span: ``16 Nov – 22 Nov``."""
    first, last = (
        timezone.localdate(at) for at in (span.since, span.until - datetime.timedelta(microseconds=1))
    )
    return f"{date_format(first, 'j M')} – {date_format(last, 'j M')}"


def describe_interval(interval: Interval | None) -> str:
    """Return where a share lies: ``33.5 – 38.7 %``."""
    if interval is None:
        return NOTHING
    low = number_format(round(100 * interval.low, 1), decimal_pos=1)
    return f"{low} – {format_share(interval.high)}"


def _describe_promise(tally: Tally) -> str:
    if tally.verdict is Verdict.FEW:
        return _("Too few answered offers to tell")
    promised, band = format_share(tally.predicted), describe_interval(tally.band(Z_99))
    return _("promised: %(promised)s · band: %(band)s") % {"promised": promised, "band": band}


def _newcomers_tile(newcomers: Newcomers, addresses: Addresses) -> Tile:
    late = newcomers.by_wait[WAITS_TOO_LONG]
    words = ngettext(
        "%(count)s waits longer than %(weeks)d weeks", "%(count)s wait longer than %(weeks)d weeks", late
    )
    alarm = words % {"count": format_count(late), "weeks": WAITS_AT_MOST // WEEK} if late else ""
    return Tile(
        "newcomers",
        _("Newcomers without an offer"),
        Line(format_count(newcomers.new), addresses.providers(first_offer="newcomer")),
        _(
            "Active providers that joined in the last %(weeks)d weeks and have never had an offer. Their pages say what"
            " kept leads from them."
        )
        % {"weeks": NEWCOMER_FOR // WEEK},
        (
            *(
                [Line(_("Those that wait longest"), addresses.providers(first_offer=WAITS_TOO_LONG))]
                if late
                else []
            ),
            Line(_("Fairness and drift"), addresses.page(FAIRNESS_PAGE)),
        ),
        alarm=alarm,
    )
