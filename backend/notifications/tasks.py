"""The jobs of notifications.  Each may run twice, and late."""

from __future__ import annotations

from procrastinate.contrib.django import app

from backend.jobs.alone import unless_running
from backend.jobs.priorities import Priority
from backend.jobs.retry import Backoff
from backend.notifications.services import dead_letters, planning, sending, sweeping

__all__ = ["deliver", "plan_deliveries", "resume_receiver", "send_digest", "sweep_deliveries", "tell_of_dead"]


@app.task(name="notifications.plan_deliveries", retry=Backoff(), priority=Priority.SOON)
def plan_deliveries(*, notification_ids: list[int]) -> None:
    """Decide over which channels notifications go, and when."""
    planning.plan_deliveries(notification_ids)


@app.task(name="notifications.deliver", retry=Backoff(), priority=Priority.NORMAL)
def deliver(*, delivery_id: int) -> None:
    """Make the next attempt at a delivery, if it is due and its receiver may take it."""
    sending.deliver(delivery_id)


@app.task(name="notifications.send_digest", retry=Backoff(), priority=Priority.NORMAL)
def send_digest(*, recipient_id: int) -> None:
    """Send a recipient's digest."""
    sending.send_digest(recipient_id)


@app.task(name="notifications.resume_receiver", retry=Backoff(), priority=Priority.SOON)
def resume_receiver(*, receiver: str) -> None:
    """Try out a receiver whose pause has ended."""
    sweeping.resume_receiver(receiver)


@app.periodic(cron="* * * * * */15")
@app.task(name="notifications.sweep_deliveries", priority=Priority.SOON)
@unless_running
def sweep_deliveries(timestamp: int) -> None:
    """Move what no job moves: left by dead workers, too old, due after quiet hours, in a digest."""
    sweeping.recover_abandoned_attempts()
    sweeping.give_up_old_deliveries()
    sweeping.hand_out_due_deliveries()
    sweeping.enqueue_digests()


@app.periodic(cron="* * * * *")
@app.task(name="notifications.tell_of_dead", priority=Priority.LOW)
@unless_running
def tell_of_dead(timestamp: int) -> None:
    """Tell staff what died since the last minute."""
    dead_letters.tell_staff_of_dead_deliveries()
