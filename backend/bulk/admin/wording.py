"""Runs in words: their figures, why objects stay, how long the rest takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.bulk.models import BulkRun
from backend.bulk.selectors import Figures, estimate_time_left
from workflows.admin.durations import describe_duration

__all__ = ["Progress", "describe_arguments", "describe_figures", "describe_progress", "describe_reason"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: ``done`` of ``total``; ``pace`` is in words, "" while nothing is known."""

    done: int
    total: int
    percent: int
    pace: str
    is_under_way: bool


def describe_progress(run: BulkRun, figures: Figures) -> Progress:
    """Return how far the run has come in what it does now: looking at its objects, or moving them."""
    done = figures.seen if run.status == BulkRun.Status.PLANNING else figures.done
    total = figures.total
    pace = ""
    if run.is_under_way:
        rate, left = estimate_time_left(run, figures)
        if left is not None:
            pace = _("%(rate)s a second · %(left)s left") % {
                "rate": f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}",
                "left": describe_duration(left),
            }
    return Progress(done, total, done * 100 // total if total else 100, pace, run.is_under_way)


def describe_reason(run: BulkRun, reason: str, message: str, *, has_one_message: bool) -> str:
    """Return why objects stay: in the words of all of them, or by what must hold where each has its own."""
    if has_one_message:
        return message
    labels = {guard.code: str(guard.label) for guard in run.move.guards}
    known = [labels[code] for code in reason.split("+") if code in labels]
    if not known:
        return _("%(example)s (for example)") % {"example": message}
    return _("Does not hold: %s") % ", ".join(known)


def describe_figures(figures: Figures) -> SafeString:
    """Return how many moved, stayed, failed and wait, each where there are some."""
    parts = [
        ("good", ngettext("%d moved", "%d moved", figures.moved) % figures.moved, figures.moved),
        ("muted", ngettext("%d stayed", "%d stayed", figures.stays) % figures.stays, figures.stays),
        ("bad", ngettext("%d failed", "%d failed", figures.failed) % figures.failed, figures.failed),
        ("plain", ngettext("%d waits", "%d wait", figures.waiting) % figures.waiting, figures.waiting),
    ]
    shown = ((tone, text) for tone, text, count in parts if count)
    return format_html_join(SafeString(" · "), '<span class="bulk-figure bulk-{}">{}</span>', shown)


def describe_arguments(run: BulkRun) -> list[tuple[str, str]]:
    """Return what each call is given, as label and value; of a consent that it was given."""
    labels = {argument.name: argument for argument in run.move.arguments}
    return [
        (str(labels[name].label), _value_in_words(labels[name].annotation, value))
        for name, value in run.arguments.items()
        if name in labels
    ]


def _value_in_words(annotation: Any, value: Any) -> str:
    if value is True:
        return _("yes")
    choices = dict(getattr(annotation, "choices", ()))
    return str(choices.get(value, value))
