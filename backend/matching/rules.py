"""The rules of eligibility: one fixed order, in words and in SQL.

A condition is true when the rule excludes the provider.  It may name these aliases: ``p`` the profile, ``l``
its load, ``c`` the offered category (all null when it offers it not), ``f`` what was found (``covers``) and
``o`` its hours (``opening_at``); and the parameters of ``judgement.request_parameters``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from psycopg.sql import SQL, Composable, Literal

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

__all__ = [
    "BUSY",
    "COUNTED",
    "NOT_ACTIVE",
    "NOT_OFFERED",
    "RULES",
    "TOO_FAR",
    "Rule",
    "all_failed_sql",
    "first_failed_sql",
    "get_rule",
    "room_sql",
]

# Where the provider's day and month stand at the instant of the request, in its own time zone.
LOCAL_DATE = "timezone(p.time_zone, %(at)s)::date"
LOCAL_MONTH = "date_trunc('month', timezone(p.time_zone, %(at)s))::date"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason why a provider may not have a request.

    ``sentence`` goes on after the provider's name ("Acme *is paused or not yet approved*"), ``summary`` after a
    number of providers ("9 *too far*").  A rule with
    ``is_rechecked`` may have changed since the search: it is asked again under the lock.  One with
    ``is_about_request`` holds between provider and request for good, whatever else the provider has to do.  One that
    ``can_be_lifted`` is a preference of the provider that it can go back on when somebody calls it; the others are
    facts, or limits that everything else relies on.  ``room`` says of a limit how many more offers fit in.
    """

    code: str
    sentence: _StrPromise
    summary: _StrPromise
    condition: str
    is_rechecked: bool = False
    is_about_request: bool = False
    can_be_lifted: bool = False
    room: str = ""


def _limit(
    code: str, sentence: _StrPromise, summary: _StrPromise, *, room: str, can_be_lifted: bool = False
) -> Rule:
    """Return the rule that a provider has room for one more, as something counts."""
    condition = f"{room} <= 0"
    return Rule(code, sentence, summary, condition, is_rechecked=True, can_be_lifted=can_be_lifted, room=room)


NOT_ACTIVE = Rule(
    "not_active", _("is not active"), _("not active"), "p.status <> 'active'", is_rechecked=True
)

NOT_OFFERED = Rule(
    "category",
    _("does not offer the category"),
    _("without the category"),
    "c.id IS NULL",
    is_about_request=True,
)

TOO_FAR = Rule(
    "too_far",
    _("does not work that far away"),
    _("too far"),
    "NOT f.covers",
    is_about_request=True,
    can_be_lifted=True,
)

# The order is part of the contract: the first rule that fails is the one that is told.  A counter holds until
# the provider's date has moved on; one from a later date (its time zone changed) holds as well.
RULES = (
    NOT_ACTIVE,
    Rule(
        "on_holiday",
        _("is on holiday"),
        _("on holiday"),
        f"p.holiday_until_date IS NOT NULL"
        f" AND {LOCAL_DATE} BETWEEN p.holiday_from_date AND p.holiday_until_date",
        is_rechecked=True,
        can_be_lifted=True,
    ),
    NOT_OFFERED,
    TOO_FAR,
    Rule(
        "language",
        _("does not speak the language"),
        _("without the language"),
        "%(language)s <> '' AND NOT %(language)s = ANY (p.languages)",
        is_about_request=True,
        can_be_lifted=True,
    ),
    Rule(
        "closed",
        _("does not open before the deadline"),
        _("closed until then"),
        "o.opening_at IS NULL OR (o.opening_at > %(at)s AND o.opening_at >= %(deadline)s)",
        can_be_lifted=True,
    ),
    _limit(
        "open_offers_full",
        _("has all its open offers in use"),
        _("full"),
        room="p.open_offers_max - coalesce(l.open_offers, 0)",
    ),
    _limit(
        "day_full",
        _("had all its offers of the day"),
        _("full today"),
        room=f"p.leads_per_day_max - CASE WHEN l.day_date >= {LOCAL_DATE} THEN l.offers_on_day ELSE 0 END",
        can_be_lifted=True,
    ),
    _limit(
        "month_full",
        _("had all its offers of the month"),
        _("full this month"),
        room=f"p.leads_per_month_max"
        f" - CASE WHEN l.month_date >= {LOCAL_MONTH} THEN l.offers_in_month ELSE 0 END",
        can_be_lifted=True,
    ),
    # `cannot_pay` has its place here.
    Rule(
        "own_request",
        _("is the client itself"),
        _("the client itself"),
        "p.user_id = %(client_user_id)s",
        is_about_request=True,
    ),
    Rule(
        "already_offered",
        _("was offered it before"),
        _("offered it before"),
        "p.id = ANY (%(already_offered)s)",
    ),
)

COUNTED = tuple(rule for rule in RULES if rule.room)
"""The limits: each offer takes some of their room."""

# Told by a reservation alone, which does not wait for a provider that somebody else is reserving.
BUSY = Rule("busy", _("was being offered another lead at that moment"), _("busy at that moment"), "false")


def get_rule(code: str) -> Rule:
    """Return the rule of a code.  Raises: KeyError when there is no such rule."""
    return {rule.code: rule for rule in (*RULES, BUSY)}[code]


def first_failed_sql(rules: Sequence[Rule] = RULES) -> Composable:
    """Return the expression for the code of the first rule that excludes the provider, or null."""
    whens = [SQL("WHEN {} THEN {}").format(SQL(rule.condition), Literal(rule.code)) for rule in rules]
    return SQL("CASE {} END").format(SQL(" ").join(whens))


def room_sql(rules: Sequence[Rule]) -> Composable:
    """Return the expression for how many offers each of the rules leaves room for, as an array.

    Null is no limit; what is no limit but a fact leaves room for none, or for any number.
    """
    rooms = [SQL(rule.room or f"CASE WHEN {rule.condition} THEN 0 END") for rule in rules]
    return SQL("ARRAY[{}]::int[]").format(SQL(", ").join(rooms))


def all_failed_sql() -> Composable:
    """Return the expression for the codes of all rules that exclude the provider, in their order, as an array."""
    cases = [
        SQL("CASE WHEN {} THEN {} END").format(SQL(rule.condition), Literal(rule.code)) for rule in RULES
    ]
    return SQL("array_remove(ARRAY[{}]::text[], NULL)").format(SQL(", ").join(cases))
