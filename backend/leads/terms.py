"""The terms on which leads are offered: how many places, for how long, in how many waves."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

__all__ = ["TERMS", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the terms; every decision names the version it used.

    ``places`` is how many offers may be open or accepted at a time, ``accepted_max`` how many providers may accept.
    At ``accepted_enough`` no further wave is made on its own: what is free then may be claimed.  In the simulated
    market of the design, waves that stop at two acceptors won as much as those that go on, with fewer offers.

    ``told_max`` is how many more are told and may claim, ``offers_max`` how many offers a lead makes in all its
    waves, ``waves_max`` how many waves, those that found nobody included.

    An offer is open ``offer_open_for``; its provider is reminded ``offer_reminder_before`` its end, or at half its
    time where that is later.  Staff should verify a lead ``verify_within``, a client choose among quotes
    ``choose_within``: then they are reminded.  A lead that lacks providers looks again after ``retry_after``.
    """

    version: str = "terms/2"
    places: int = 5
    accepted_max: int = 3
    accepted_enough: int = 2
    told_max: int = 20
    offers_max: int = 15
    waves_max: int = 30
    offer_open_for: datetime.timedelta = datetime.timedelta(hours=48)
    offer_reminder_before: datetime.timedelta = datetime.timedelta(hours=6)
    verify_within: datetime.timedelta = datetime.timedelta(hours=4)
    choose_within: datetime.timedelta = datetime.timedelta(days=3)
    retry_after: datetime.timedelta = datetime.timedelta(hours=1)
    lead_open_for: datetime.timedelta = datetime.timedelta(days=30)
    duplicate_within: datetime.timedelta = datetime.timedelta(days=30)


TERMS = Terms()
