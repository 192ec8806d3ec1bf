"""What staff may do: one table of roles, from which their groups are filled.

A permission is ``app.codename``; ``*`` stands for anything (``*.view_*``: everything may be looked at).  Whoever
needs a form needs to see what its fields point to: an autocomplete offers nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import MappingProxyType

from django.core.exceptions import ImproperlyConfigured

from workflows import list_machines

__all__ = ["ROLES", "Role", "UnknownPermission", "transitions_of"]


class UnknownPermission(ImproperlyConfigured):
    """Cannot grant … to the role …: there is no such permission."""

    def __init__(self, permission: str, *, role: str, known: Collection[str]) -> None:
        near = ", ".join(get_close_matches(permission, sorted(known), n=1)) or "none"
        super().__init__(
            f"Cannot grant {permission!r} to the role {role!r}: there is no such permission; near: {near}."
        )
        self.permission = permission
        self.role = role


@dataclass(frozen=True, slots=True)
class Role:
    """One kind of staff: its group is called by ``name``, ``description`` says what it is for."""

    name: str
    description: str
    permissions: tuple[str, ...]

    def may(self, permission: str) -> bool:
        """Return whether the role has a permission (``app.codename``)."""
        return any(fnmatchcase(permission, pattern) for pattern in self.permissions)

    def resolve(self, known: Collection[str]) -> frozenset[str]:
        """Return the permissions of the role among all that there are.

        Raises: UnknownPermission when an entry of the table means none of them: it is misspelt.
        """
        for pattern in self.permissions:
            if not any(fnmatchcase(permission, pattern) for permission in known):
                raise UnknownPermission(pattern, role=self.name, known=known)
        return frozenset(permission for permission in known if self.may(permission))


_SEES_THE_MARKET = (
    "catalog.view_category",
    "catalog.view_city",
    "leads.view_lead",
    "leads.view_leadassignment",
    "leads.view_routingdecision",
    "leads.view_termsversion",
    "leads.view_whatif",
    "users.view_providercategory",
    "users.view_providerprofile",
    "users.view_user",
)

_ROLES = (
    Role(
        "verifier",
        "Takes leads in, and says which are genuine.",
        (
            *_SEES_THE_MARKET,
            "leads.add_lead",
            "leads.change_lead",
            "leads.view_leadcontact",
            "leads.add_leadcontact",
            "leads.change_leadcontact",
            "leads.confirm_contact_lead",
            "leads.verify_lead",
            "leads.revise_lead",
            "leads.reject_lead",
            "leads.mark_duplicate_lead",
            "leads.reopen_lead",
            "bulk.start_bulkrun",
            "notifications.view_delivery",
            "notifications.view_deliveryattempt",
            "notifications.view_notification",
        ),
    ),
    Role(
        "dispatcher",
        "Looks after verified leads and their offers, and after the providers.",
        (
            *_SEES_THE_MARKET,
            "leads.change_lead",
            "leads.view_leadcontact",
            "leads.reroute_lead",
            "leads.assign_by_hand_lead",
            "leads.lift_rules_lead",
            "leads.revise_lead",
            "leads.cancel_lead",
            "leads.award_lead",
            "leads.answer_leadassignment",
            "leads.withdraw_leadassignment",
            "leads.add_termsversion",
            "leads.change_termsversion",
            "leads.publish_termsversion",
            "bulk.start_bulkrun",
            "jobs.view_job",
            "jobs.view_worker",
            "jobs.retry_job",
            "jobs.cancel_job",
            "matching.view_coveragearea",
            "matching.view_rankingmodel",
            "matching.view_providerload",
            "notifications.view_delivery",
            "notifications.view_deliveryattempt",
            "notifications.view_notification",
            "notifications.view_receiver",
            "notifications.resume_receiver",
            "notifications.retry_delivery",
            "users.add_providerprofile",
            "users.change_providerprofile",
            "users.add_providercategory",
            "users.change_providercategory",
            "users.delete_providercategory",
            "users.approve_providerprofile",
            "users.pause_providerprofile",
            "users.suspend_providerprofile",
            "users.retire_providerprofile",
            "workflows.view_transitionrecord",
            "workflows.view_auditrun",
            "workflows.run_auditrun",
        ),
    ),
    Role("finance", "Sees what was offered to whom, and who won; not the contacts.", _SEES_THE_MARKET),
    Role("auditor", "Sees everything, the audit log too; changes nothing.", ("*.view_*",)),
    Role("admin", "May do everything.", ("*",)),
)

ROLES: Mapping[str, Role] = MappingProxyType({role.name: role for role in _ROLES})
"""The roles by name.  The group of a role has exactly these permissions; others are taken from it."""


def transitions_of(role: str) -> tuple[tuple[str, str], ...]:
    """Return the (machine label, transition name) that a role may run, in the order of machines and transitions.

    Raises: KeyError when there is no such role.
    """
    return tuple(
        (machine.label, transition.name)
        for machine in list_machines()
        for transition in machine.transitions
        if transition.permission and ROLES[role].may(transition.permission)
    )
