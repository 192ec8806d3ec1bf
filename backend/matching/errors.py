"""Errors of matching.

``MatchingError``
└── ``NothingToRelease``  more offers would be given back than are open
"""

from __future__ import annotations

__all__ = ["MatchingError", "NothingToRelease"]


class MatchingError(Exception):
    """Base of every error of matching."""


class NothingToRelease(MatchingError):
    """More offers of a provider would be given back than it has open: somebody counted twice."""

    def __init__(self, provider_id: int, *, asked: int, open_offers: int) -> None:
        self.provider_id = provider_id
        self.asked = asked
        self.open_offers = open_offers
        super().__init__(
            f"Cannot release {asked} open offer(s) of provider {provider_id}: it has {open_offers} open."
        )
