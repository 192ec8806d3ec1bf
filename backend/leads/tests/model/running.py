"""Running the machine: so many examples from a seed, in rounds that each tell how to have them again."""

from __future__ import annotations

import functools
import os
import time

from django.db import connection
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from backend.leads.tests.model.machine import LeadsMachine
from backend.leads.tests.model.world import World

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "100"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
STEPS = int(os.environ.get("MODEL_STEPS", "10"))
A_ROUND = 500

GENERATED_ONLY = (Phase.generate,)


def run_examples(
    world: World, *, examples: int, from_seed: int, phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)
) -> None:
    """Run examples drawn from a seed.  Raises: what the first one raised that failed, made as small as it goes."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=phases,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    seed(from_seed)(get_state_machine_test(functools.partial(LeadsMachine, world), settings=chosen))()


def run_rounds(world: World, *, examples: int, from_seed: int) -> None:
    """Run many examples, a round after the other, and say how far it is."""
    started = time.monotonic()
    for number, begun in enumerate(range(0, examples, A_ROUND)):
        size = min(A_ROUND, examples - begun)
        try:
            run_examples(world, examples=size, from_seed=from_seed + number)
        except BaseException:
            print(f"\nHave it again: make model-test EXAMPLES={size} SEED={from_seed + number}")  # noqa: T201
            raise
        if examples > A_ROUND:
            # What examples undid is dead weight in the tables.
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")
            print(f"{begun + size} of {examples} examples, {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
