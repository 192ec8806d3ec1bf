"""The page of a provider: its map, capacity, scorecard and exclusions, for whoever may see them."""

from __future__ import annotations

import datetime
import math
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from backend.catalog.models import City
from backend.leads.admin.provider_page.area_map import build_area_map
from backend.leads.admin.provider_page.meters import build_meters
from backend.leads.admin.provider_page.page import ProviderPage
from backend.leads.admin.provider_page.projection import Place, Projection
from backend.leads.models import Lead, LeadAssignment
from backend.leads.tests.admin_pages import ROLE_NAMES, address_of, count_statements, make_member
from backend.leads.tests.factories import (
    chief,
    make_category,
    make_lead,
    make_market,
    make_provider,
    make_staff,
)
from backend.matching.models import ProviderLoad
from backend.matching.tests.factories import BERLIN, HAMBURG, POTSDAM
from backend.users.models import ProviderProfile
from workflows import TransitionRecord

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 6, 30, 12, 0, tzinfo=datetime.UTC)
SEES_THE_MARKET = ("view_providerprofile", "view_lead", "view_leadassignment", "view_routingdecision")
STATEMENTS = 16


def make_busy_provider() -> ProviderProfile:
    """Return a provider that was offered a lead, and kept from another by its languages."""
    category = make_market(providers=0)
    provider = make_provider(category, place_name="Berlin", company_name="Acme & Sons")
    make_lead(category).verify(by=chief())
    make_lead(category, language="pl").verify(by=chief())
    return provider


def page_of(client: Client, provider: ProviderProfile) -> ProviderPage:
    page: ProviderPage = client.get(address_of(provider)).context["provider_page"]
    return page


class TestProjection:
    @pytest.mark.parametrize(
        ("centre", "place", "expected"),
        [
            ((0.0, 0.0), (1.0, 0.0), (0, -111.2)),
            # Over the date line, east of it.
            ((0.0, 179.5), (0.0, -179.5), (111.2, 0)),
            ((0.0, -179.5), (0.0, 179.5), (-111.2, 0)),
            # Over the pole the way begins northwards.
            ((89.5, 0.0), (89.5, 180.0), (0, -111.2)),
            ((-89.5, 0.0), (-89.5, 180.0), (0, 111.2)),
        ],
    )
    def test_is_true_to_scale_over_date_line_and_poles(
        self, centre: Place, place: Place, expected: tuple[float, float]
    ) -> None:
        x, y = Projection(centre, 0, 0, scale=1).place(place)
        assert (round(x, 1) + 0.0, round(y, 1) + 0.0) == expected

    def test_keeps_distances_from_the_middle_at_a_high_latitude(self) -> None:
        x, y = Projection((78.22, 15.65), 0, 0, scale=2).place((78.22, 16.65))
        # A degree of longitude has 22.7 km there.
        assert math.hypot(x, y) / 2 == pytest.approx(22.7, abs=0.05)


class TestAreaMap:
    def test_draws_circle_scale_and_cities_that_are_near(self) -> None:
        for name, (latitude, longitude) in {"Berlin": BERLIN, "Potsdam": POTSDAM, "Hamburg": HAMBURG}.items():
            City.objects.create(name=name, country_code="DE", latitude=latitude, longitude=longitude)

        drawn = build_area_map(make_provider(place_name="Berlin", radius_km=40), offers=[])

        assert (drawn.rim.text, drawn.radius, drawn.home and drawn.home.text) == ("40 km", 160, "Berlin")
        assert [dot.label.text for dot in drawn.cities] == ["Potsdam"]
        assert (drawn.scale_bar.words, drawn.scale_bar.length) == ("20 km", 80)
        assert drawn.description == ("40 km around Berlin (52.5200, 13.4050); north is up. Near it: Potsdam.")

    def test_puts_a_lead_where_it_is_and_says_what_became_of_the_offer(self) -> None:
        category = make_category()
        provider = make_provider(category, radius_km=40)
        make_lead(category, latitude=POTSDAM[0], longitude=POTSDAM[1]).verify(by=chief())

        (point,) = build_area_map(provider, offers=provider.assignments.all()).points

        assert point.outcome == "offered"
        # 27 km to the south west, at four units per km.
        assert (round(point.x), round(point.y)) == (128, 258)

    def test_counts_leads_beyond_it(self) -> None:
        category = make_category()
        provider = make_provider(category, radius_km=500)
        make_lead(category, latitude=HAMBURG[0], longitude=HAMBURG[1]).verify(by=chief())
        ProviderProfile.objects.filter(pk=provider.pk).update(radius_km=5)
        provider.refresh_from_db()

        drawn = build_area_map(provider, offers=provider.assignments.all())

        assert (drawn.points, drawn.legend, drawn.outside_count) == ((), (), 1)

    def test_never_writes_one_name_over_another(self) -> None:
        for number in range(80):
            City.objects.create(
                name=f"Place number {number}",
                country_code="DE",
                latitude=BERLIN[0] + number % 9 * 0.02,
                longitude=BERLIN[1] + number // 9 * 0.03,
            )

        cities = build_area_map(make_provider(), offers=None).cities

        boxes = [dot.label.box for dot in cities]
        assert len(boxes) > 5
        assert not any(one.meets(other) for one in boxes for other in boxes if one is not other)

    @pytest.mark.parametrize("radius_km", [0.1, 2000])
    def test_is_drawn_for_the_smallest_and_the_largest_area(self, radius_km: float) -> None:
        drawn = build_area_map(make_provider(radius_km=radius_km), offers=None)
        assert drawn.scale_bar.words == {0.1: "50 m", 2000: "1,000 km"}[radius_km]


