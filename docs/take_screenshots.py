"""Take the pictures of ``docs/images`` anew, while ``make run`` serves: ``.venv/bin/python -m docs.take_screenshots``.

It works as the demo verifier and as a demo provider, and verifies one lead of the demo market on its way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.procompare.demo_logins import PROVIDER_LOGINS, STAFF_LOGINS, DemoLogin
from backend.procompare.tests.browser import find_browser

ADDRESS = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
IMAGES = Path(__file__).parent / "images"
DESKTOP = (1400, 1000)
PROVIDERS_DESKTOP = (1100, 900)
PHONE = (390, 844)
Theme = Literal["light", "dark"]
INVARIANTS = "/admin/workflows/auditrun/"
WAITING = "Verify: waits for “Contact is confirmed”"


def take_all() -> None:
    """Take every picture; the states of one lead come in the order in which it goes through them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        with _logged_in(browser) as page:
            lead = _take_list(page)
            take_duplicate(page)
            _take_views(page)
            _take(page, lead, "lead-page")
            _take_dialog(page)
            _take_stale_tab(page, lead)
            _take(page, "/admin/", "dashboard")
            _take_decision(page)
            _take_bulk_run(page)
        with _logged_in_as_provider(browser) as page:
            _take(page, "/provider/offers/", "offers-page")
        with _logged_in_as_provider(browser, theme="dark", size=PHONE) as page:
            page.locator("article a[href*='/provider/offers/L-']").first.click()
            _save(page, "offer-page-phone-dark")
        with _logged_in(browser, role="dispatcher") as page:
            take_manual_work(page)
            _take(page, "/admin/leads/termsversion/", "terms")
        with _logged_in(browser, role="auditor") as page:
            _take(page, "/admin/workflows/transitionrecord/?channel=page", "audit-list")
        with _logged_in(browser, role="dispatcher", theme="dark", size=PHONE) as page:
            _take(page, "/admin/", "dashboard-phone-dark")
        _take_process_maps(browser)
        _take_invariants(browser)
        _take_provider(browser)
        with _logged_in(browser, theme="dark") as page:
            _take(page, _find_waiting(page), "lead-page-dark")
        with _logged_in(browser, size=PHONE) as page:
            _take(page, _find_waiting(page), "lead-page-phone")
            _take_filters(page)
        browser.close()


@contextmanager
def _logged_in(
    browser: Browser, *, role: str = "verifier", theme: Theme = "light", size: tuple[int, int] = DESKTOP
) -> Iterator[Page]:
    """Work as demo staff in the admin."""
    login = next(login for login in STAFF_LOGINS if login.role == role)
    with _logged_in_at(browser, "/admin/login/", login, theme=theme, size=size) as page:
        yield page


@contextmanager
def _logged_in_as_provider(
    browser: Browser, *, theme: Theme = "light", size: tuple[int, int] = PROVIDERS_DESKTOP
) -> Iterator[Page]:
    """Work as the first demo provider on its pages."""
    with _logged_in_at(browser, "/login/", PROVIDER_LOGINS[0], theme=theme, size=size) as page:
        yield page


