"""Saved views of a list: saved, opened, updated, overwritten, renamed and deleted by their owner, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.leads.tests.admin_pages import ROLE_NAMES, make_member, messages_of
from backend.leads.tests.factories import make_category, make_lead, make_staff
from backend.saved_views.models import SavedView
from backend.saved_views.services import VIEWS_MAX, save_view
from backend.users.models import User

pytestmark = pytest.mark.django_db

LEADS = "/admin/leads/lead/"
SAVE = f"{LEADS}views/save/"


@pytest.fixture
def owner(client: Client) -> User:
    member = make_member("verifier")
    client.force_login(member)
    return member


def make_view(owner: User, name: str = "Late ones", query: str = "age=waiting", **fields: Any) -> SavedView:
    values = {"list_label": "leads.lead", "is_default": False, **fields}
    return save_view(owner, values.pop("list_label"), name=name, query=query, **values)


def views() -> list[tuple[str, str, bool]]:
    return list(SavedView.objects.values_list("name", "query", "is_default"))


def bar_of(response: Any) -> Any:
    return response.context["list_parts"][0].shown


class TestSaving:
    def test_keeps_state_filters_search_and_order_and_nothing_of_the_moment(
        self, client: Client, owner: User
    ) -> None:
        shown = "status__exact=new&q=tap&o=-6&age=waiting&p=3&view=9&_at=7&e=1&all="

        response = client.post(SAVE, {"name": " Late ones ", "query": shown, "is_default": "on"})

        assert views() == [("Late ones", "age=waiting&o=-6&q=tap&status__exact=new", True)]
        view = SavedView.objects.get()
        assert (view.owner, view.list_label) == (owner, "leads.lead")
        assert response["Location"] == f"{LEADS}?view={view.pk}"
        assert messages_of(response) == ["“Late ones” is saved."]

    def test_asks_before_it_overwrites_and_says_what(self, client: Client, owner: User) -> None:
        make_view(owner)

        response = client.post(SAVE, {"name": "late ONES", "query": "age=today&status__exact=new"})

        assert views() == [("Late ones", "age=waiting", False)]
        assert (response.context["title"], response.context["before"], response.context["after"]) == (
            "Overwrite “Late ones”?",
            ("Age: New for longer than 4 h",),
            ("New", "Age: Came in today"),
        )
        form = response.context["form"]
        client.post(SAVE, {name: form[name].value() or "" for name in form.fields})
        assert views() == [("Late ones", "age=today&status__exact=new", False)]

    def test_updates_the_one_that_is_open(self, client: Client, owner: User) -> None:
        view = make_view(owner, is_default=True)

        bar = bar_of(client.get(f"{LEADS}?view={view.pk}&age=today"))
        client.post(SAVE, {"name": bar.changed.name, "query": bar.query, "replaces": "on"})

        assert views() == [("Late ones", "age=today", True)]

    @pytest.mark.parametrize(
        ("form", "field", "error"),
        [
            ({"name": "", "query": "age=today"}, "name", "This field is required."),
            ({"name": "x" * 41}, "name", "Ensure this value has at most 40 characters (it has 41)."),
            ({"name": "x", "query": "q=" + "x" * 2000}, "query", "These filters are too long to be saved."),
        ],
    )
    def test_says_what_is_wrong(
        self, client: Client, owner: User, form: dict[str, str], field: str, error: str
    ) -> None:
        response = client.post(SAVE, form)

        assert (response.status_code, response.context["form"].errors[field]) == (422, [error])
        assert views() == []

    def test_has_room_for_so_many(self, client: Client, owner: User) -> None:
        for number in range(VIEWS_MAX):
            make_view(owner, f"view {number}")

        response = client.post(SAVE, {"name": "one more", "query": "age=today"})

        assert response.context["form"].errors["name"] == [
            "You have 30 views of this list, which is the most: delete one first."
        ]
        assert SavedView.objects.count() == VIEWS_MAX

    def test_opens_one_first_at_most(self, client: Client, owner: User) -> None:
        make_view(owner, is_default=True)
        make_view(owner, "of offers", list_label="leads.leadassignment", is_default=True)

        client.post(SAVE, {"name": "Mine", "query": "age=today", "is_default": "on"})

        assert views() == [
            ("Late ones", "age=waiting", False),
            ("Mine", "age=today", True),
            ("of offers", "age=waiting", True),
        ]


class TestOpening:
    def test_goes_to_its_filters_and_marks_it(self, client: Client, owner: User) -> None:
        view = make_view(owner, query="age=waiting&status__exact=new")

        response = client.get(f"{LEADS}?view={view.pk}")
        assert response["Location"] == f"?age=waiting&status__exact=new&view={view.pk}"
        bar = bar_of(client.get(LEADS + response["Location"]))

        assert [(entry.name, entry.is_current) for entry in bar.entries] == [("Late ones", True)]
        assert (bar.changed, bar.everything.is_current) == (None, False)

    def test_is_done_by_the_default_alone_and_not_when_everything_is_asked_for(
        self, client: Client, owner: User
    ) -> None:
        make_view(owner)
        assert client.get(LEADS).status_code == 200
        view = make_view(owner, "First", "age=today", is_default=True)

        assert client.get(LEADS)["Location"] == f"?age=today&view={view.pk}"
        assert client.get(f"{LEADS}?view=none").status_code == 200
        assert client.get(f"{LEADS}?age=7").status_code == 200
        assert client.get("/admin/leads/leadassignment/").status_code == 200

    def test_of_everything_shows_everything(self, client: Client, owner: User) -> None:
        view = make_view(owner, "All", "", is_default=True)

        response = client.get(LEADS, follow=True)

        assert response.status_code == 200
        assert bar_of(client.get(f"{LEADS}?view={view.pk}")).entries[0].is_current

    def test_goes_on_without_what_the_list_knows_no_more(self, client: Client, owner: User) -> None:
        category = make_category()
        query = (
            f"age=waiting&category__id__exact={category.pk}&colour=red&contact__confirmed_by__password=x&o=2"
        )
        view = make_view(owner, query=query)
        key = category.pk
        category.delete()

        response = client.get(f"{LEADS}?view={view.pk}")

        assert response["Location"] == f"?age=waiting&o=2&view={view.pk}"
        (message,) = messages_of(response)
        assert message == (
            f"“Late ones” is shown without what this list knows no more: category__id__exact={key}, colour=red, "
            "contact__confirmed_by__password=x.  Save it to keep it so."
        )
        assert client.get(LEADS + response["Location"]).status_code == 200

    def test_ends_also_when_nothing_is_left_of_it(self, client: Client, owner: User) -> None:
        make_view(owner, query="colour=red&status__exact=stolen", is_default=True)

        response = client.get(LEADS, follow=True)

        assert (response.status_code, len(response.redirect_chain)) == (200, 1)

    @pytest.mark.parametrize("key", ["0", "999999", "x", "9" * 40, "-1", "٣"])
    def test_says_that_there_is_none(self, client: Client, owner: User, key: str) -> None:
        response = client.get(f"{LEADS}?view={key}")

        assert response["Location"] == "?view=none"
        assert messages_of(response) == ["You have no such view: it may have been deleted."]


class TestChanging:
    def test_renames_and_opens_first(self, client: Client, owner: User) -> None:
        view, other = make_view(owner), make_view(owner, "Other", is_default=True)

        client.post(f"{LEADS}views/{view.pk}/", {"name": "Morning", "is_default": "on"})

        assert views() == [("Morning", "age=waiting", True), ("Other", "age=waiting", False)]
        response = client.post(f"{LEADS}views/{other.pk}/", {"name": "MORNING"})
        assert response.context["form"].errors["name"] == ["You have a view called “MORNING” already."]
        assert views() == [("Morning", "age=waiting", True), ("Other", "age=waiting", False)]

    def test_deletes_after_asking(self, client: Client, owner: User) -> None:
        view = make_view(owner)
        make_lead()

        page = client.get(f"{LEADS}views/{view.pk}/delete/")

        assert (page.context["title"], len(views())) == ("Delete “Late ones”?", 1)
        client.post(f"{LEADS}views/{view.pk}/delete/")
        assert views() == []

    def test_lists_what_each_shows(self, client: Client, owner: User) -> None:
        assert "None yet." in client.get(f"{LEADS}views/").content.decode()
        make_view(owner, query="status__exact=won&q=tap&o=1")
        make_view(owner, "Broken", "colour=red")

        rows = client.get(f"{LEADS}views/").context["rows"]

        assert [(row["view"].name, row["words"]) for row in rows] == [
            ("Broken", ("colour=red",)),
            ("Late ones", ("Won", "Search: “tap”", "in an order of its own")),
        ]


class TestViewsOfOthers:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_are_neither_seen_nor_changed(self, client: Client, role: str) -> None:
        view = make_view(make_member(role), is_default=True)
        mine = make_view(make_member(role), list_label="users.providerprofile")
        client.force_login(mine.owner)

        assert bar_of(client.get(LEADS)).entries == ()
        assert bar_of(client.get(f"{LEADS}?view={view.pk}&age=7")).changed is None
        assert client.get(f"{LEADS}views/").context["rows"] == []
        for key in (view.pk, mine.pk):  # another's, and one's own of another list
            assert client.get(f"{LEADS}?view={key}")["Location"] == "?view=none"
            for page in (f"{LEADS}views/{key}/", f"{LEADS}views/{key}/delete/"):
                assert client.get(page).status_code == 404
                assert client.post(page, {"name": "mine now"}).status_code == 404
        client.post(SAVE, {"name": view.name, "query": "age=today", "replaces": "on"})
        assert list(
            SavedView.objects.filter(pk=view.pk).values_list("name", "query", "is_default", "owner")
        ) == [("Late ones", "age=waiting", True, view.owner_id)]

    def test_of_a_list_that_one_may_not_see_are_refused(self, client: Client) -> None:
        somebody = make_staff("view_category")
        client.force_login(somebody)
        view = make_view(somebody, is_default=True)

        for page in ("", "views/", f"views/{view.pk}/", f"views/{view.pk}/delete/"):
            assert client.get(LEADS + page).status_code == 403
        for page in ("views/save/", f"views/{view.pk}/", f"views/{view.pk}/delete/"):
            assert client.post(LEADS + page, {"name": "x", "query": "age=7"}).status_code == 403
        assert views() == [("Late ones", "age=waiting", True)]

    def test_want_a_post_to_be_saved(self, client: Client, owner: User) -> None:
        assert client.get(f"{SAVE}?name=x&query=age%3D7").status_code == 405
        assert client.post(f"{LEADS}views/").status_code == 405
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(owner)
        assert strict.post(SAVE, {"name": "x", "query": "age=7"}).status_code == 403
        assert views() == []


@pytest.mark.parametrize("label", ["leads_leadassignment", "users_providerprofile", "users_user", "jobs_job"])
def test_every_list_to_work_through_has_them(client: Client, label: str) -> None:
    client.force_login(make_member("admin"))
    changelist = reverse(f"admin:{label}_changelist")

    client.post(
        reverse(f"admin:{label}_saved_views_save"), {"name": "Mine", "query": "q=a", "is_default": "on"}
    )
    response = client.get(changelist, follow=True)

    assert response.redirect_chain[0][0] == f"?q=a&view={SavedView.objects.get().pk}"
    assert [entry.name for entry in bar_of(response).entries] == ["Mine"]