class TestMeters:
    def test_tell_what_is_in_use_and_what_is_left(self) -> None:
        provider = make_provider(
            open_offers_max=2, leads_per_day_max=0, leads_per_month_max=4, time_zone="Pacific/Auckland"
        )
        load = ProviderLoad(
            open_offers=2,
            day_date=datetime.date(2026, 7, 1),
            offers_on_day=0,
            month_date=datetime.date(2026, 7, 1),
            offers_in_month=1,
        )

        meters = build_meters(provider, load, at=NOON)

        assert [(one.name, one.used, one.limit, one.room, one.percent) for one in meters] == [
            ("open", 2, 2, "full", 100),
            ("day", 0, 0, "takes none", 100),
            ("month", 1, 4, "room for 3", 25),
        ]

    def test_count_nothing_of_a_day_and_month_that_are_over(self) -> None:
        load = ProviderLoad(
            day_date=datetime.date(2026, 6, 29),
            offers_on_day=3,
            month_date=datetime.date(2026, 5, 1),
            offers_in_month=9,
        )
        assert [one.used for one in build_meters(make_provider(), load, at=NOON)] == [0, 0, 0]


class TestProviderPage:
    def test_takes_as_many_statements_however_much_there_is(self, client: Client) -> None:
        provider = make_busy_provider()
        client.force_login(make_member("dispatcher"))
        few = count_statements(client, address_of(provider))
        for _lead in range(4):
            make_lead(provider.categories.get()).verify(by=chief())

        assert (few, count_statements(client, address_of(provider))) == (STATEMENTS, STATEMENTS)

    def test_leads_from_a_rule_to_the_answer_on_the_lead(self, client: Client) -> None:
        provider = make_busy_provider()
        client.force_login(make_member("auditor"))

        (row,) = page_of(client, provider).exclusions or ()

        (link,) = row.links
        assert (row.sentence, row.count.leads) == ("does not speak the language", 1)
        answer = client.get(link.address).context["why_not"].answers[0]
        assert answer.then == ("wave 1: does not speak the language",)

    def test_leads_from_each_outcome_to_the_offers_behind_it(self, client: Client) -> None:
        provider = make_busy_provider()
        client.force_login(make_member("finance"))
        score = page_of(client, provider).score
        assert score is not None

        outcomes = {one.state: one for one in score.outcomes}

        assert {state: one.count for state, one in outcomes.items()} == {
            **dict.fromkeys(LeadAssignment.Status.values, "0"),
            "offered": "1",
        }
        assert parse_qs(urlsplit(outcomes["offered"].address).query)["provider__id__exact"] == [
            str(provider.pk)
        ]
        listed = client.get(outcomes["offered"].address).context["cl"].queryset
        assert [offer.provider for offer in listed] == [provider]
        assert list(client.get(outcomes["won"].address).context["cl"].queryset) == []

    def test_says_of_a_new_provider_that_there_is_nothing_yet(self, client: Client) -> None:
        client.force_login(make_member("dispatcher"))

        page = client.get(address_of(make_provider(is_active=False))).content.decode()

        assert "No offers yet: leads that it is offered will show here." in page
        assert "Nothing yet: it had no offer in these days." in page
        assert "It offers no category: it is not ranked anywhere." in page
        assert "Nothing kept a lead from it in the last 30 days" in page
        assert "It was never offered a lead: only active providers are." in page


class TestRoles:
    @pytest.mark.parametrize("role", ROLE_NAMES)
    def test_see_all_of_it_and_change_nothing_by_looking(self, role: str, client: Client) -> None:
        provider = make_busy_provider()
        client.force_login(make_member(role))
        before = TransitionRecord.objects.count()

        page = page_of(client, provider)

        assert None not in (page.score, page.ranking, page.exclusions, page.recent_offers)
        assert (len(page.area_map.points), TransitionRecord.objects.count()) == (1, before)

    @pytest.mark.parametrize(
        ("missing", "hidden"),
        [
            ("view_lead", {"score", "ranking", "exclusions", "recent_offers"}),
            ("view_leadassignment", {"score", "ranking", "recent_offers"}),
            ("view_routingdecision", {"exclusions"}),
        ],
    )
    def test_show_no_part_that_somebody_may_not_see(
        self, missing: str, hidden: set[str], client: Client
    ) -> None:
        provider = make_busy_provider()
        client.force_login(make_staff(*(one for one in SEES_THE_MARKET if one != missing)))

        response = client.get(address_of(provider))

        page = response.context["provider_page"]
        parts = ("score", "ranking", "exclusions", "recent_offers")
        assert {part for part in parts if getattr(page, part) is None} == hidden
        assert page.area_map.has_offers is ("recent_offers" not in hidden)
        if missing == "view_lead":
            assert not any(lead.reference in response.content.decode() for lead in Lead.objects.all())

    @pytest.mark.parametrize("role", [role for role in ROLE_NAMES if role not in ("dispatcher", "admin")])
    def test_are_refused_a_forged_change(self, role: str, client: Client) -> None:
        provider = make_busy_provider()
        client.force_login(make_member(role))

        response = client.post(address_of(provider), {"open_offers_max": 99, "radius_km": 900})

        assert response.status_code == 403
        stored = ProviderProfile.objects.get(pk=provider.pk)
        assert (stored.open_offers_max, stored.radius_km) == (5, 25)
