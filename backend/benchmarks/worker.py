"""A worker for benchmarks: ``python -m backend.benchmarks.worker``, with options that production has no need of."""

from __future__ import annotations

import argparse

import django

__all__ = ["main"]


def main() -> None:
    """Run a worker as the arguments say."""
    parser = argparse.ArgumentParser(description="A worker that is measured.")
    parser.add_argument("--until-idle", action="store_true")
    parser.add_argument("--deaf", action="store_true", help="find jobs by looking, do not listen")
    parser.add_argument("--poll-interval-s", type=float, default=1.0)
    parser.add_argument("--concurrency", type=int, default=16)
    chosen = parser.parse_args()

    django.setup()
    from backend.jobs.worker import WorkerOptions, run_worker

    run_worker(
        WorkerOptions(
            concurrency=chosen.concurrency,
            waits=not chosen.until_idle,
            listens=not chosen.deaf,
            poll_interval_s=chosen.poll_interval_s,
        )
    )


if __name__ == "__main__":
    main()
