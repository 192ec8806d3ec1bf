"""The coverage index, kept in step with the profiles by set-based SQL.

Every refresh takes the same four statements, whether for one provider or a million.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from psycopg.sql import SQL

from backend.matching.features import NEUTRAL_RATING
from backend.matching.geography import (
    EARTH_RADIUS_KM,
    PROFILE_LATITUDE,
    PROFILE_LONGITUDE,
    pieces_sql,
    unit_vector_sql,
)

__all__ = ["refresh_coverage"]

# In the order of ids, as everywhere.  The lock makes two refreshes of one provider wait for each other: the
# second one sees all that the first one wrote.
_LOCK = """
SELECT count(*) FROM (
    SELECT FROM users_providerprofile AS p WHERE {chosen} ORDER BY p.id FOR NO KEY UPDATE
) AS locked
"""

_INSERT_LOADS = """
INSERT INTO matching_providerload (provider_id, open_offers, offers_on_day, offers_in_month, offers_total)
SELECT p.id, 0, 0, 0, 0 FROM users_providerprofile AS p
WHERE {chosen} AND NOT EXISTS (SELECT FROM matching_providerload AS l WHERE l.provider_id = p.id)
ON CONFLICT (provider_id) DO NOTHING
"""

_DELETE_AREAS = """
DELETE FROM matching_coveragearea AS a WHERE {chosen_areas}
"""

# `timezone(…)` is there to fail: an unknown time zone is refused here, at the provider's own save, instead of
# in every search that meets the provider.  The conflict is with a provider saved between two statements.
_INSERT_AREAS = """
INSERT INTO matching_coveragearea (provider_id, category_id, piece, area, ux, uy, uz, cos_radius, prior)
SELECT p.id, c.category_id, pieces.piece, pieces.area, {vector}, cos(least(p.radius_km / {earth}, pi())),
       (coalesce(p.rating, {neutral_rating}) - 1) / 4
FROM users_providerprofile AS p
JOIN users_providercategory AS c ON c.provider_id = p.id
CROSS JOIN LATERAL ({pieces}) AS pieces
WHERE {chosen} AND p.status <> 'retired' AND timezone(p.time_zone, now()) IS NOT NULL
ON CONFLICT (provider_id, category_id, piece) DO NOTHING
"""


def _statements(chosen: str) -> tuple[str, ...]:
    """Return the statements of a refresh of the profiles for whose id, ``{key}``, an expression is true."""
    values = {
        "chosen": SQL(chosen.format(key="p.id")),
        "chosen_areas": SQL(chosen.format(key="a.provider_id")),
        "vector": unit_vector_sql(),
        "earth": SQL(str(EARTH_RADIUS_KM)),
        "neutral_rating": SQL(str(NEUTRAL_RATING)),
        "pieces": pieces_sql(
            latitude=PROFILE_LATITUDE,
            longitude=PROFILE_LONGITUDE,
            radius_km="p.radius_km",
            category_id="c.category_id",
        ),
    }
    texts = (_LOCK, _INSERT_LOADS, _DELETE_AREAS, _INSERT_AREAS)
    return tuple(SQL(text).format(**values).as_string() for text in texts)


_REFRESH_ALL = _statements("true")
_REFRESH_SOME = _statements("{key} = ANY (%(provider_ids)s)")


@transaction.atomic
def refresh_coverage(provider_ids: Sequence[int] | None) -> int:
    """Write the coverage of these providers anew (None: of all) and return how many pieces they have now.

    Providers without a load get one, all zero; one that is retired or offers nothing has no pieces.  The
    profiles stay locked until the transaction ends: reservations wait for a refresh of all.

    Raises: django.db.DataError when a provider's time zone is unknown to PostgreSQL.
    """
    parameters = None if provider_ids is None else {"provider_ids": list(provider_ids)}
    with connection.cursor() as cursor:
        for statement in _REFRESH_ALL if provider_ids is None else _REFRESH_SOME:
            cursor.execute(statement, parameters)
        pieces: int = cursor.rowcount
    return pieces
