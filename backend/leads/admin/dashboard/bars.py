"""Counts that are compared: how far leads came, and what became of offers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from backend.leads.admin.dashboard.addresses import Addresses, made_in
from backend.leads.admin.dashboard.tiles import Bar, Line, format_count, format_share
from backend.leads.figures.funnel import count_funnel
from backend.leads.figures.offers import AnswerCounts

__all__ = ["build_answer_bars", "build_funnel_bars"]


def build_funnel_bars(addresses: Addresses) -> list[Bar]:
    """Return a bar for the leads submitted, and one for each stage that they have reached."""
    funnel, made = count_funnel(addresses.scope), made_in(addresses.scope.span)
    stages = [
        _bar(
            stage.value,
            str(stage.label),
            count,
            of=funnel.submitted,
            at=addresses.leads(**made, reached=stage),
        )
        for stage, count in funnel.reached.items()
    ]
    submitted = addresses.leads(**made)
    return [_bar("submitted", _("Submitted"), funnel.submitted, of=funnel.submitted, at=submitted), *stages]


def build_answer_bars(counts: AnswerCounts, addresses: Addresses) -> list[Bar]:
    """Return a bar for all offers made, and one for each answer."""
    made = made_in(addresses.scope.span)
    answers = [
        _bar(
            answer.value, str(answer.label), count, of=counts.made, at=addresses.offers(**made, answer=answer)
        )
        for answer, count in counts.by_answer.items()
    ]
    return [_bar("made", _("Made"), counts.made, of=counts.made, at=addresses.offers(**made)), *answers]


def _bar(name: str, title: str, count: int, *, of: int, at: str) -> Bar:
    share = count / of if of else None
    return Bar(name, title, Line(format_count(count), at), format_share(share), round(100 * (share or 0), 2))
