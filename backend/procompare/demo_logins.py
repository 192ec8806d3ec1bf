"""Who can log in to the demo market: one member of staff for each role, and two providers with offers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEMO_LOGINS", "PROVIDER_LOGINS", "STAFF_LOGINS", "DemoLogin"]

_PASSWORD = "demo"  # noqa: S105  Printed for everybody: the demo market holds nothing real.


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One login of the demo market; ``role`` of staff is a key of ``roles.ROLES``, else ``provider``."""

    username: str
    role: str
    password: str = _PASSWORD


STAFF_LOGINS = tuple(
    DemoLogin(username=role, role=role) for role in ("verifier", "dispatcher", "finance", "auditor", "admin")
)
PROVIDER_LOGINS = tuple(DemoLogin(username=name, role="provider") for name in ("provider", "provider2"))
DEMO_LOGINS = (*STAFF_LOGINS, *PROVIDER_LOGINS)
