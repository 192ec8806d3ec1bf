"""What a finished what-if says in words and figures: frozen values for its page, from the result in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

__all__ = ["Comparison", "Figure", "Plot", "Verdict", "describe_comparisons", "describe_verdict"]

Json = Mapping[str, Any]

PLOT_WIDTH = 200
"""Width of an interval's drawing, in its own units; the longest interval ends before its edge."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to make of it in one sentence: ``tone`` is ``good``, ``bad`` or ``muted``."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """An interval drawn: from ``low`` to ``high``, a dot at ``value``."""

    low: float
    value: float
    high: float

    @property
    def width(self) -> float:
        """Return how long it is."""
        return round(self.high - self.low, 1)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure under one policy, with its interval in words and drawn."""

    label: str
    value: str
    interval: str
    plot: Plot


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure: as it was and as it would have been, and what lies between."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    change: str
    tone: str


_MEASURES = (("wins", _lazy("Wins per lead")), ("accepts", _lazy("Acceptances per lead")))


def describe_comparisons(result: Json) -> list[Comparison]:
    """Return the measures of first offers, that which counts most first."""
    return [_compare(name, str(title), result[name]) for name, title in _MEASURES]


def describe_verdict(result: Json) -> Verdict:
    """Return what the figures say of wins, and how sure that is."""
    tone, is_certain = _judge(result["wins"])
    change = result["wins"]["change"]
    figures = {
        "change": _signed(change["value"]),
        "low": _signed(change["low"]),
        "high": _signed(change["high"]),
    }
    between = _("%(change)s wins per lead, between %(low)s and %(high)s.") % figures
    if tone == "muted":
        title = _("No difference in wins that could be told from chance")
    elif is_certain:
        title = _("More wins") if tone == "good" else _("Fewer wins")
    else:
        title = _("More wins, by prediction") if tone == "good" else _("Fewer wins, by prediction")
        between += " " + _("What the policy of the time never offered counts as its model predicted.")
    return Verdict(tone if is_certain else "muted", title, between)


def _compare(name: str, title: str, found: Json) -> Comparison:
    rows = [(_("As it was"), found["logged"]), (_("As it would have been"), found["doubly_robust"])]
    if _is_widened(found):
        rows.append((_("In the worst and the best case"), found["worst_case"]))
    highest = max(estimate["high"] for _label, estimate in rows) or 1.0
    tone, is_certain = _judge(found)
    return Comparison(
        name=name,
        title=title,
        figures=tuple(_figure(label, estimate, highest=highest) for label, estimate in rows),
        change=_("%(change)s (%(low)s to %(high)s)")
        % {
            end: _signed(found["change"][key])
            for end, key in (("change", "value"), ("low", "low"), ("high", "high"))
        },
        tone=tone if is_certain else "muted",
    )


def _figure(label: str, estimate: Json, *, highest: float) -> Figure:
    low, value, high = (
        round(max(0.0, estimate[end]) / highest * (PLOT_WIDTH - 10) + 5, 1)
        for end in ("low", "value", "high")
    )
    return Figure(
        label=label,
        value=f"{estimate['value']:.2f}",
        interval=_("%(low).2f to %(high).2f") % {"low": max(0.0, estimate["low"]), "high": estimate["high"]},
        plot=Plot(low, value, high),
    )


def _judge(found: Json) -> tuple[str, bool]:
    """Return which way it goes, and whether that holds whatever the log cannot know."""
    change, robust, worst = found["change"], found["doubly_robust"], found["worst_case"]
    # Estimates of the same thing summed up in another order differ in their last digits.
    is_more, is_less = change["low"] > _ROUNDING, change["high"] < -_ROUNDING
    if not (is_more or is_less):
        return "muted", True
    least = change["low"] - (robust["low"] - worst["low"])
    most = change["high"] + (worst["high"] - robust["high"])
    return ("good", least > 0) if is_more else ("bad", most < 0)


_ROUNDING = 1e-9


def _is_widened(found: Json) -> bool:
    return bool(found["worst_case"]["high"] - found["doubly_robust"]["high"] > _ROUNDING) or bool(
        found["doubly_robust"]["low"] - found["worst_case"]["low"] > _ROUNDING
    )


def _signed(figure: float) -> str:
    """Return a change with its sign, in true minus signs; nothing is ±0."""
    text = f"{figure:+.2f}".replace("-", "−")
    return "±0" if text in ("+0.00", "−0.00") else text
