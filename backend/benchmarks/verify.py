"""What does one `verify` cost, beside the same rows written with no Python, and a hand-written version of the step?"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.floor import replay
from backend.benchmarks.handwritten.models import Assignment, Request
from backend.benchmarks.handwritten.receivers import writing_in_bulk
from backend.benchmarks.processor_time import Taken, measure_time
from backend.benchmarks.progress import say
from backend.benchmarks.recording import read_sequences, record_writes, reset_sequences
from backend.benchmarks.row_counts import count_written
from backend.benchmarks.square_market import PROVIDERS_EACH, SquareMarket
from backend.benchmarks.statement_count import count_statements
from backend.benchmarks.verification import NOON, make_verifier, verification
from backend.leads.models import Lead, LeadAssignment
from backend.notifications.models import Notification
from backend.users.models import User
from workflows import clock
from workflows.invariants import examine_all

__all__ = ["TITLE", "measure"]

ROUNDS, LEADS_EACH = 10, 30
OFFERS, MESSAGES = 5, 25
TITLE = f"One verify() among {PROVIDERS_EACH:,} providers: {OFFERS} offers, {MESSAGES} notifications, decision, log"
# Nobody sends what was enqueued: no worker runs, and the clock stands at another year's noon.
NOT_MEASURED = {"jobs.due_job_is_taken", "notifications.notification_has_its_deliveries"}


@dataclass(slots=True)
class Costs:
    """What was taken by one way of doing it: of each lead by the clock, of all together of the processors."""

    clock_ms: list[float] = field(default_factory=list)
    processor_ms: float = 0.0
    statements: float = 0.0

    def add(self, taken: Taken) -> None:
        """Add what one lead took."""
        self.clock_ms.append(taken.clock_ms)
        self.processor_ms += taken.processor_ms


def measure() -> Iterator[Measurement]:
    """Yield what each way takes for one lead, and the ratios to the floor and to the hand-written version.

    Raises: AssertionError when two ways do not write the same, or what was written is not sound.
    """
    with clock.at(NOON):
        market, verifier = SquareMarket(), make_verifier()
        market.grow(PROVIDERS_EACH)
        sound = _count_violations()
        ours, floor, by_row, in_bulk = Costs(), Costs(), Costs(), Costs()
        for number in range(ROUNDS):
            say(f"round {number + 1} of {ROUNDS}")
            _measure_ours_and_floor(market, verifier, ours=ours, floor=floor)
            _measure_by_hand(market, verifier, by_row)
            with writing_in_bulk():
                _measure_by_hand(market, verifier, in_bulk)
        assert _count_violations() == sound, _count_violations()
    rows = {
        "`verify()`": ours,
        "the floor": floor,
        "by hand, row by row": by_row,
        "by hand, in bulk": in_bulk,
    }
    yield from (_summarize(name, costs, floor=floor, ours=ours) for name, costs in rows.items())


def _measure_ours_and_floor(market: SquareMarket, verifier: User, *, ours: Costs, floor: Costs) -> None:
    """Verify some leads, and write for as many others what verifying them would write."""
    leads = market.make_leads(LEADS_EACH)
    with _counting_rows() as written_by_us:
        for lead in leads:
            ours.add(measure_time(verification(lead, verifier)))
    ours.statements = count_statements(verification(market.make_leads(1)[0], verifier))
    _assert_complete(leads)
    recorded = market.make_leads(LEADS_EACH)
    before = read_sequences()
    writes = [record_writes(verification(lead, verifier)) for lead in recorded]
    reset_sequences(before)
    with _counting_rows() as written_by_floor:
        run = replay(writes)
    floor.clock_ms += run.clock_ms
    floor.processor_ms += run.processor_ms
    floor.statements = len(writes[0])
    _assert_complete(recorded)
    assert written_by_us == written_by_floor, (written_by_us, written_by_floor)


def _measure_by_hand(market: SquareMarket, verifier: User, costs: Costs) -> None:
    requests = [_make_request(lead) for lead in market.make_leads(LEADS_EACH + 1)]
    for request in requests[1:]:
        costs.add(measure_time(_verification_by_hand(request, verifier)))
    costs.statements = count_statements(_verification_by_hand(requests[0], verifier))
    assert Assignment.objects.filter(request__in=requests).count() == OFFERS * len(requests)


def _verification_by_hand(request: Request, verifier: User) -> Callable[[], object]:
    def verify() -> None:
        with transaction.atomic():
            request.verify(by=verifier)
            request.save()

    return verify


def _make_request(lead: Lead) -> Request:
    return Request.objects.create(
        title=lead.title,
        category_id=lead.category_id,
        latitude=lead.latitude,
        longitude=lead.longitude,
        language=lead.language,
        email=lead.contact.email,
    )


@contextlib.contextmanager
def _counting_rows() -> Iterator[Counter[str]]:
    """Put into the counter, at the end of the block, how many rows were written meanwhile."""
    written: Counter[str] = Counter()
    before = count_written()
    yield written
    written.update(count_written() - before)


def _assert_complete(leads: Sequence[Lead]) -> None:
    """Assert that each lead was verified with all that belongs to it."""
    keys = [lead.pk for lead in leads]
    assert Lead.objects.filter(pk__in=keys, status="verified", version=2).count() == len(keys)
    assert LeadAssignment.objects.filter(lead__in=keys).count() == OFFERS * len(keys)
    events = [f"leads.lead:{key}:2" for key in keys]
    assert Notification.objects.filter(event__in=events).count() == MESSAGES * len(keys)


def _count_violations() -> dict[str, int]:
    """Return how many violations there are by invariant: made without triggers, the market has some from the start."""
    findings = examine_all(ids_max=1)
    return {one.invariant.name: one.count for one in findings if one.invariant.name not in NOT_MEASURED}


def _summarize(name: str, costs: Costs, *, floor: Costs, ours: Costs) -> Measurement:
    processor_ms = costs.processor_ms / len(costs.clock_ms)
    p50_ms = percentile(costs.clock_ms, 50)
    return Measurement(
        name,
        {
            "p50 ms": p50_ms,
            "p99 ms": percentile(costs.clock_ms, 99),
            "statements": costs.statements,
            "CPU ms/lead": processor_ms,
            "leads/CPU s": 1000 / processor_ms,
            "p50 : the floor's": p50_ms / percentile(floor.clock_ms, 50),
            "leads/CPU s : `verify()`'s": (ours.processor_ms / len(ours.clock_ms)) / processor_ms,
        },
    )
