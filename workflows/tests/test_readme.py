"""The worked example of the README runs as it stands there."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.django_db
class TestReadme:
    def test_says_what_happens(self) -> None:
        failed, attempted = doctest.testfile(str(README), module_relative=False)
        assert failed == 0
        assert attempted > 15
