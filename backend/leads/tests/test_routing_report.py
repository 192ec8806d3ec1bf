"""Routing decisions as the admin shows them."""

from __future__ import annotations

from typing import Any

from backend.leads.admin.explanation import Reason
from backend.leads.admin.routing_report import build_waves
from backend.leads.models import RoutingDecision


def candidate(rank: int, outcome: str, **fields: Any) -> dict[str, Any]:
    values = {
        "provider": rank,
        "name": f"Company {rank}",
        "rank": rank,
        "score": 0.5,
        "distance_km": 1.25,
        "parts": [["base", 1.0, -1.2], ["distance_ratio", 0.75, -1.05], ["rating", 0.875, 3.5]],
    }
    return {**values, "outcome": outcome, **fields}


def decision_of(*candidates: dict[str, Any], **fields: Any) -> RoutingDecision:
    return RoutingDecision(pk=1, wave=1, candidates=list(candidates), **fields)


class TestBuildWaves:
    def test_groups_candidates_by_what_became_of_them(self) -> None:
        decision = decision_of(
            candidate(1, "offered"),
            candidate(2, "open_offers_full"),
            candidate(3, "told"),
            candidate(4, "ranked"),
        )

        (wave,) = build_waves([decision], [])

        groups = (wave.offered, wave.fell_out, wave.told, wave.not_reached)
        assert [[entry.rank for entry in entries] for entries in groups] == [[1], [2], [3], [4]]
        assert wave.fell_out[0].why == "has all its open offers in use"

    def test_draws_bars_from_the_middle_scaled_to_the_largest(self) -> None:
        (wave,) = build_waves([decision_of(candidate(1, "offered"))], [])

        assert wave.offered[0].bars == (
            Reason("distance ratio", "1.2 km away, where it goes 2 km", -0.35, x=12.0, width=12.0),
            Reason("rating", "4.5 stars", 0.7, x=24.0, width=24.0),
        )
        assert [bar.is_for for bar in wave.offered[0].bars] == [False, True]
        assert [one.sentence for one in wave.offered[0].strongest] == [
            "4.5 stars +0.7",
            "1.2 km away, where it goes 2 km −0.3",
        ]
        assert [name for name, _description in wave.features] == ["distance ratio", "rating"]

    def test_draws_nothing_where_every_contribution_is_zero(self) -> None:
        (wave,) = build_waves([decision_of(candidate(1, "offered", parts=[["rating", 0.0, 0.0]]))], [])
        assert [bar.width for bar in wave.offered[0].bars] == [0.0]

    def test_leaves_bars_out_of_long_lists(self) -> None:
        (wave,) = build_waves([decision_of(candidate(1, "told"))], [])
        assert wave.told[0].bars == ()

    def test_counts_also_the_excluded_that_are_not_named(self) -> None:
        decision = decision_of(
            excluded={"too_far": [[7, "Acme"]]},
            excluded_counts={"language": 1, "too_far": 3, "rule_of_old": 1},
        )

        (wave,) = build_waves([decision], [])

        assert [(group.code, group.count, group.named, group.unnamed_count) for group in wave.excluded] == [
            ("too_far", 3, ((7, "Acme"),), 2),
            ("language", 1, (), 1),
            ("rule_of_old", 1, (), 1),
        ]
        assert wave.excluded[-1].sentence == "is excluded by the rule “rule_of_old”"
        assert wave.excluded_count == 5

    def test_of_nobody_has_no_features(self) -> None:
        (wave,) = build_waves([decision_of()], [])
        assert (wave.features, wave.offered, wave.excluded) == ((), (), ())

    def test_says_which_decisions_a_revision_superseded(self) -> None:
        decisions = [RoutingDecision(pk=n, wave=n, is_revision=n == 2) for n in (3, 2, 1)]
        assert [wave.is_superseded for wave in build_waves(decisions, [])] == [False, False, True]
