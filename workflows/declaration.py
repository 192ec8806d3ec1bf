"""How a transition is declared: the ``@transition`` decorator over django-fsm's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import django_fsm
from django.contrib.auth.base_user import AbstractBaseUser

from workflows.actors import Actor, SystemActor
from workflows.errors import DefinitionError
from workflows.machine import Guard

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

__all__ = ["SAME", "Declaration", "Label", "Owner", "transition"]

SAME: Final = "="
"""Target of a transition that leaves the state as it is and is logged all the same."""

Body = TypeVar("Body", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Label:
    """What people read for an argument: ``reason: Annotated[str, Label(_("Reason"))]``."""

    text: _StrOrPromise
    help_text: _StrOrPromise = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who may because the object is theirs: in words, and how to tell."""

    description: _StrOrPromise
    owns: Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What ``@transition`` was told, kept on the method as ``.declaration``."""

    body: Callable[..., Any]
    sources: tuple[str, ...]
    target: str | None
    guards: tuple[Guard, ...]
    permission: str | None
    owner: Owner | None
    system: tuple[str, ...]
    label: _StrOrPromise
    effects: tuple[_StrOrPromise, ...]
    is_primary: bool
    is_dangerous: bool
    is_timer: bool
    together: str

    @property
    def name(self) -> str:
        """Return the transition's name: that of its method."""
        return self.body.__name__

    def allows(self, instance: Any, by: Actor) -> bool:
        """Return whether the actor may: a named system actor, by permission, or as the owner."""
        if isinstance(by, SystemActor):
            return by.name in self.system
        if not isinstance(by, AbstractBaseUser) or not by.is_active:
            return False
        if self.permission and by.has_perm(self.permission):  # type: ignore[attr-defined]  # PermissionsMixin
            return True
        return self.owner is not None and self.owner.owns(instance, by)


def transition(
    field: Any,
    *,
    source: str | Sequence[str],
    target: str,
    guards: Sequence[Guard] = (),
    permission: str | None = None,
    owner: Owner | None = None,
    system: Sequence[str] = (),
    label: _StrOrPromise = "",
    effects: Sequence[_StrOrPromise] = (),
    primary: bool = False,
    dangerous: bool = False,
    timer: bool = False,
    together: str = "",
) -> Callable[[Body], Callable[..., Any]]:
    """Declare a method of a ``WorkflowModel`` as a transition that runs whole.

    The body takes keyword arguments only, ``by`` among them; it writes to the database and calls nothing outside.
    The call takes two more: ``expect`` (the state that the caller saw) and ``expect_version``.

    ``target`` may be ``SAME``.  ``permission`` is ``app_label.codename``, ``owner`` and ``system`` say who else may.
    ``effects`` say in short words what it does, for people and for the diagram.

    ``together`` names a class method that is the body for many objects: it takes them in the order of their keys and
    does what the body would do for one after the other, with fewer statements (``workflows.together``).

    Raises: DefinitionError when the source is ``"*"``: every edge is drawn, tested and held by a trigger by name.
    """
    sources = (source,) if isinstance(source, str) else tuple(source)
    if not sources or any(value in ("*", "+") for value in sources):
        raise DefinitionError(f"Cannot declare a transition from {source!r}: name its source states.")

    def decorate(body: Body) -> Callable[..., Any]:
        declaration = Declaration(
            body=body,
            sources=tuple(str(value) for value in sources),
            target=None if target == SAME else str(target),
            guards=tuple(guards),
            permission=permission,
            owner=owner,
            system=tuple(system),
            label=label or body.__name__.replace("_", " ").capitalize(),
            effects=tuple(effects),
            is_primary=primary,
            is_dangerous=dangerous,
            is_timer=timer,
            together=together,
        )
        return _callable_of(declaration, field)

    return decorate


def _callable_of(declaration: Declaration, field: Any) -> Callable[..., Any]:
    wrapped = _declare_to_django_fsm(declaration, field)

    @functools.wraps(wrapped)
    def call(
        instance: Any,
        *,
        by: Actor,
        expect: str | None = None,
        expect_version: int | None = None,
        **arguments: Any,
    ) -> Any:
        from workflows import engine  # The engine needs models; a declaration is read while they load.

        call_ = engine.Call(declaration, by, arguments, expect=expect, expect_version=expect_version)
        return engine.run(instance, call_)

    call.declaration = declaration  # type: ignore[attr-defined]  # functions take attributes
    return call


def _declare_to_django_fsm(declaration: Declaration, field: Any) -> Callable[..., Any]:
    """Make every edge known to django-fsm, so that its own API and tools see the same machine."""
    wrapped: Callable[..., Any] = declaration.body
    for source in dict.fromkeys(declaration.sources):
        declare = django_fsm.transition(
            field,
            source=source,
            target=source if declaration.target is None else declaration.target,
            conditions=[_condition_of(declaration)],
            permission=declaration.allows,  # type: ignore[arg-type]  # a wider actor than a user
            custom={"label": declaration.label},
        )
        wrapped = declare(wrapped)
    return wrapped


def _condition_of(declaration: Declaration) -> Callable[[Any], bool]:
    """Return django-fsm's kind of condition: all guards hold, judged once by the engine when it runs."""

    def guards_hold(instance: Any) -> bool:
        from workflows import engine, explanation

        if engine.is_running(instance, declaration.name):
            return True
        return explanation.guards_hold(instance, declaration)

    return guards_hold
