"""The permissions of leads: one for each transition that staff run, and one for what goes beyond the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

__all__ = ["LEAD_PERMISSIONS"]

LEAD_PERMISSIONS: list[tuple[str, _StrOrPromise]] = [
    ("verify_lead", "Can verify a lead"),
    ("reroute_lead", "Can route a lead again"),
    ("assign_by_hand_lead", "Can offer a lead to a provider of their choice"),
    ("lift_rules_lead", "Can offer a lead to a provider although a rule excludes it"),
    ("revise_lead", "Can change what an offered lead asks for"),
    ("award_lead", "Can award a lead"),
    ("reject_lead", "Can reject a lead"),
    ("mark_duplicate_lead", "Can mark a lead as a duplicate"),
    ("cancel_lead", "Can cancel a lead"),
    ("reopen_lead", "Can reopen a lead"),
    ("confirm_contact_lead", "Can confirm the contact of a lead"),
]
