"""The search: who is found, who is not and why, counts, index and number of statements."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.catalog.models import Category
from backend.matching import search as search_module
from backend.matching.coverage import refresh_coverage
from backend.matching.eligibility import explain_provider
from backend.matching.geography import EARTH_RADIUS_KM
from backend.matching.search import LOOK_AROUND_KM, SEARCH_SQL, find_candidates, search_parameters
from backend.matching.tests.factories import (
    BERLIN,
    HAMBURG,
    POTSDAM,
    ids,
    make_category,
    make_provider,
    make_request,
    set_load,
)
from backend.matching.values import Candidate, Exclusion
from backend.users.models import ProviderProfile

pytestmark = pytest.mark.django_db


def haversine_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance by the haversine formula: another way than the code under test takes."""
    (lat1, lon1), (lat2, lon2) = ([math.radians(degrees) for degrees in place] for place in (one, other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1, math.sqrt(half)))


class TestFindCandidates:
    def test_finds_who_covers_the_place_in_the_category(self) -> None:
        plumbing, painting = make_category(), make_category()
        here = make_provider(plumbing, place=BERLIN, company_name="Here")
        make_provider(painting, place=BERLIN)
        make_provider(plumbing, place=HAMBURG)
        found = find_candidates(make_request(plumbing))
        assert ids(found.eligible) == [here.pk]
        assert (found.eligible[0].company_name, found.eligible[0].user_id) == ("Here", here.user_id)
        assert found.eligible[0].distance_km == pytest.approx(0, abs=1e-6)
        assert (found.excluded, found.eligible_count, dict(found.counts)) == ((), 1, {})

    def test_names_near_misses_as_too_far(self) -> None:
        category = make_category()
        near = make_provider(category, place=POTSDAM, radius_km=20)
        found = find_candidates(make_request(category))
        assert [(one.provider_id, one.rule_code) for one in found.excluded] == [(near.pk, "too_far")]
        assert found.excluded[0].distance_km == pytest.approx(haversine_km(BERLIN, POTSDAM), abs=1e-6)
        assert (found.eligible_count, dict(found.counts)) == (0, {"too_far": 1})

    def test_tells_the_first_rule_of_a_near_miss_not_the_distance_alone(self) -> None:
        category = make_category()
        make_provider(category, place=POTSDAM, radius_km=20, is_active=False)
        assert dict(find_candidates(make_request(category)).counts) == {"not_active": 1}

    def test_finds_nobody_where_nobody_is(self) -> None:
        found = find_candidates(make_request(make_category()))
        assert (found.eligible, found.excluded, found.eligible_count, dict(found.counts)) == ((), (), 0, {})

    def test_orders_by_rating_then_distance(self) -> None:
        category = make_category()
        far = make_provider(category, place=POTSDAM, radius_km=100, rating=4.0)
        near = make_provider(category, place=BERLIN, radius_km=100, rating=4.0)
        best = make_provider(category, place=POTSDAM, radius_km=100, rating=5.0)
        assert ids(find_candidates(make_request(category)).eligible) == [best.pk, near.pk, far.pk]

    def test_looks_no_further_where_there_are_enough_near_misses(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        category = make_category()
        gaps_km = {
            make_provider(category, place=(52.52, 13.8), radius_km=km).pk: 26.7 - km for km in (26, 25, 24, 9)
        }
        nearest = [pk for pk, _gap in sorted(gaps_km.items(), key=lambda one: one[1])]
        for limit, expected in ((2, nearest[:2]), (3, nearest[:3]), (4, nearest)):
            monkeypatch.setattr(search_module, "NEAR_LIMIT", limit)
            monkeypatch.setattr(search_module, "SEARCH_SQL", search_module.search_sql(with_rooms=False))
            found = find_candidates(make_request(category))
            assert sorted(ids(found.excluded)) == sorted(expected)
            assert dict(found.counts) == {"too_far": limit}

    def test_takes_one_statement(self, django_assert_num_queries: Any) -> None:
        category = make_category()
        make_provider(category)
        make_provider(category, place=POTSDAM, radius_km=20)
        with django_assert_num_queries(1):
            find_candidates(make_request(category))

    def test_counts_everybody_when_the_lists_are_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        category = make_category()
        for _ in range(3):
            make_provider(category)
            make_provider(category, is_active=False)
            set_load(make_provider(category), open_offers=5)
        cut = SEARCH_SQL.replace("LIMIT 400", "LIMIT 2").replace("LIMIT 200", "LIMIT 1")
        assert cut != SEARCH_SQL
        monkeypatch.setattr(search_module, "SEARCH_SQL", cut)
        found = find_candidates(make_request(category))
        assert (len(found.eligible), len(found.excluded)) == (2, 1)
        assert found.eligible_count == 3
        assert dict(found.counts) == {"not_active": 3, "open_offers_full": 3}

    def test_uses_the_gist_index_for_each_branch_and_starts_no_processes(self) -> None:
        request = make_request(make_category())
        with connection.cursor() as cursor:
            # Rows without their providers: a replica does not check foreign keys.  Over the whole globe.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                """
                INSERT INTO matching_coveragearea
                    (provider_id, category_id, piece, area, ux, uy, uz, cos_radius, prior)
                SELECT n, %s, 0, box(point(1000 * %s + east, north), point(1000 * %s + east + 0.5, north + 0.5)),
                       1, 0, 0, 0.9999, 0.5
                FROM generate_series(1, 20000) AS n,
                     LATERAL (SELECT (n * 7919) %% 359 - 180 AS east, (n * 104729) %% 169 - 85 AS north) AS place
                """,
                [request.category_id] * 3,
            )
            cursor.execute("ANALYZE matching_coveragearea")
            cursor.execute(f"EXPLAIN {SEARCH_SQL}", search_parameters(request))
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert plan.count("coverage_area_gist") == 3, plan
        assert "Gather" not in plan, plan
        assert "Seq Scan on matching_coveragearea" not in plan

    def test_agrees_with_the_explanation_of_each_provider(self) -> None:
        category = make_category()
        make_provider(category)
        make_provider(category, is_active=False)
        make_provider(category, languages=["de"])
        make_provider(category, place=POTSDAM, radius_km=5)
        request = make_request(category)
        found = find_candidates(request)
        assert len(found.eligible) == 1
        assert len(found.excluded) == 3
        for one in (*found.eligible, *found.excluded):
            assert explain_provider(request, one.provider_id) == one

    def test_leaves_out_the_retired(self) -> None:
        category = make_category()
        provider = make_provider(category)
        assert find_candidates(make_request(category)).eligible_count == 1
        staff = ProviderProfile.objects.get(pk=provider.pk).user
        staff.is_superuser = True
        staff.save()
        provider.retire(by=staff, reason="closed down")
        found = find_candidates(make_request(category))
        assert (found.eligible, found.excluded) == ((), ())


POOL = 24

latitudes = st.one_of(
    st.floats(-90, 90),
    st.sampled_from([-90.0, 90.0, 0.0, 89.9, -89.9]),
    st.floats(85, 90),
    st.floats(-90, -85),
)
longitudes = st.one_of(
    st.floats(-180, 180), st.sampled_from([-180.0, 180.0, 0.0]), st.floats(178, 180), st.floats(-180, -178)
)


class TestCoverageOnTheGlobe:
    """Against brute force over the haversine distance, with poles and antimeridian."""

    @pytest.fixture
    def pool(self) -> tuple[Category, list[int]]:
        category = make_category()
        return category, [make_provider(category).pk for _ in range(POOL)]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(latitude=latitudes, longitude=longitudes, seed=st.integers(0, 2**32))
    def test_finds_whom_brute_force_finds(
        self, pool: tuple[Category, list[int]], latitude: float, longitude: float, seed: int
    ) -> None:
        category, provider_ids = pool
        areas = _scatter(provider_ids, around=(latitude, longitude), seed=seed)
        refresh_coverage(None)
        request = make_request(category, place=(latitude, longitude))
        found = find_candidates(request)
        eligible, near = set(ids(found.eligible)), set(ids(found.excluded))
        assert len(found.eligible) == len(eligible)
        assert len(found.excluded) == len(near)
        for provider_id, (place, radius_km) in areas.items():
            gap_km = haversine_km(place, request_place(request)) - radius_km
            if (
                abs(gap_km) > 1e-3
            ):  # a millimetre more or less at the rim is nobody's business, nor is a metre
                assert (provider_id in eligible) == (gap_km < 0), (place, radius_km, gap_km)
            if abs(gap_km) > 1e-3 and abs(gap_km - LOOK_AROUND_KM) > 1e-3:
                assert (provider_id in near) == (0 < gap_km < LOOK_AROUND_KM), (place, radius_km, gap_km)

    @pytest.mark.parametrize("longitude", [0.0, 100.0, 179.0, -179.0])
    @pytest.mark.parametrize(
        ("latitude", "radius_km"),
        [(0.0, 2000.0), (45.0, 0.1), (60.0, 2000.0), (-70.0, 2000.0), (80.0, 1000.0), (-89.0, 100.0)],
    )
    def test_finds_at_the_point_furthest_east_or_west(
        self, latitude: float, longitude: float, radius_km: float
    ) -> None:
        # There a meridian touches the circle, at sin φ′ = sin φ / cos δ.
        category = make_category()
        make_provider(category, place=(latitude, longitude), radius_km=radius_km)
        angle = radius_km / EARTH_RADIUS_KM
        furthest = math.degrees(math.asin(math.sin(math.radians(latitude)) / math.cos(angle)))
        width = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(latitude))))
        for side, count in ((-0.9999, 1), (0.9999, 1), (-1.0001, 0), (1.0001, 0)):
            place = (furthest, (longitude + side * width + 180) % 360 - 180)
            assert find_candidates(make_request(category, place=place)).eligible_count == count

    @pytest.mark.parametrize("nearly_zero", [5e-324, -1e-200, 1e-12])
    def test_stands_numbers_next_to_zero(self, nearly_zero: float) -> None:
        category = make_category()
        provider = make_provider(category, place=(nearly_zero, nearly_zero))
        found = find_candidates(make_request(category, place=(nearly_zero, -nearly_zero)))
        assert ids(found.eligible) == [provider.pk]

    def test_finds_across_the_antimeridian(self, pool: tuple[Category, list[int]]) -> None:
        category = pool[0]
        fiji = make_provider(category, place=(-17.0, 179.9), radius_km=50)
        for longitude in (179.8, 180.0, -180.0, -179.9):
            assert ids(find_candidates(make_request(category, place=(-17.0, longitude))).eligible) == [
                fiji.pk
            ]
        assert find_candidates(make_request(category, place=(-17.0, -179.0))).eligible_count == 0

    def test_finds_across_the_pole(self, pool: tuple[Category, list[int]]) -> None:
        category = pool[0]
        arctic = make_provider(category, place=(89.9, 0.0), radius_km=50)
        for longitude in (0.0, 90.0, 180.0, -180.0, -90.0):
            assert ids(find_candidates(make_request(category, place=(89.9, longitude))).eligible) == [
                arctic.pk
            ]


def request_place(request: Any) -> tuple[float, float]:
    """Return the place of a request."""
    return request.latitude, request.longitude


def _scatter(
    provider_ids: list[int], *, around: tuple[float, float], seed: int
) -> dict[int, tuple[tuple[float, float], float]]:
    """Move providers: half of them near the place, half anywhere; return place and radius of each."""
    chance = random.Random(seed)
    areas = {}
    for number, provider_id in enumerate(provider_ids):
        radius_km = chance.choice([0.1, 1.0, 25.0, 100.0, 500.0, 2000.0])
        if number % 2:
            spread = chance.choice([0.001, 0.1, 1, 10])
            latitude = min(90.0, max(-90.0, around[0] + chance.uniform(-spread, spread)))
            longitude = (around[1] + chance.uniform(-spread, spread) + 180) % 360 - 180
        else:
            latitude = chance.choice([chance.uniform(-90, 90), 90.0, -90.0, 88.0, -88.0])
            longitude = chance.choice([chance.uniform(-180, 180), 180.0, -180.0, 179.5, -179.5])
        ProviderProfile.objects.filter(pk=provider_id).update(
            latitude=latitude, longitude=longitude, radius_km=radius_km
        )
        areas[provider_id] = ((latitude, longitude), radius_km)
    return areas


class TestExplainProvider:
    def test_answers_for_a_provider_that_the_search_never_sees(self) -> None:
        category = make_category()
        far = make_provider(category, place=HAMBURG, company_name="Far")
        other = make_provider(make_category(), place=HAMBURG)
        request = make_request(category)
        explained = explain_provider(request, far.pk)
        assert isinstance(explained, Exclusion)
        assert (explained.company_name, explained.rule_code) == ("Far", "too_far")
        assert explained.distance_km == pytest.approx(haversine_km(BERLIN, HAMBURG), abs=1e-6)
        excluded = explain_provider(request, other.pk)
        assert isinstance(excluded, Exclusion)
        assert excluded.rule_code == "category"

    def test_returns_the_candidate_when_nothing_speaks_against_it(self) -> None:
        category = make_category()
        provider = make_provider(category)
        request = make_request(category)
        explained = explain_provider(request, provider.pk)
        assert isinstance(explained, Candidate)
        assert explained == find_candidates(request).eligible[0]

    def test_raises_for_an_unknown_provider(self) -> None:
        with pytest.raises(ProviderProfile.DoesNotExist, match="Cannot explain provider 12345"):
            explain_provider(make_request(make_category()), 12345)

    def test_depends_on_the_request(self) -> None:
        category = make_category()
        provider = make_provider(category)
        request = dataclasses.replace(make_request(category), client_user_id=provider.user_id)
        explained = explain_provider(request, provider.pk)
        assert isinstance(explained, Exclusion)
        assert explained.rule_code == "own_request"
