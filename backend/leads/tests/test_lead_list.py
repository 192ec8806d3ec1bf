"""The list of leads: what its filters and its search find, for whom, by how many statements, and by which index."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backend.catalog.models import City
from backend.leads.admin.lead_search import search_leads
from backend.leads.admin.offer_list import describe_next_step_of_offer
from backend.leads.models import Lead, LeadAssignment
from backend.leads.selectors import list_sources
from backend.leads.tests.admin_pages import ROLE_NAMES, count_statements, list_address, make_member
from backend.leads.tests.factories import (
    QUOTES,
    chief,
    make_accepted_offer,
    make_lead,
    make_market,
    make_provider,
    make_staff,
    make_verified_lead,
)
from workflows import clock

pytestmark = pytest.mark.django_db

LEADS = "/admin/leads/lead/"
NOON = datetime.datetime(2026, 6, 10, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)

# Session, user and its permissions (4), saved views, tabs, count, rows; for the filters categories, sources and terms.
STATEMENTS = 10


@pytest.fixture
def _login(client: Client) -> None:
    client.force_login(make_member("verifier"))


def found(client: Client, **asked: str) -> set[str]:
    """Return the titles of the leads that are listed."""
    changelist = client.get(list_address(Lead), asked).context["cl"]
    return {lead.title for lead in changelist.result_list}


def chips_of(client: Client, **asked: str) -> list[str]:
    chips = client.get(list_address(Lead), asked).context["list_chips"]
    return [chip.text for chip in chips.all]


@pytest.mark.usefixtures("_login")
class TestPlace:
    @pytest.fixture(autouse=True)
    def _leads(self) -> None:
        City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
        City.objects.create(name="Suva", country_code="FJ", latitude=-18.14, longitude=178.44)
        make_lead(title="Berlin", place_name="Berlin")
        make_lead(title="Potsdam", place_name="Potsdam", latitude=52.39, longitude=13.065)
        make_lead(title="Leipzig", place_name="Leipzig", latitude=51.34, longitude=12.37)
        make_lead(title="Over the date line", place_name="Lau", latitude=-18.2, longitude=-178.8)

    @pytest.mark.parametrize(
        ("asked", "titles"),
        [
            ({"place": "Berlin"}, {"Berlin"}),
            ({"place": "Berlin", "within": "10"}, {"Berlin"}),
            # Potsdam is 27 km away.
            ({"place": "berlin (de)", "within": "50"}, {"Berlin", "Potsdam"}),
            ({"place": "Berlin", "within": "100000"}, {"Berlin"}),
            ({"place": "Suva", "within": "100"}, set()),
            ({"place": "Pots"}, {"Potsdam"}),
            ({"place": "Atlantis"}, set()),
            ({"within": "50"}, {"Berlin", "Potsdam", "Leipzig", "Over the date line"}),
        ],
    )
    def test_is_a_circle_around_a_city_or_a_part_of_a_name(
        self, client: Client, asked: dict[str, str], titles: set[str]
    ) -> None:
        assert found(client, **asked) == titles

    def test_goes_round_the_globe(self, client: Client) -> None:
        City.objects.create(name="Taveuni", country_code="FJ", latitude=-18.2, longitude=179.9)

        assert found(client, place="Taveuni", within="100") == set()
        Lead.objects.filter(title="Over the date line").update(longitude=-179.6)
        assert found(client, place="Taveuni", within="100") == {"Over the date line"}

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            ({"place": "Berlin"}, "Place: within 25 km of Berlin (DE)"),
            ({"place": "Berlin", "within": "100"}, "Place: within 100 km of Berlin (DE)"),
            ({"place": "Pots"}, "Place: “Pots” in its name"),
        ],
    )
    def test_says_how_it_was_understood(self, client: Client, asked: dict[str, str], text: str) -> None:
        assert chips_of(client, **asked) == [text]
        assert chips_of(client, within="50") == []


@pytest.mark.usefixtures("_login")
class TestFilters:
    def test_tell_new_from_late_and_open_from_overdue(self, client: Client) -> None:
        with clock.at(NOON - 40 * 24 * HOUR):
            make_lead(title="past its deadline")
        with clock.at(NOON - 13 * HOUR):
            make_lead(title="since yesterday")
        with clock.at(NOON - HOUR):
            make_lead(title="just now")
        with clock.at(NOON):
            everything = {"past its deadline", "since yesterday", "just now"}
            assert found(client, age="today") == {"just now"}
            assert found(client, age="7") == {"since yesterday", "just now"}
            assert found(client, age="90") == everything
            assert found(client, age="waiting") == {"past its deadline", "since yesterday"}
            assert found(client, age="overdue") == {"past its deadline"}
            assert found(client, age="a year") == everything
            assert chips_of(client, age="waiting") == ["Age: New for longer than 4 h"]

    def test_go_by_whom_it_was_offered_to(self, client: Client) -> None:
        acme, other = make_market(providers=0), make_market(providers=0)
        make_provider(acme, company_name="Acme")
        make_provider(other, company_name="Acme Heating")
        for category, title in ((acme, "to Acme"), (other, "to Acme Heating")):
            make_lead(category, title=title).verify(by=chief())
        make_lead(title="to nobody")

        assert found(client, provider="acme") == {"to Acme"}
        assert found(client, provider="Heat") == {"to Acme Heating"}
        assert found(client, provider="acm") == {"to Acme", "to Acme Heating"}
        assert found(client, provider="Nobody Ltd") == set()
        LeadAssignment.objects.get(provider__company_name="Acme").decline(by=chief(), reason="too_far")
        assert found(client, provider="Acme") == {"to Acme"}

    def test_go_by_category_source_and_urgency(self, client: Client) -> None:
        category = make_market(providers=0)
        make_lead(category, title="one", source="page", urgency="now")
        make_lead(title="other", source="phone")

        assert found(client, category__id__exact=str(category.pk)) == {"one"}
        assert found(client, source="phone") == {"other"}
        assert found(client, urgency__exact="now") == {"one"}
        assert chips_of(client, source="phone", urgency__exact="now") == [
            "Urgency: At once",
            "Source: phone",
        ]

    def test_take_no_notice_of_what_is_no_choice(self, client: Client) -> None:
        make_lead(title="one")

        assert found(client, source="fax", urgency__exact="x", category__id__exact="x") == {"one"}
        assert chips_of(client, source="fax") == ["Source: “fax” is not known"]

    def test_know_each_source_once(self) -> None:
        assert list_sources() == []
        for source in ("phone", "page", "phone", "api", "page"):
            make_lead(source=source)

        assert list_sources() == ["api", "page", "phone"]

    def test_suggest_what_may_be_meant(self, client: Client) -> None:
        City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
        make_provider(company_name="Sunny Roofs")

        def suggested(name: str, term: str) -> Any:
            return client.get(reverse("admin:leads_lead_suggest", args=[name]), {"term": term}).json()

        assert suggested("place", "ber") == {"suggestions": ["Berlin (DE)"]}
        assert suggested("provider", "roof") == {"suggestions": ["Sunny Roofs"]}
        assert suggested("provider", " \0") == {"suggestions": []}
        assert client.get(reverse("admin:leads_lead_suggest", args=["phone"])).status_code == 404

    def test_suggest_nothing_to_whoever_may_not_see_leads(self, client: Client) -> None:
        client.force_login(make_staff("view_user"))

        assert client.get(reverse("admin:leads_lead_suggest", args=["provider"])).status_code == 403


class TestSearch:
    @pytest.fixture(autouse=True)
    def _lead(self) -> None:
        lead = make_lead(
            title="A dripping tap",
            text="In the kitchen-sink, it's urgent",
            place_name="Berlin",
            email="marie.seidel@example.org",
            phone="+49 170 1234567",
        )
        contact = lead.contact
        contact.name = "Marie Seidel"
        contact.save()
        Lead.objects.filter(pk=lead.pk).update(reference="L-7K3M9QX2")
        make_lead(title="Another", reference="L-ABCDEFGH", phone="+44 20 7946 0522")

    def find(self, words: str, *, with_contacts: bool = True) -> list[str]:
        leads = search_leads(Lead.objects.all(), words, with_contacts=with_contacts)
        return list(leads.values_list("reference", flat=True))

    @pytest.mark.parametrize(
        "words",
        [
            "L-7K3M9QX2",
            "l-7k3m",
            "7K3M9",
            "dripping",
            "DRIPPING berl",
            "kitchen",
            "sink it's",
            "marie",
            "seidel drip",
            "Marie Seidel Berlin",
            "marie.seidel@example.org",
            "marie.sei",
            "+49 170 1234567",
            "+49 (170) 123-4567",
            "0049 170 1234567",
            "0170 / 123 45 67",
            "01701234567",
            "1234567",
        ],
    )
    def test_finds_it_however_it_is_said(self, words: str) -> None:
        assert self.find(words) == ["L-7K3M9QX2"]

    @pytest.mark.parametrize(
        "words",
        [
            "ripping",
            "dripping Hamburg",
            "+49 170 1234568",
            "170123",
            "!",
            "'",
            "\\",
            "a & b",
            ":*",
            "\0x",
            "%",
            "L-",
        ],
    )
    def test_finds_nothing_else(self, words: str) -> None:
        assert "L-7K3M9QX2" not in self.find(words) or words == "L-"

    @pytest.mark.parametrize(
        "words", ["marie", "seidel", "marie.seidel@example.org", "0170 1234567", "1234567"]
    )
    def test_finds_nobody_by_a_contact_that_may_not_be_seen(self, words: str) -> None:
        assert self.find(words, with_contacts=False) == []

    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_asks_the_role_who_may(self, client: Client, role: str) -> None:
        member = make_member(role)
        client.force_login(member)
        may_see = member.has_perm("leads.view_leadcontact")

        assert found(client, q="Seidel") == ({"A dripping tap"} if may_see else set())
        assert found(client, q="0170 1234567") == ({"A dripping tap"} if may_see else set())
        assert found(client, q="dripping") == {"A dripping tap"}

    def test_finds_everything_by_nothing(self) -> None:
        assert len(self.find("  ")) == 2


class TestStatements:
    @pytest.mark.parametrize("count", [20, 100])
    def test_are_as_many_whatever_is_listed(self, client: Client, count: int) -> None:
        category = make_market(providers=2)
        for number in range(count):
            lead = make_lead(category)
            if number % 10 == 0:
                lead.verify(by=chief())
        client.force_login(make_member("verifier"))

        assert len(client.get(LEADS).context["cl"].result_list) == count
        assert count_statements(client, LEADS) == STATEMENTS
        # The city that is meant, and whether a company is called so.
        assert (
            count_statements(client, f"{LEADS}?place=Berlin&provider=x&age=7&q=tap&status__exact=new")
            == STATEMENTS + 2
        )


class TestNextStepOfAnOffer:
    def test_is_the_answer_of_the_provider_until_its_end(self) -> None:
        offer = make_verified_lead().assignments.get()

        assert describe_next_step_of_offer(offer) == (
            f'<span class="wf-step wf-waits">Answer due {offer.expires_at:%-d %b %H:%M}</span>'
        )
        with clock.at(offer.starts_at - HOUR):
            assert "Opens " in describe_next_step_of_offer(offer)
        with clock.at(offer.expires_at):
            assert "Expires now" in describe_next_step_of_offer(offer)

    def test_is_a_quote_then_the_client_then_nothing(self) -> None:
        offer = make_accepted_offer()
        assert "Waits for a quote" in describe_next_step_of_offer(offer)
        offer.lead.record_quote(by=QUOTES, assignment=offer)
        assert "Award: waits for the client" in describe_next_step_of_offer(offer)
        offer.lead.award(by=chief(), assignment=offer)
        offer = LeadAssignment.objects.get()
        assert describe_next_step_of_offer(offer) == ""


def fill_table(rows: int) -> None:
    """Let there be so many leads, unlike each other.  No event is logged: nothing reads them but a plan."""
    model = make_lead(source="page")
    City.objects.create(name="Berlin", country_code="DE", latitude=52.52, longitude=13.405)
    own = {
        "id",
        "reference",
        "contact_id",
        "created_at",
        "state_since",
        "title",
        "latitude",
        "longitude",
        "source",
    }
    copied = [f.column for f in Lead._meta.concrete_fields if f.column not in own]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO leads_leadcontact (id, name, email, phone, email_key, phone_key, is_placeholder)"
            " SELECT 1000000 + n, md5(n::text), '', '', '', '+4917' || lpad(n::text, 8, '0'), false"
            " FROM generate_series(1, %s) AS n",
            [rows],
        )
        cursor.execute(
            "INSERT INTO leads_lead (id, reference, contact_id, created_at, state_since, title, latitude, longitude,"
            f" source, {', '.join(copied)})"
            " SELECT 1000000 + n, 'L-' || n, 1000000 + n, now() - n * interval '1 hour', now() - n * interval '1 hour',"
            " md5(n::text), (n * 7) %% 90, (n * 13) %% 180, CASE WHEN n %% 50 = 0 THEN 'phone' ELSE 'page' END,"
            f" {', '.join(copied)} FROM leads_lead, generate_series(1, %s) AS n WHERE id = %s",
            [rows, model.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        cursor.execute("ANALYZE leads_lead, leads_leadcontact")


PLANS: list[tuple[dict[str, str], set[str]]] = [
    ({}, {"lead_newest"}),
    ({"status__exact": "won"}, {"lead_by_state"}),
    ({"source": "phone"}, {"lead_from_source"}),
    ({"place": "Berlin"}, {"lead_by_place"}),
    ({"q": "dripping"}, {"lead_by_words", "contact_by_words", "leads_lead_reference"}),
    ({"q": "0170 1234567"}, {"lead_by_words", "contact_by_end_of_phone"}),
    ({"q": "+49 170 1234567"}, {"lead_by_words", "contact_by_phone"}),
]


@pytest.mark.usefixtures("_login")
class TestPlans:
    def test_read_a_page_by_indexes_and_never_every_lead(self, client: Client) -> None:
        fill_table(5000)
        for asked, indexes in PLANS:
            page = client.get(LEADS, asked).context["cl"].queryset[:100]

            plan = str(page.explain())

            assert [name for name in indexes if name not in plan] == [], (asked, plan)
            assert "Seq Scan on leads_lead " not in plan, (asked, plan)

    def test_know_the_sources_without_reading_every_lead(self) -> None:
        fill_table(5000)
        with CaptureQueriesContext(connection) as queries:
            assert list_sources() == ["page", "phone"]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {queries[0]['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert "Index Only Scan using lead_from_source" in plan
        assert "Seq Scan" not in plan
