"""A provider in a real browser: answers, two tabs, two clicks, no script, a phone, news while the page is open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.factories import make_verified_lead
from backend.portal.tests.factories import give_password, key_page, make_claim, make_offer, offer_page
from backend.procompare.tests.desk import Desk, MakeDesk
from backend.users.tests.factories import chief
from workflows import TransitionRecord

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/provider/offers/"
PHONE = {"width": 390, "height": 844}
POLL_MS = 10_000


def events_of(offer: LeadAssignment) -> list[str]:
    records = TransitionRecord.objects.filter(machine="leads.leadassignment", object_id=offer.pk)
    return [record.log.transition for record in records.select_related("log").order_by("sequence")]


def card_of(page: Page, lead: Lead) -> Page:
    return page.locator(f"#card-{lead.reference}")  # type: ignore[return-value]


def open_list(desk: Desk, offer: LeadAssignment) -> Page:
    desk.log_in_as(offer.provider.user)
    return desk.open(LIST)


def let_others_take_all_places(lead: Lead) -> None:
    for offer in lead.assignments.filter(status="offered")[:1]:
        offer.accept(by=chief())


class TestAccepting:
    def test_from_the_list_shows_the_contact(self, desk: Desk) -> None:
        offer = make_offer(title="A dripping tap")
        page = open_list(desk, offer)

        card_of(page, offer.lead).get_by_role("button", name="Accept A dripping tap").click()

        expect(page.get_by_role("status")).to_have_text(
            "You have accepted this lead. Below is how to reach the client."
        )
        expect(page.get_by_role("link", name=offer.lead.contact.email)).to_be_visible()
        assert events_of(offer) == ["create", "accept"]

    def test_by_a_double_click_accepts_once(self, desk: Desk) -> None:
        offer = make_offer()
        page = open_list(desk, offer)
        page.get_by_role("button", name="Accept").dblclick()
        expect(page.get_by_text("This is your client")).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        assert events_of(offer) == ["create", "accept"]

    def test_in_a_second_tab_says_what_happened_meanwhile(self, desk: Desk) -> None:
        offer = make_offer()
        first = open_list(desk, offer)
        second = desk.open(offer_page(offer.lead))
        first.locator("summary").click()
        first.get_by_label("Too far").check()
        first.get_by_role("button", name="Decline", exact=False).last.click()
        expect(first.get_by_role("status")).to_be_visible()

        second.get_by_role("button", name="Accept").click()

        expect(second.get_by_role("alert")).to_have_text(
            "Now Declined; was Offered when you opened the page."
        )
        assert events_of(offer) == ["create", "decline"]

    def test_too_late_says_that_others_were_faster(self, desk: Desk) -> None:
        lead = make_verified_lead(providers=4)
        *first, last = lead.assignments.select_related("provider__user")
        give_password(last.provider)
        page = open_list(desk, last)
        for offer in first:
            offer.accept(by=chief())

        page.get_by_role("button", name="Accept").click()

        expect(page.get_by_role("alert")).to_have_text("All 3 places are taken by other providers.")
        assert events_of(last) == ["create"]


class TestDeclining:
    def test_asks_for_a_reason_first(self, desk: Desk) -> None:
        offer = make_offer()
        page = open_list(desk, offer)
        card = card_of(page, offer.lead)
        expect(card.get_by_label("Too far")).to_be_hidden()
        card.locator("summary").click()
        decline = card.locator("button.danger")

        decline.click()  # without a reason the browser sends nothing
        assert events_of(offer) == ["create"]

        card.get_by_label("Too far").check()
        card.get_by_label("Anything to add?").fill("An hour away.")
        decline.click()

        expect(page.get_by_text("You have declined this lead; its place goes")).to_be_visible()
        expect(page.locator(".past")).to_contain_text("Declined")
        record = TransitionRecord.objects.filter(object_id=offer.pk, log__transition="decline").get()
        assert record.arguments == {"reason": "too_far", "note": "An hour away."}

    def test_works_from_the_keyboard_alone(self, desk: Desk) -> None:
        offer = make_offer()
        page = open_list(desk, offer)
        card = card_of(page, offer.lead)
        card.get_by_role("button", name="Accept").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(card.get_by_label("No time")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("You have declined this lead")).to_be_visible()
        assert events_of(offer) == ["create", "decline"]


class TestClaiming:
    def test_takes_a_free_place(self, desk: Desk) -> None:
        lead, provider = make_claim()
        desk.log_in_as(provider.user)
        page = desk.open(LIST)
        expect(card_of(page, lead)).to_contain_text("1 place is free.")

        card_of(page, lead).get_by_role("button", name="Claim a place").click()

        expect(page.get_by_text("The place is yours.")).to_be_visible()
        expect(page.get_by_role("link", name=lead.contact.email)).to_be_visible()
        assert lead.assignments.get(provider=provider).was_claimed


class TestPoll:
    def test_shows_that_another_provider_took_the_last_place(self, desk: Desk) -> None:
        lead, provider = make_claim()
        desk.log_in_as(provider.user)
        desk.context.clock.install()
        page = desk.open(LIST)
        expect(page.get_by_role("button", name="Claim a place")).to_be_visible()
        let_others_take_all_places(lead)

        page.clock.run_for(POLL_MS)

        expect(card_of(page, lead)).to_contain_text("All 3 places are taken by other providers.")
        expect(page.get_by_role("button", name="Claim a place")).to_have_count(0)

    def test_keeps_the_focus_where_it_is(self, desk: Desk) -> None:
        lead, provider = make_claim()
        desk.log_in_as(provider.user)
        desk.context.clock.install()
        page = desk.open(LIST)
        page.locator(f"#open-{lead.reference}").focus()
        let_others_take_all_places(lead)

        page.clock.run_for(POLL_MS)

        expect(card_of(page, lead)).to_contain_text("All 3 places are taken")
        expect(page.locator(f"#open-{lead.reference}")).to_be_focused()

    def test_takes_nothing_away_that_somebody_is_filling_in(self, desk: Desk) -> None:
        offer = make_offer(title="The first")
        desk.log_in_as(offer.provider.user)
        desk.context.clock.install()
        page = desk.open(LIST)
        page.locator("summary").click()
        page.get_by_label("Anything to add?").fill("We are")
        make_offer(offer.provider, title="The second")

        page.clock.run_for(POLL_MS)

        expect(page.get_by_text("Something has changed.")).to_be_visible()
        expect(page.get_by_label("Anything to add?")).to_have_value("We are")
        expect(page.get_by_text("The second")).to_have_count(0)

        page.locator("summary").click()
        page.clock.run_for(POLL_MS)
        expect(page.get_by_role("link", name="The second")).to_be_visible()
        expect(page.get_by_text("Something has changed.")).to_be_hidden()

    def test_leaves_the_page_alone_while_nothing_happens_but_tells_the_time(self, desk: Desk) -> None:
        offer = make_offer()
        desk.log_in_as(offer.provider.user)
        desk.context.clock.install()
        page = desk.open(LIST)
        page.evaluate("document.getElementById('live').dataset.mark = 'mine'")
        expect(card_of(page, offer.lead)).to_contain_text("in 47 hours")

        page.clock.fast_forward("03:00:00")
        page.clock.run_for(POLL_MS)

        expect(card_of(page, offer.lead)).to_contain_text("in 44 hours")
        expect(page.locator("#live")).to_have_attribute("data-mark", "mine")


class TestWithoutScript:
    def test_everything_is_done_by_forms_and_a_link(self, make_desk: MakeDesk) -> None:
        desk = make_desk(java_script_enabled=False)
        offer = make_offer(title="The first")
        page = open_list(desk, offer)
        make_offer(offer.provider, title="The second")
        page.get_by_role("link", name="Reload").click()
        expect(page.get_by_role("link", name="The second")).to_be_visible()

        card = card_of(page, offer.lead)
        card.locator("summary").click()
        card.get_by_label("No time").check()
        card.locator("button.danger").click()
        expect(page.get_by_text("You have declined this lead")).to_be_visible()
        page.get_by_role("button", name="Accept The second").click()
        expect(page.get_by_text("This is your client")).to_be_visible()


class TestSignedLink:
    def test_accepts_without_a_login_and_opens_nothing_else(self, desk: Desk) -> None:
        offer = make_offer()
        page = desk.open(key_page(offer.lead, offer.provider.user))
        expect(page.get_by_text(f"You act for {offer.provider.company_name}")).to_be_visible()

        page.get_by_role("button", name="Accept").click()

        expect(page.get_by_role("link", name=offer.lead.contact.email)).to_be_visible()
        assert [cookie["name"] for cookie in desk.context.cookies()] == []
        page.goto(LIST)
        expect(page).to_have_url(re.compile(r"/login/\?next=/provider/offers/$"))
        assert events_of(offer) == ["create", "accept"]


class TestLook:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_fits_a_phone_in_both_colour_schemes(self, make_desk: MakeDesk, scheme: str) -> None:
        desk = make_desk(viewport=PHONE, color_scheme=scheme)
        offer = make_offer(
            title="Donaudampfschifffahrtsgesellschaftskapitänskajütentürschlossreparatur", budget=2400
        )
        other = make_offer(offer.provider)
        other.accept(by=offer.provider.user)
        desk.log_in_as(offer.provider.user)
        background = "rgb(255, 255, 255)" if scheme == "light" else "rgb(19, 23, 31)"
        for path in (
            LIST,
            offer_page(offer.lead),
            offer_page(other.lead),
            "/notifications/",
            "/settings/notifications/",
            "/password/",
        ):
            page = desk.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") == 390, path
            assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == background
            page.close()

    def test_lets_the_keyboard_skip_to_the_content(self, desk: Desk) -> None:
        page = open_list(desk, make_offer())
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


class TestSettings:
    def test_are_saved_and_shown_again(self, desk: Desk) -> None:
        offer = make_offer()
        desk.log_in_as(offer.provider.user)
        page = desk.open("/settings/notifications/")
        page.get_by_label("Lead to claim: E-mail").uncheck()
        page.get_by_label("Quiet from").fill("22:00")
        page.get_by_label("Quiet until").fill("07:00")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
        expect(page.get_by_label("Lead to claim: E-mail")).not_to_be_checked()
        expect(page.get_by_label("Quiet from")).to_have_value("22:00")

        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("has paused")).to_be_visible()
