"""The search for many requests in one statement: planned once, and asked for each of them.

It is the statement for one, in which each parameter is a column of the requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from backend.matching.judgement import PARAMETER_TYPES, fetch_rows
from backend.matching.search import Found, find_rows, search_parameters, search_sql, sort_out
from backend.matching.values import Request

__all__ = ["find_rows_together"]

# Each parameter of a search with its type, as the statement for many takes them: a column of values, one for each.
_COLUMNS = {**PARAMETER_TYPES, **dict.fromkeys(("point", "close", "wide"), "text")}

# Arrays of arrays would be flattened: those travel as texts.
_TRAVELS_AS = {"bigint[]": "text"}

_SEARCH_SQL = """
WITH requests AS MATERIALIZED (
    SELECT {named} FROM unnest({columns}) WITH ORDINALITY AS sent ({names}, number)
)
SELECT requests.number, found.*
FROM requests CROSS JOIN LATERAL ({search}) AS found
ORDER BY number, list, prior DESC, distance_km, provider_id
""".format(  # noqa: S608  built of constants alone
    named=", ".join([*(f"{name}::{kind} AS {name}" for name, kind in _COLUMNS.items()), "number"]),
    columns=", ".join(f"%({name})s::{_TRAVELS_AS.get(kind, kind)}[]" for name, kind in _COLUMNS.items()),
    names=", ".join(_COLUMNS),
    search=search_sql(with_rooms=True) % {name: f"requests.{name}" for name in _COLUMNS},
)


def find_rows_together(requests: Sequence[Request]) -> list[Found]:
    """Find who may have each of the requests; with the room that limits leave, unless it is one alone."""
    if len(requests) == 1:
        return [find_rows(requests[0])]
    rows = fetch_rows(_SEARCH_SQL, _columns_of(requests)) if requests else []
    by_number = {number: list(some) for number, some in groupby(rows, key=attrgetter("number"))}
    return [sort_out(by_number.get(number, [])) for number in range(1, len(requests) + 1)]


def _columns_of(requests: Sequence[Request]) -> dict[str, list[Any]]:
    sent = [search_parameters(request) for request in requests]
    columns = {name: [one[name] for one in sent] for name in _COLUMNS}
    columns["already_offered"] = [f"{{{','.join(map(str, ids))}}}" for ids in columns["already_offered"]]
    return columns
