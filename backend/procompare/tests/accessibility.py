"""Whether everybody can use a page: axe's checks of WCAG 2.1 A and AA, shared by the browser tests of every app."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["find_barriers"]

# https://dequeuniversity.com/rules/axe/: contrast, names, labels, roles, landmarks of the two levels.
_RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],  # one element of each rule that holds is told, not all: half the time
}


def find_barriers(page: Page, *, leave_out: Sequence[str] = ()) -> list[str]:
    """Return what axe finds on the page, a line for each element: rule, where, what is wrong with it.

    ``leave_out`` are selectors of what is not ours to mend, such as a widget of the skin; say why beside it.
    """
    context = {"exclude": [[selector] for selector in leave_out]} if leave_out else None
    response = Axe().run(page, context=context, options=_RULES).response
    # A page on which nothing was checked would have no barriers either.
    assert response["passes"], "axe checked nothing"
    return [
        f"{violation['id']} · {' '.join(map(str, node['target']))} · {_in_one_line(node['failureSummary'])}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


def _in_one_line(summary: str) -> str:
    return " ".join(summary.split())
