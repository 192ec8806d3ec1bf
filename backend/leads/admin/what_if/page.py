"""The page of a what-if: what it found, who would have been offered what, who gains and who loses."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backend.leads.admin.what_if.subject import may_try, page_of, read_next_step
from backend.leads.admin.what_if.wording import describe_comparisons, describe_verdict
from backend.leads.models import WhatIf
from backend.leads.services.what_ifs import is_stale
from workflows import clock
from workflows.admin.durations import describe_age

__all__ = ["Lead", "Mover", "Offer", "Row", "page_context", "progress_context"]

Json = Mapping[str, Any]

BAR_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a table: as it was, as it would have been."""

    label: str
    help_text: str
    logged: str
    target: str


@dataclass(frozen=True, slots=True)
class Mover:
    """One provider that gains or loses, with the width of its bar."""

    name: str
    url: str
    logged: str
    target: str
    change: str
    wins: str
    width: float


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer of an example; ``note`` says what came of it, or how likely it is."""

    name: str
    url: str
    note: str
    is_on_both: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead, side by side."""

    reference: str
    url: str
    at: datetime.datetime
    logged: tuple[Offer, ...]
    target: tuple[Offer, ...]


def progress_context(what_if: WhatIf) -> dict[str, Any]:
    """Return what the part of the page says that keeps itself up to date; no statement."""
    return {"what_if": what_if, "total": what_if.total or 0, "done": what_if.done}


def page_context(what_if: WhatIf, request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows of a what-if in its state."""
    subject = what_if.subject
    context = {
        **progress_context(what_if),
        "subject": subject,
        "subject_url": page_of(subject),
        "ago": describe_age(clock.now() - what_if.asked_at),
        "may_try": may_try(request.user, subject),
        "next_step": None,
        "is_stale": False,
    }
    if what_if.is_under_way or what_if.result is None:
        return context
    return {
        **context,
        "is_stale": is_stale(what_if),
        "next_step": read_next_step(subject, request),
        **_describe(what_if.result),
    }


def _describe(result: Json) -> dict[str, Any]:
    fairness = result["fairness"]
    return {
        "result": result,
        "verdict": describe_verdict(result),
        "comparisons": describe_comparisons(result),
        "sharing": list(_describe_sharing(result)),
        "waves": list(_describe_waves(result)),
        "providers": fairness["providers"],
        "sides": [
            (_("Who gains"), list(_describe_movers(fairness["gainers"]))),
            (_("Who loses"), list(_describe_movers(fairness["losers"]))),
        ],
        "examples": [_describe_example(example) for example in result["examples"]],
    }


def _describe_sharing(result: Json) -> Iterator[Row]:
    found, fairness = result["accepts"], result["fairness"]
    logged, target = fairness["logged"], fairness["target"]
    yield Row(
        _("Offers per lead"),
        _("First offers; of those that it would have made, %(share)d %% were made.")
        % {"share": round(100 * result["overlap"])},
        f"{found['offers']:.2f}",
        f"{found['target_offers']:.2f}",
    )
    yield Row(
        _("Gini of offers"),
        _("0: all providers have the same; 1: one has all."),
        f"{logged['gini_offers']:.2f}",
        f"{target['gini_offers']:.2f}",
    )
    yield Row(
        _("Gini of wins"),
        _("Likewise, as predicted."),
        f"{logged['gini_wins']:.2f}",
        f"{target['gini_wins']:.2f}",
    )
    yield Row(
        _("New providers without an offer"),
        _("Of %(new)d that joined in the last 8 weeks and could have had one.") % {"new": fairness["new"]},
        f"{logged['new_without']:.0f}",
        f"{target['new_without']:.1f}",
    )


def _describe_waves(result: Json) -> Iterator[Row]:
    logged, target = result["waves_logged"], result["waves_target"]
    for name, label in (("offers", _("Offers")), ("accepts", _("Acceptances")), ("wins", _("Wins"))):
        yield Row(label, "", f"{logged[name]:.2f}", f"{target[name]:.2f}")
    yield Row(
        _("Leads that somebody takes"), "", f"{100 * logged['taken']:.0f} %", f"{100 * target['taken']:.0f} %"
    )


def _describe_movers(movers: list[Json]) -> Iterator[Mover]:
    changes = [one["offers_target"] - one["offers_logged"] for one in movers]
    largest = max((abs(change) for change in changes), default=0) or 1
    for one, change in zip(movers, changes, strict=True):
        yield Mover(
            name=one["name"],
            url=_page_of_provider(one["provider_id"]),
            logged=f"{one['offers_logged']:.0f}",
            target=f"{one['offers_target']:.1f}",
            change=f"{change:+.1f}".replace("-", "−"),
            wins=f"{one['wins_target'] - one['wins_logged']:+.1f}".replace("-", "−"),
            width=round(abs(change) / largest * BAR_WIDTH, 1),
        )


def _describe_example(example: Json) -> Lead:
    return Lead(
        reference=example["reference"],
        url=reverse("admin:leads_lead_change", args=[example["lead_id"]]),
        at=datetime.datetime.fromisoformat(example["at"]),
        logged=tuple(_describe_offer(one, note=_name_outcome(one["outcome"])) for one in example["logged"]),
        target=tuple(_describe_offer(one, note=_describe_chance(one)) for one in example["target"]),
    )


def _describe_offer(offer: Json, *, note: str) -> Offer:
    return Offer(offer["name"], _page_of_provider(offer["provider_id"]), note, offer["is_on_both"])


def _describe_chance(offer: Json) -> str:
    """Say how likely it is that it wins, and how likely it was drawn where that was left to chance."""
    wins = _("wins\u00a0%(share).0f\u00a0%%") % {"share": 100 * offer["wins"]}
    if offer["propensity"] >= 1:
        return wins
    return _("%(wins)s, drawn with\u00a0%(chance).0f\u00a0%%") % {
        "wins": wins,
        "chance": 100 * offer["propensity"],
    }


def _name_outcome(outcome: str) -> str:
    names = {
        "won": _("won"),
        "accepted": _("accepted"),
        "not accepted": _("not\u00a0accepted"),
        "open": _("open"),
    }
    return names[outcome]


def _page_of_provider(provider_id: int) -> str:
    return reverse("admin:users_providerprofile_change", args=[provider_id])
