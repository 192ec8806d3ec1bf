"""Giving a provider's answer, and saying in words what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backend.leads.models import Lead, LeadAssignment
from backend.leads.services import answers
from backend.portal.visitors import Visitor
from workflows import TransitionBlocked, TransitionRefused

__all__ = ["ANSWERS", "Outcome", "give_answer"]

ANSWERS = ("accept", "decline", "claim")

_TAKEN = (LeadAssignment.Status.ACCEPTED, LeadAssignment.Status.WON)
_DONE_IN = {"accept": _TAKEN, "claim": _TAKEN, "decline": (LeadAssignment.Status.DECLINED,)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an answer; where it was refused nothing has changed, and the sentence says why."""

    sentence: str
    is_done: bool


def give_answer(
    name: str, lead: Lead, visitor: Visitor, *, seen: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Outcome:
    """Accept, decline or claim a lead for a provider, as the page showed it (``seen``, for ``expect``).

    A second click on the same button is told what the first one did.
    """
    try:
        _run(name, lead, visitor, seen=seen, arguments=arguments)
    except TransitionRefused as refusal:
        if not _is_done(name, lead, visitor):
            return Outcome(_explain_refusal(refusal), is_done=False)
    return Outcome(_say_done(name), is_done=True)


def _run(
    name: str, lead: Lead, visitor: Visitor, *, seen: Mapping[str, Any], arguments: Mapping[str, Any]
) -> None:
    if name == "claim":
        answers.claim(lead, provider=visitor.provider, by=visitor.user)
        return
    offer = lead.assignments.select_related("provider").get(provider=visitor.provider)
    getattr(offer, name)(by=visitor.user, **seen, **arguments)


def _is_done(name: str, lead: Lead, visitor: Visitor) -> bool:
    return lead.assignments.filter(provider=visitor.provider, status__in=_DONE_IN[name]).exists()


def _explain_refusal(refusal: TransitionRefused) -> str:
    if isinstance(refusal, TransitionBlocked):
        return " ".join(check.message for check in refusal.reasons)
    return str(refusal)


def _say_done(name: str) -> str:
    return {
        "accept": _("You have accepted this lead. Below is how to reach the client."),
        "claim": _("The place is yours. Below is how to reach the client."),
        "decline": _("You have declined this lead; its place goes to another provider."),
    }[name]
