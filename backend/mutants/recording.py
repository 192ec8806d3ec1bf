"""A plugin of pytest: what became of each test, and which kind of error failed it, as lines of JSON.

It runs inside the copy: ``python -m pytest -p backend.mutants.recording``, with the file to write to in the
environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["RECORD", "pytest_runtest_makereport"]

RECORD = "MUTANTS_RECORD"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write a line when a test has run, or when what it needs could not be set up."""
    report = yield
    if report.when == "call" or report.failed:
        error = call.excinfo.type if call.excinfo else None
        line: dict[str, Any] = {
            "test": item.nodeid,
            "has_failed": report.failed,
            "in_its_call": report.when == "call",
            "errors": [kind.__name__ for kind in error.__mro__] if error else [],
        }
        with Path(os.environ[RECORD]).open("a") as record:
            record.write(json.dumps(line) + "\n")
    return report
