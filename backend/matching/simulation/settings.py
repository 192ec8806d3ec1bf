"""How large a market is, how its people behave, and on which terms it offers.  Each number with its reason.

The behaviour was fixed so that policies which know nothing of it land near the figures of the design's own market
(random .306, round robin .323, distance .362, rules .446, bound .548 of leads won), before ours was ever run on it:
docs/decisions/0043.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.matching.exploration import Exploration

__all__ = ["Behaviour", "MarketSize", "OfferTerms"]


@dataclass(frozen=True, slots=True)
class MarketSize:
    """``joining_share`` of the providers join during the simulated time, the others were there before.

    The size leaves some thirty providers to choose from for a lead in the middle of the market, and few at its rim.
    """

    weeks: int = 52
    providers: int = 480
    leads_a_week: int = 80
    cities: int = 4
    categories: int = 6
    joining_share: float = 0.3


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """The terms that matter here (``leads.terms.Terms`` has them all, and says what each is).

    A lead that lacks providers looks again after ``retry_hours``: the market does so every hour, and at once when
    somebody has room again, which would take longer to simulate than it changes.
    """

    places: int = 5
    accepted_max: int = 3
    accepted_enough: int = 2
    offers_max: int = 15
    waves_max: int = 30
    offer_hours: int = 48
    retry_hours: float = 6.0
    exploration: Exploration = field(default_factory=Exploration)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What people do.  Log-odds where nothing else is said; ``_sd`` is how much providers differ.

    Accepting: how picky a provider is, its taste for a category, its mood of the weeks (an autoregression, so that old
    records mislead), the way, the price, what it has on its hands.  Most of it multiplies: a way is longer for who
    dislikes driving and shorter when the price is good, offers press more in the evening.  None of these products is
    a feature of ranking, nor are tastes, moods and jobs in hand.
    """

    accept_base: float = -0.6
    plainness_sd: float = 1.0  # of requests: nobody likes the unclear ones
    pickiness_sd: float = 1.3
    taste_sd: float = 0.7
    mood_sd: float = 0.5
    mood_memory: float = 0.9  # from week to week: half is gone after some seven weeks
    distance: float = 1.9  # at the rim of the service area
    distance_sd: float = 0.5  # of its logarithm
    price: float = 1.5
    price_sd: float = 0.4  # of its logarithm
    price_pays_way: float = 1.2
    load: float = 1.0  # all open offers in use
    evening_load: float = 0.8
    job_in_hand: float = 0.35  # each lead won in the last days that a job takes
    job_days: float = 10.0
    closed_an_hour: float = 0.02
    proud_of_quality: float = 0.5  # the good refuse low budgets

    # Winning: a multinomial logit (McFadden, 1974) of the client over those that have accepted and going elsewhere.
    quality_sd: float = 0.9
    skill_sd: float = 0.5
    cheap: float = 0.8
    near: float = 0.4
    early: float = 0.15  # an hour's logarithm; urgent leads three times that
    elsewhere: float = 0.3
    elsewhere_sd: float = 0.8

    # Time.  Answers are log-normal: most within hours, a long tail.
    response_h: float = 4.0
    response_sd: float = 0.8  # between providers, of the logarithm
    answer_sd: float = 0.9  # within one
    silent_share: float = 0.35  # of those that would not accept
    silent_sd: float = 1.0
    patience_h: float = 120.0  # without anybody that has accepted; log-normal
    patience_sd: float = 0.6
    decide_h: float = 30.0  # from the first that has accepted on
    decide_sd: float = 0.6
    decide_max_h: float = 96.0

    review_share: float = 0.45  # of clients served
    review_sd: float = 0.6  # in stars
