"""What a replay found, and what to beware of when reading it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.leads.replay.examples import Example
from backend.leads.replay.tally import Fairness
from backend.leads.replay.waves import Outlook
from backend.matching.off_policy import Evaluation

__all__ = ["ReplayReport", "list_warnings"]

# Below these a figure is told with a warning: intervals are wide, or rest on a few offers.
LEADS_FEW = 200
EFFECTIVE_OFFERS_FEW = 100
UNSUPPORTED_MUCH = 0.05
CLIPPED_MUCH = 0.02


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """The past leads of a period under an alternative, beside what was logged.

    ``since`` and ``until`` are instants in ISO 8601.  ``leads`` were judged, ``left_open`` left out because an offer
    had no answer yet.  ``accepts`` and ``wins`` are of first offers, per lead; ``overlap`` is the share of the
    alternative's offers that the log made as well.  ``waves_logged`` and ``waves_target`` predict all waves.
    """

    since: str
    until: str
    version: str
    leads: int
    left_open: int
    accepts: Evaluation
    wins: Evaluation
    overlap: float
    waves_logged: Outlook
    waves_target: Outlook
    fairness: Fairness
    examples: tuple[Example, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it, with its warnings."""
        return {**dataclasses.asdict(self), "warnings": list(list_warnings(self))}


def list_warnings(report: ReplayReport) -> Iterator[str]:
    """Yield what makes the figures less sure than they look."""
    found = report.accepts
    if report.leads < LEADS_FEW:
        yield ngettext(
            "Only %(count)d lead: small differences cannot be told from chance.",
            "Only %(count)d leads: small differences cannot be told from chance.",
            report.leads,
        ) % {"count": report.leads}
    if found.unsupported_share > UNSUPPORTED_MUCH:
        yield _(
            "%(share)d %% of the offers could never have been made by the policy of the time: of these the figures "
            "know only what its model predicted. In the worst case the value lies within the wider interval."
        ) % {"share": round(100 * found.unsupported_share)}
    if found.effective_offers < EFFECTIVE_OFFERS_FEW:
        yield _("The estimates rest on as much as %(count)d equally weighted offers.") % {
            "count": round(found.effective_offers)
        }
    if found.clipped_share > CLIPPED_MUCH:
        yield _("%(share)d %% of the weight was cut off, so that no single offer decides.") % {
            "share": round(100 * found.clipped_share)
        }
