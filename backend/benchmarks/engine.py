"""What does one transition cost with the engine alone, beside django-fsm with and without its log?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from backend.benchmarks.figures import Measurement, percentile
from backend.benchmarks.models import LoggedSwitch, PlainSwitch, Switch
from backend.benchmarks.processor_time import Taken, measure_time
from backend.benchmarks.progress import say
from backend.benchmarks.statement_count import count_statements
from workflows import Channel, SystemActor, acting

__all__ = ["TITLE", "measure"]

SWITCHES, ROUNDS = 100, 10
TITLE = f"One transition of a switch, {SWITCHES * ROUNDS:,} of each kind"
BENCHMARK = SystemActor("benchmark")


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to flip a switch that was read before."""

    name: str
    flip: Callable[[str, int], object]


def measure() -> Iterator[Measurement]:
    """Yield what each kind takes for a transition, the kinds taking turns, and how many times that of the plainest."""
    for trigger in Switch._meta.triggers:  # type: ignore[attr-defined]  # of pgtrigger
        trigger.install(Switch)
    _make_switches()
    taken: dict[str, list[Taken]] = {kind.name: [] for kind in KINDS}
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        name = "turn_off" if number % 2 else "turn_on"
        for kind in KINDS:
            for key in range(1, SWITCHES + 1):
                taken[kind.name].append(measure_time(partial(kind.flip, name, key)))
    statements = {kind.name: count_statements(partial(kind.flip, "turn_on", 1)) for kind in KINDS}
    plainest_ms = _mean_processor_ms(taken[KINDS[0].name])
    yield from (_summarize(name, times, statements[name], plainest_ms) for name, times in taken.items())


def _make_switches() -> None:
    keys = range(1, SWITCHES + 1)
    with acting(by=BENCHMARK, channel=Channel.COMMAND):
        Switch.objects.bulk_create(Switch(pk=key) for key in keys)
    LoggedSwitch.objects.bulk_create(LoggedSwitch(pk=key) for key in range(1, 2 * SWITCHES + 1))
    PlainSwitch.objects.bulk_create(PlainSwitch(pk=key) for key in keys)


def _flip_ours(name: str, key: int) -> None:
    switch = Switch.objects.get(pk=key)
    with acting(by=BENCHMARK, channel=Channel.COMMAND):
        getattr(switch, name)(by=BENCHMARK)


def _flip_plain(name: str, key: int) -> None:
    switch = PlainSwitch.objects.get(pk=key)
    getattr(switch, name)()
    switch.save()


def _flip_logged(name: str, key: int) -> None:
    with transaction.atomic():
        switch = LoggedSwitch.objects.get(pk=key)
        getattr(switch, name)()
        switch.save()


def _flip_locked(name: str, key: int) -> None:
    with transaction.atomic():
        switch = LoggedSwitch.objects.select_for_update().get(pk=SWITCHES + key)
        getattr(switch, name)()
        switch.save()


def _mean_processor_ms(times: list[Taken]) -> float:
    return sum(one.processor_ms for one in times) / len(times)


def _summarize(name: str, times: list[Taken], statements: int, plainest_ms: float) -> Measurement:
    processor_ms = _mean_processor_ms(times)
    clock_ms = [one.clock_ms for one in times]
    return Measurement(
        name,
        {
            "p50 ms": percentile(clock_ms, 50),
            "p99 ms": percentile(clock_ms, 99),
            "statements": statements,
            "CPU ms": processor_ms,
            "CPU : django-fsm's": processor_ms / plainest_ms,
        },
    )


KINDS = (
    Kind("django-fsm, no log, no lock", _flip_plain),
    Kind("django-fsm and its log, no lock", _flip_logged),
    Kind("django-fsm and its log, locked by hand", _flip_locked),
    Kind("the engine", _flip_ours),
)
