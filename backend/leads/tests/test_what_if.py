"""What-if: terms and models tried on past leads, by a job; the pages that show it, who may, and in a browser."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from backend.jobs.testing import list_jobs, run_due_jobs
from backend.leads.models import TermsVersion, WhatIf
from backend.leads.replay.tests.histories import make_past_leads
from backend.leads.services.what_ifs import ask_what_if, is_stale, work_out
from backend.leads.tests.admin_pages import (
    ROLE_NAMES,
    address_of,
    count_statements,
    list_address,
    make_member,
    transition_address,
)
from backend.leads.tests.factories import chief, make_terms_draft, publish_terms
from backend.matching.models import RankingModel
from backend.matching.tests.factories import make_ranking_model
from backend.procompare.tests.accessibility import find_barriers
from backend.procompare.tests.desk import MakeDesk

pytestmark = pytest.mark.django_db

ASK = "/admin/leads/whatif/ask/"


def logged_in(role: str) -> Client:
    client = Client()
    client.force_login(make_member(role))
    return client


def make_narrow_draft() -> TermsVersion:
    """Return a draft with two places instead of five."""
    return make_terms_draft(places=2, accepted_max=2, accepted_enough=1)


def answered(subject: TermsVersion | RankingModel) -> WhatIf:
    """Return a what-if that was worked out."""
    what_if = ask_what_if(subject, by=chief())
    work_out(what_if.pk)
    what_if.refresh_from_db()
    return what_if


class TestAQuestion:
    def test_is_answered_by_a_job(self) -> None:
        make_past_leads()
        what_if = ask_what_if(make_narrow_draft(), by=chief())
        assert (what_if.is_under_way, list_jobs("leads.work_out_what_if")) == (
            True,
            [{"what_if_id": what_if.pk}],
        )
        run_due_jobs()
        what_if.refresh_from_db()
        assert (what_if.is_under_way, what_if.total, what_if.done, what_if.error) == (False, 3, 3, "")
        assert what_if.result is not None
        assert what_if.result["accepts"]["target_offers"] == 2.0

    def test_asked_twice_at_once_is_one(self) -> None:
        draft = make_narrow_draft()
        assert ask_what_if(draft, by=chief()) == ask_what_if(draft, by=chief())
        assert len(list_jobs("leads.work_out_what_if")) == 1

    def test_that_is_answered_is_not_answered_again(self) -> None:
        make_past_leads()
        what_if = answered(make_narrow_draft())
        before = what_if.finished_at
        work_out(what_if.pk)
        what_if.refresh_from_db()
        assert what_if.finished_at == before

    def test_without_leads_says_so(self) -> None:
        what_if = answered(make_narrow_draft())
        assert (what_if.result, what_if.error) == (None, "No lead was routed in these 30 days.")

    def test_is_stale_once_it_would_be_another(self) -> None:
        make_past_leads()
        draft = make_narrow_draft()
        what_if = answered(draft)
        assert not is_stale(what_if)
        draft.places = 3
        draft.save()
        assert is_stale(WhatIf.objects.get(pk=what_if.pk))
        model = answered(make_ranking_model(idle=1.0))
        assert not is_stale(model)
        publish_terms(places=4)
        assert is_stale(model)


class TestAPage:
    def test_compares_and_leads_to_publishing(self) -> None:
        make_past_leads()
        draft = make_narrow_draft()
        what_if = answered(draft)
        page = logged_in("dispatcher").get(address_of(what_if))
        assert page.context["verdict"].title == "No difference in wins that could be told from chance"
        offers = page.context["sharing"][0]
        assert (offers.label, offers.logged, offers.target) == ("Offers per lead", "3.00", "2.00")
        wins, accepts = page.context["comparisons"]
        assert (wins.name, wins.figures[0].value, accepts.figures[1].value) == ("wins", "1.00", "1.00")
        (_gains, gainers), (_loses, losers) = page.context["sides"]
        assert (gainers, sum(float(one.target) - float(one.logged) for one in losers)) == ([], -3.0)
        assert len(page.context["examples"]) == 3
        assert page.context["next_step"].url == transition_address(draft, "publish")
        assert "Only 3 leads" in page.content.decode()

    def test_of_a_changed_draft_says_so_and_does_not_lead_on(self) -> None:
        make_past_leads()
        draft = make_narrow_draft()
        what_if = answered(draft)
        draft.places = 3
        draft.save()
        page = logged_in("dispatcher").get(address_of(what_if)).content.decode()
        assert "This is no longer what was tried" in page
        assert transition_address(draft, "publish") not in page

    def test_takes_the_same_statements_whatever_it_shows(self) -> None:
        make_past_leads()
        client = logged_in("dispatcher")
        what_if, empty = answered(make_narrow_draft()), answered(make_ranking_model())
        # Session, user, rights; what-if, terms in force twice, champion, the guards of publishing.
        assert count_statements(client, address_of(what_if)) == 13
        few = count_statements(client, list_address(WhatIf))
        for _number in range(3):
            WhatIf.objects.create(model=empty.model, asked_by=chief())
        assert count_statements(client, list_address(WhatIf)) == few == 6

    def test_says_that_nothing_was_tried(self) -> None:
        assert "Nothing was tried yet." in logged_in("auditor").get(list_address(WhatIf)).content.decode()


class TestARole:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_tries_what_it_may_put_in_force_and_looks_at_what_it_may_see(self, role: str) -> None:
        client, member = Client(), make_member(role)
        client.force_login(member)
        draft, model = make_narrow_draft(), make_ranking_model()
        subjects = {"terms": draft, "model": model}
        may_try = {"terms": role in ("dispatcher", "admin"), "model": role == "admin"}
        may_see = {"terms": True, "model": role in ("dispatcher", "auditor", "admin")}
        for kind, subject in subjects.items():
            asked = client.post(ASK, {kind: subject.pk})
            assert (asked.status_code, WhatIf.objects.count()) == ((302, 1) if may_try[kind] else (403, 0)), (
                kind
            )
            what_if = ask_what_if(subject, by=chief())
            for page in (address_of(what_if), address_of(what_if, "progress")):
                assert client.get(page).status_code == (200 if may_see[kind] else 404), (kind, page)
            if may_see[kind]:
                offered = "Try on the last 30 days" in client.get(address_of(subject)).content.decode()
                assert offered == may_try[kind], kind
            WhatIf.objects.all().delete()
        assert client.get(list_address(WhatIf)).status_code == 200

    def test_forges_nothing(self) -> None:
        client = logged_in("admin")
        assert client.get(ASK).status_code == 405
        for form in ({}, {"terms": "999"}, {"terms": "x"}, {"model": "1; DROP"}):
            assert client.post(ASK, form).status_code == 404
        what_if = ask_what_if(make_narrow_draft(), by=chief())
        assert client.post(address_of(what_if), {"days": 1}).status_code == 405
        assert client.post(list_address(WhatIf)).status_code == 405
        assert client.post(reverse("admin:leads_whatif_delete", args=[what_if.pk])).status_code == 403
        assert WhatIf.objects.get().days == 30


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_draft_is_tried_watched_read_and_published(make_desk: MakeDesk, scheme: str) -> None:
    make_past_leads()
    draft = make_narrow_draft()
    desk = make_desk(
        color_scheme=scheme, viewport={"width": 390, "height": 844} if scheme == "dark" else None
    )
    desk.log_in("dispatcher")
    page = desk.open(address_of(draft))
    page.get_by_role("button", name="Try on the last 30 days").click()
    expect(page.locator(".wf-badge-large")).to_have_text("Under way")
    assert find_barriers(page) == []

    run_due_jobs()
    expect(page.get_by_role("heading", name="Who would have been offered what")).to_be_visible()
    assert find_barriers(page) == []
    too_wide = (
        "[...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    )
    assert page.evaluate(f"{too_wide}.map(e => e.tagName + '.' + e.className)") == []

    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".wf-badge-large")).to_contain_text("In force")
