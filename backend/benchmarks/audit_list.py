"""How quick is the audit list over a million events, with each filter, and what are its indexes worth?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from backend.benchmarks.audit_rows import EVENTS, OFFERS, STAFF, STAFF_NUMBERS, fill_log
from backend.benchmarks.figures import Measurement, percentile
from backend.users.models import User

__all__ = ["TITLE", "measure"]

TITLE = f"The audit list over {EVENTS:,} events"

LOOKS = 7
LIST = "/admin/workflows/transitionrecord/"
EXPORT = f"{LIST}export/"
NEW_INDEXES = (
    "event_by_machine",
    "event_by_actor",
    "event_by_channel",
    "event_by_reason",
    "statelog_by_transition",
)

A_MONTH = "since=2026-01-01&until=2026-01-31"
EVENTS_OF_A_MONTH = 31 * 24 * 60

QUESTIONS: Mapping[str, str] = {
    "everything": "",
    "from the middle on": f"before={EVENTS // 2}",
    "one machine": "machine=leads.lead",
    "a machine of which nothing happened": "machine=users.providerprofile",
    "a transition": "transition=leads.leadassignment:expire",
    "a transition that ran long ago": "transition=leads.lead:reject",
    "a part of the system": "actor=system:timer",
    "somebody": f"actor=user:{STAFF_NUMBERS[1]}",
    "somebody who was here long ago": f"actor=user:{STAFF_NUMBERS[2]}",
    "by a name": f"person={STAFF}",
    "a channel": "channel=page",
    "a channel that was used long ago": "channel=import",
    "a channel that nothing came by": "channel=bulk",
    "a day": "since=2026-02-01&until=2026-02-01",
    "everything until a day": "until=2026-02-01",
    "an offer": f"object=leads.leadassignment:{OFFERS // 2}",
    "a request": "request=request-77",
    "search: a reference": "q=L-000777",
    "search: a word of a reason": "q=unreachable",
    "search: a rare word of a reason": "q=fraudulent",
    "search: nothing found": "q=nowhere",
    "a transition by a channel on a day": (
        "transition=leads.leadassignment:accept&channel=page&since=2026-02-01&until=2026-02-01"
    ),
    "somebody long ago, of one machine": f"actor=user:{STAFF_NUMBERS[2]}&machine=leads.leadassignment",
}
"""What is asked, by name, as it stands in the address."""


def measure() -> Iterator[Measurement]:
    """Yield for each question the median of the whole page in ms, with the new indexes and without, and how
    many times longer it takes without; then the export.
    """
    fill_log()
    client = _log_in()
    with_indexes = {name: _median_ms(client, query) for name, query in QUESTIONS.items()}
    export_ms = _measure_export_ms(client)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {', '.join(NEW_INDEXES)}")
    for name, query in QUESTIONS.items():
        without_ms = _median_ms(client, query, looks=2)
        yield _measurement(name, with_indexes[name], without_ms)
    yield _measurement(
        f"the export of a month: {EVENTS_OF_A_MONTH:,} events", export_ms, _measure_export_ms(client)
    )


def _measurement(name: str, with_ms: float, without_ms: float) -> Measurement:
    figures = {
        "p50 ms": with_ms,
        "without the indexes ms": without_ms,
        "without : with": without_ms / with_ms,
    }
    return Measurement(name, figures)


def _log_in() -> Client:
    auditor = User.objects.create_user("benchmark-auditor", is_staff=True)
    auditor.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(auditor)
    return client


def _median_ms(client: Client, query: str, *, looks: int = LOOKS) -> float:
    """Return the median of the page's times; a first look, which is not counted, warms what is kept."""
    address = f"{LIST}?{query}"
    times_ms = []
    for _look in range(looks + 1):
        begun = time.perf_counter()
        response = client.get(address, secure=True)
        times_ms.append((time.perf_counter() - begun) * 1000)
        assert response.status_code == 200, response.status_code
    return percentile(times_ms[1:], 50)


def _measure_export_ms(client: Client) -> float:
    begun = time.perf_counter()
    response = client.post(f"{EXPORT}?{A_MONTH}", secure=True)
    lines = sum(chunk.count(b"\r\n") for chunk in response.streaming_content)  # type: ignore[attr-defined]  # it streams
    assert lines == EVENTS_OF_A_MONTH + 1, lines
    return (time.perf_counter() - begun) * 1000