@contextmanager
def _logged_in_at(
    browser: Browser, address: str, login: DemoLogin, *, theme: Theme, size: tuple[int, int]
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=ADDRESS, color_scheme=theme, viewport={"width": size[0], "height": size[1]}
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Username").fill(login.username)
    page.get_by_label("Password").fill(login.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith(address))
    yield page
    context.close()


def _take_invariants(browser: Browser) -> None:
    """Have the invariants audited as the demo dispatcher, and take what comes of it."""
    with _logged_in(browser, role="dispatcher") as page:
        page.goto(INVARIANTS)
        page.get_by_role("button", name="Audit now").click()
        page.get_by_text("A worker audits the invariants now").wait_for()
        while not page.locator(".wf-audit-table .wf-when").count():
            page.wait_for_timeout(500)
            page.goto(INVARIANTS)
        page.get_by_text("What was examined").click()
        _save(page, "invariants")


def _take_provider(browser: Browser) -> None:
    """Take the page of a provider that won a lead, from its map on, wide and on a phone."""
    for theme, size, name in (
        ("light", DESKTOP, "provider-page"),
        ("dark", PHONE, "provider-page-phone-dark"),
    ):
        with _logged_in(browser, theme=theme, size=size) as page:  # type: ignore[arg-type]  # literals in a tuple
            page.goto("/admin/leads/leadassignment/?status__exact=won")
            page.locator("#result_list tbody tr th a").first.click()
            page.locator(".field-provider_link a").click()
            page.locator("#area").wait_for()
            page.evaluate("document.querySelector('#area').scrollIntoView()")
            _save(page, name)


def _save(page: Page, name: str) -> None:
    # Fonts and icons come after the page.
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


def _take(page: Page, address: str, name: str) -> None:
    page.goto(address)
    _save(page, name)


def _take_process_maps(browser: Browser) -> None:
    with _logged_in(browser) as page:
        _take(page, "/admin/leads/lead/process-map/?days=all", "process-map")
    with _logged_in(browser, theme="dark", size=PHONE) as page:
        _take(page, "/admin/leads/leadassignment/process-map/?days=all", "process-map-phone-dark")


def _find_waiting(page: Page) -> str:
    """Return the address of the latest lead whose contact nobody has confirmed."""
    page.goto("/admin/leads/lead/?status__exact=new")
    # In so many words: one that may be a duplicate as well waits for more.
    row = page.locator("tr").filter(has=page.get_by_text(WAITING, exact=True)).first
    return row.get_by_role("link").first.get_attribute("href") or ""


def _take_list(page: Page) -> str:
    address = _find_waiting(page)
    _take(page, "/admin/leads/lead/", "lead-list")
    return address


def _take_views(page: Page) -> None:
    """Take a list that is narrowed, saved as a view and gone through by keys; the view goes again."""
    page.goto("/admin/leads/lead/?place=Berlin&within=100&age=90&status__exact=new")
    page.get_by_text("Save as a view…").click()
    page.get_by_label("Name").fill("Berlin, new")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("is saved").wait_for()
    page.reload()
    for _row in range(3):
        page.keyboard.press("j")
    _save(page, "lead-list-narrowed")
    page.get_by_role("link", name="Manage views").click()
    page.get_by_role("link", name="Delete… Berlin, new").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("is deleted").wait_for()


def _take_filters(page: Page) -> None:
    page.goto("/admin/leads/lead/?view=none")
    page.locator("a:visible", has_text="Filters").click()
    page.get_by_label("Offered to").wait_for()
    _save(page, "lead-filters-phone")


def _take_dialog(page: Page) -> None:
    page.get_by_role("link", name="Reject…").click()
    page.get_by_role("dialog").wait_for()
    _save(page, "transition-dialog")
    page.keyboard.press("Escape")


def _take_stale_tab(page: Page, lead: str) -> None:
    page.get_by_role("button", name="Confirm contact").click()
    page.get_by_role("button", name="Verify → Verified").wait_for()
    other = page.context.new_page()
    other.goto(lead)
    other.get_by_role("button", name="Verify → Verified").click()
    expect(other.locator(".wf-badge-large")).to_have_text(re.compile("Verified"))
    other.close()
    page.get_by_role("button", name="Verify → Verified").click()
    page.get_by_text("Now Verified; was New when you opened the page.").wait_for()
    _save(page, "stale-tab")


def _take_decision(page: Page) -> None:
    """Take the latest decision that filled all places and left somebody out."""
    page.goto("/admin/leads/routingdecision/?shortfall__isempty=1&wave=1")
    row = page.locator("#result_list tr", has_text="5 of 5").first
    page.goto(row.get_by_role("link").first.get_attribute("href") or "")
    for summary in page.locator(".pc-routing summary").all():
        summary.click()
    page.locator(".pc-routing").scroll_into_view_if_needed()
    _save(page, "routing-decision")


def _list_leads(page: Page, state: str) -> list[str]:
    """Return the addresses of the latest leads in a state."""
    page.goto(f"/admin/leads/lead/?status__exact={state}")
    links = page.locator("#result_list a[href*='/leads/lead/'][href*='/change/']")
    addresses: list[str] = links.evaluate_all("links => links.map(link => link.href)")
    return addresses


def take_manual_work(page: Page) -> None:
    """Take the choice of a provider by hand, where a rule could be lifted."""
    for lead in _list_leads(page, "verified"):
        page.goto(lead)
        assign = page.get_by_role("link", name="Assign by hand…")
        if assign.count():
            break
    assign.click()
    page.get_by_role("searchbox", name="Provider", exact=True).fill("er")
    page.keyboard.press("Enter")
    page.locator("input[name=provider]:enabled").first.check()
    page.get_by_label("Reason").fill("The client asked for this company.")
    _save(page, "assign-by-hand")


def take_duplicate(page: Page) -> None:
    """Take the comparison of a lead with its likely originals, of the latest that has one of the same contact."""
    for lead in _list_leads(page, "new"):
        page.goto(lead)
        page.goto(page.get_by_role("link", name="Mark duplicate…").get_attribute("href") or "")
        if page.get_by_text(re.compile("same (e-mail|phone)")).count():
            break
    page.locator("input[name=of]").first.check()
    _save(page, "mark-duplicate")


def _take_bulk_run(page: Page) -> None:
    """Take the preview of a run over all new leads, then its results."""
    page.goto("/admin/leads/lead/?status__exact=new")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("bulk_verify")
    page.get_by_role("button", name="Run").click()
    page.locator(".bulk-start button").wait_for(timeout=60_000)
    _save(page, "bulk-preview")
    page.locator(".bulk-start button").click()
    page.get_by_text("Finished").first.wait_for(timeout=60_000)
    _save(page, "bulk-results")


if __name__ == "__main__":
    take_all()
