"""How unequally something is shared out."""

from __future__ import annotations

import pytest

from backend.matching.inequality import gini


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], 0.0),
        ([0, 0], 0.0),
        ([3, 3, 3], 0.0),
        ([0, 0, 0, 8], 0.75),
        ([1, 2, 3, 4], 0.25),
        ([0.5, 1.5], 0.25),
    ],
)
def test_gini_is_0_where_all_have_the_same_and_near_1_where_one_has_all(
    amounts: list[float], expected: float
) -> None:
    assert gini(amounts) == pytest.approx(expected)
