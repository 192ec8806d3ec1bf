"""The terms on which leads are offered: how many places, for how long, in how many waves."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

__all__ = ["TERMS", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms; every decision names the version it used.

    ``places`` is how many offers may be open or accepted at a time, ``accepted_max`` how many providers may accept,
    ``told_max`` how many more are told and may claim, ``offers_max`` how many offers a lead makes in all its waves.
    """

    version: str = "terms/1"
    places: int = 5
    accepted_max: int = 3
    told_max: int = 20
    offers_max: int = 15
    offer_open_for: datetime.timedelta = datetime.timedelta(hours=48)
    lead_open_for: datetime.timedelta = datetime.timedelta(days=30)
    duplicate_within: datetime.timedelta = datetime.timedelta(days=30)


TERMS = Terms()
