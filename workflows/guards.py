"""Guards: conditions of a transition, each named for what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflows.machine import Guard

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from workflows.attempt import Attempt

__all__ = ["Blocker", "Check", "check_guards", "check_guards_together", "guard", "guard_together"]


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


def guard_together(
    label: _StrOrPromise, *, needs: Sequence[str] = ()
) -> Callable[[Callable[[Sequence[Any], Attempt], Sequence[Blocker | None]]], Guard]:
    """Make a guard of a function ``(instances, attempt) -> [Blocker | None, …]``, with an answer for each.

    For one that asks the database: it asks once for all objects of a transition that many run together.
    """

    def decorate(check: Callable[[Sequence[Any], Attempt], Sequence[Blocker | None]]) -> Guard:
        return Guard(
            code=check.__name__,
            label=label,  # type: ignore[arg-type]  # lazy label
            check=lambda instance, attempt: check([instance], attempt)[0],
            needs=tuple(needs),
            check_together=check,
        )

    return decorate


def check_guards(guards: Iterable[Guard], instance: Any, attempt: Attempt) -> tuple[Check, ...]:
    """Judge every guard whose arguments are known; one that fails does not stop the others."""
    return check_guards_together(guards, [instance], attempt)[0]


def check_guards_together(
    guards: Iterable[Guard], instances: Sequence[Any], attempt: Attempt
) -> list[tuple[Check, ...]]:
    """Judge every guard of each object, as ``check_guards`` does of one."""
    asked = [guard for guard in guards if all(name in attempt.arguments for name in guard.needs)]
    judged = [_judge(guard, instances, attempt) for guard in asked]
    return list(zip(*judged, strict=True)) if judged else [()] * len(instances)


def _judge(guard: Guard, instances: Sequence[Any], attempt: Attempt) -> list[Check]:
    if guard.check_together is not None:
        blockers = guard.check_together(instances, attempt)
    else:
        blockers = [guard.check(instance, attempt) for instance in instances]
    return [_to_check(guard, blocker) for _instance, blocker in zip(instances, blockers, strict=True)]


def _to_check(guard: Guard, blocker: Blocker | None) -> Check:
    if blocker is None:
        return Check(guard.code, str(guard.label), holds=True)
    return Check(
        guard.code, str(guard.label), holds=False, message=str(blocker.message), lifted_by=blocker.lifted_by
    )
