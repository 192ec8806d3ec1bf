"""Guards: conditions of a transition, each named for what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflows.machine import Guard

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from workflows.attempt import Attempt

__all__ = ["Blocker", "Check", "check_guards", "guard"]


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a guard does not hold, in words that one can act on.

    ``lifted_by`` names an argument of the transition with which it would hold: the caller may give it.
    """

    message: _StrOrPromise
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one guard: its code, what must hold, whether it does, and if not, why."""

    code: str
    label: str
    holds: bool
    message: str = ""
    lifted_by: str = ""


def guard(
    label: _StrOrPromise, *, needs: Sequence[str] = ()
) -> Callable[[Callable[[Any, Attempt], Blocker | None]], Guard]:
    """Make a guard of a function ``(instance, attempt) -> Blocker | None``; its name becomes the code.

    ``label`` says what must hold ("Contact is confirmed").  ``needs`` names the arguments without which it
    cannot be judged: it is passed over when a transition is explained before they are known.
    """

    def decorate(check: Callable[[Any, Attempt], Blocker | None]) -> Guard:
        return Guard(code=check.__name__, label=label, check=check, needs=tuple(needs))  # type: ignore[arg-type]  # lazy label

    return decorate


def check_guards(guards: Iterable[Guard], instance: Any, attempt: Attempt) -> tuple[Check, ...]:
    """Judge every guard whose arguments are known; one that fails does not stop the others."""
    return tuple(
        _judge(guard, instance, attempt)
        for guard in guards
        if all(name in attempt.arguments for name in guard.needs)
    )


def _judge(guard: Guard, instance: Any, attempt: Attempt) -> Check:
    blocker = guard.check(instance, attempt)
    if blocker is None:
        return Check(guard.code, str(guard.label), holds=True)
    return Check(
        guard.code, str(guard.label), holds=False, message=str(blocker.message), lifted_by=blocker.lifted_by
    )
