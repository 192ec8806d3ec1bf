"""Who can log in to the demo market: one member of staff for each role."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEMO_LOGINS", "DemoLogin"]

_PASSWORD = "demo"  # noqa: S105  Printed for everybody: the demo market holds nothing real.


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One login of the demo market; ``role`` is a key of ``roles.ROLES``."""

    username: str
    role: str
    password: str = _PASSWORD


DEMO_LOGINS = tuple(
    DemoLogin(username=role, role=role) for role in ("verifier", "dispatcher", "finance", "auditor", "admin")
)
