"""How each fault is brought about, and how it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from django.db import DatabaseError, connection

from backend.chaos.browsing import is_answering
from backend.chaos.plan import Fault, FaultKind
from backend.chaos.stage import Stage, port_of
from backend.chaos.supervisor import Program
from backend.chaos.wire import Wire

__all__ = ["Struck", "strike", "strike_all"]

RESTART_TIMEOUT_S = 30
START_TIMEOUT_S = 60
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that has been; the instant of its end is ``time.time()``.

    When the web server had to be started anew, the end is when it answers again, ``start_s`` later: so long the
    machine takes to load it.  Of two workers the other one goes on, so nothing is waited for.
    """

    fault: Fault
    ended_at: float
    start_s: float


def strike_all(plan: tuple[Fault, ...], stage: Stage, *, seconds: float) -> list[Struck]:
    """Let everything go wrong, one after the other, until the time is over; return what has been."""
    deadline, struck = time.monotonic() + seconds, []
    for fault in plan:
        if time.monotonic() + fault.after_s > deadline:
            break
        time.sleep(fault.after_s)
        struck.append(strike(fault, stage))
    return struck


def strike(fault: Fault, stage: Stage) -> Struck:
    """Let one thing go wrong, and end it again."""
    starts = stage.web.starts
    _STRIKES[fault.kind](fault, stage)
    begun = time.monotonic()
    if fault.kind in _NEED_A_START:
        _wait_for_start(stage, after=starts)
    return Struck(fault, time.time(), start_s=time.monotonic() - begun)


def _wait_for_start(stage: Stage, *, after: int) -> None:
    """Wait until the web server has been started once more and answers, or until that takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if stage.web.starts > after and is_answering(port_of(stage.web)):
            return
        time.sleep(POLL_INTERVAL_S)


def _kill_web(fault: Fault, stage: Stage) -> None:
    stage.web.end(signal.SIGKILL)


def _kill_web_process(fault: Fault, stage: Stage) -> None:
    stage.web.kill_child(fault.victim)


def _stop_web(fault: Fault, stage: Stage) -> None:
    stage.web.end(signal.SIGTERM)


def _pause_web(fault: Fault, stage: Stage) -> None:
    _pause(stage.web, fault)


def _worker(fault: Fault, stage: Stage) -> Program:
    return stage.workers[fault.victim % len(stage.workers)]


def _kill_worker(fault: Fault, stage: Stage) -> None:
    _worker(fault, stage).end(signal.SIGKILL)


def _stop_worker(fault: Fault, stage: Stage) -> None:
    _worker(fault, stage).end(signal.SIGTERM)


def _pause_worker(fault: Fault, stage: Stage) -> None:
    _pause(_worker(fault, stage), fault)


def _pause(program: Program, fault: Fault) -> None:
    program.signal_all(signal.SIGSTOP)
    try:
        time.sleep(fault.lasts_s)
    finally:
        program.signal_all(signal.SIGCONT)


_END_SOME = """
SELECT pg_terminate_backend(pid) FROM (
    SELECT pid, row_number() OVER (ORDER BY md5(pid::text || %s)) AS place FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
) AS one WHERE place <= %s
"""


def _end_back_ends(fault: Fault, stage: Stage) -> None:
    """End some; also those of clients that only look."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_END_SOME, [str(fault.victim), fault.count])
    except DatabaseError:
        connection.close()


def _restart_database(fault: Fault, stage: Stage) -> None:
    """Have PostgreSQL leave without a checkpoint (an "immediate" shutdown), and start again: it recovers."""
    connection.close()
    pid = stage.cluster.postmaster_pid()
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=RESTART_TIMEOUT_S)
    stage.cluster.start()


def _cut_off_database(fault: Fault, stage: Stage) -> None:
    _refuse(stage.database_wire, fault, stage)


def _lose_commits(fault: Fault, stage: Stage) -> None:
    stage.wires.lose(stage.database_wire, requests=fault.count)


def _lose_commit_answers(fault: Fault, stage: Stage) -> None:
    stage.wires.lose(stage.database_wire, answers=fault.count)


def _refuse_mail(fault: Fault, stage: Stage) -> None:
    _refuse(stage.mail_wire, fault, stage)


def _lose_mail_answers(fault: Fault, stage: Stage) -> None:
    stage.wires.lose(stage.mail_wire, answers=fault.count)


def _refuse_webhooks(fault: Fault, stage: Stage) -> None:
    _refuse(stage.webhook_wire, fault, stage)


def _lose_webhook_answers(fault: Fault, stage: Stage) -> None:
    stage.wires.lose(stage.webhook_wire, answers=fault.count)


def _refuse(wire: Wire, fault: Fault, stage: Stage) -> None:
    stage.wires.refuse(wire)
    try:
        time.sleep(fault.lasts_s)
    finally:
        stage.wires.restore(wire)


_STRIKES: dict[FaultKind, Callable[[Fault, Stage], None]] = {
    FaultKind.KILL_WEB: _kill_web,
    FaultKind.KILL_WEB_PROCESS: _kill_web_process,
    FaultKind.STOP_WEB: _stop_web,
    FaultKind.PAUSE_WEB: _pause_web,
    FaultKind.KILL_WORKER: _kill_worker,
    FaultKind.STOP_WORKER: _stop_worker,
    FaultKind.PAUSE_WORKER: _pause_worker,
    FaultKind.END_BACK_ENDS: _end_back_ends,
    FaultKind.RESTART_DATABASE: _restart_database,
    FaultKind.CUT_OFF_DATABASE: _cut_off_database,
    FaultKind.LOSE_COMMITS: _lose_commits,
    FaultKind.LOSE_COMMIT_ANSWERS: _lose_commit_answers,
    FaultKind.REFUSE_MAIL: _refuse_mail,
    FaultKind.LOSE_MAIL_ANSWERS: _lose_mail_answers,
    FaultKind.REFUSE_WEBHOOKS: _refuse_webhooks,
    FaultKind.LOSE_WEBHOOK_ANSWERS: _lose_webhook_answers,
}
_NEED_A_START = {FaultKind.KILL_WEB, FaultKind.STOP_WEB}
