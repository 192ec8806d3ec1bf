"""What is tried: who may, where its page is, and what puts it in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backend.leads.models import TermsVersion, WhatIf
from backend.matching.models import RankingModel
from workflows import Availability, explain_one

__all__ = ["NextStep", "Trying", "may_see", "may_try", "page_of", "read_next_step", "read_trying"]

VIEW = "leads.view_whatif"

Subject = TermsVersion | RankingModel


@dataclass(frozen=True, slots=True)
class Trying:
    """What the page of terms or of a model offers: to try it (``may``), and what came of it lately."""

    kind: str
    key: int
    may: bool
    latest: tuple[WhatIf, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """The transition that puts it in force: its page, and why it is not possible now (""  where it is)."""

    label: str
    url: str
    why_not: str


def kind_of(subject: Subject) -> str:
    """Return by which name a form says what is to be tried."""
    return "terms" if isinstance(subject, TermsVersion) else "model"


def may_see(user: Any, subject: Subject) -> bool:
    """Return whether somebody may look at what-ifs of something: whoever may look at it, and at what-ifs."""
    return bool(user.has_perm(VIEW) and user.has_perm(_permission("view", subject)))


def may_try(user: Any, subject: Subject) -> bool:
    """Return whether somebody may have it tried: whoever may put it in force."""
    verb = "publish" if isinstance(subject, TermsVersion) else "promote"
    return may_see(user, subject) and bool(user.has_perm(_permission(verb, subject)))


def page_of(subject: Subject, page: str = "change", *arguments: str) -> str:
    """Return the address of a page of what is tried."""
    name = f"admin:{subject._meta.app_label}_{subject._meta.model_name}_{page}"
    return reverse(name, args=[subject.pk, *arguments])


def read_trying(subject: Subject, request: HttpRequest) -> Trying | None:
    """Return what its page offers: one statement; None for whoever may not see what-ifs of it."""
    if not may_see(request.user, subject):
        return None
    latest = WhatIf.objects.filter(**{kind_of(subject): subject.pk}).defer("result", "tried")[:3]
    is_past = isinstance(subject, TermsVersion) and subject.status in ("past", "discarded")
    may = may_try(request.user, subject) and not is_past
    return Trying(kind_of(subject), subject.pk, may, tuple(latest))


def read_next_step(subject: Subject, request: HttpRequest) -> NextStep | None:
    """Return how to put it in force; None where that is not for this user, or no step from where it is."""
    name = "publish" if isinstance(subject, TermsVersion) else "promote"
    explanation = explain_one(subject, name, by=request.user)  # type: ignore[arg-type]  # whoever is logged in
    if explanation is None or explanation.availability is Availability.FORBIDDEN:
        return None
    is_open = explanation.availability is Availability.AVAILABLE or explanation.can_be_lifted
    why_not = "" if is_open else " ".join(check.message for check in explanation.failed)
    label = _("%(transition)s…") % {"transition": explanation.transition.label}
    return NextStep(label, page_of(subject, "transition", name), why_not)


def _permission(verb: str, subject: Subject) -> str:
    return f"{subject._meta.app_label}.{verb}_{subject._meta.model_name}"
