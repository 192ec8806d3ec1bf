"""The page of one run: what would become of the objects, how far it has come, what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import gettext as _

from backend.bulk.admin.results import build_results, name_all
from backend.bulk.admin.start_form import StartForm, build_start_form
from backend.bulk.admin.wording import describe_arguments, describe_progress, describe_reason
from backend.bulk.models import BulkRun
from backend.bulk.selectors import (
    Figures,
    Forecast,
    count_moving,
    count_outcomes,
    list_forecast,
    list_reasons,
)
from workflows import Availability, explain
from workflows.admin.audit_list.rows import ObjectName

__all__ = ["Group", "Move", "list_moves", "page_context", "progress_context"]


@dataclass(frozen=True, slots=True)
class Group:
    """Objects of which the same is expected: ``consents`` are the labels of what would let them move."""

    forecast: Forecast
    why: str
    consents: str
    first: list[ObjectName]


@dataclass(frozen=True, slots=True)
class Move:
    """Something that can be done with the run now."""

    name: str
    label: str
    is_dangerous: bool


def progress_context(run: BulkRun) -> dict[str, Any]:
    """Return what the part of the page says that keeps itself up to date; one statement."""
    figures = count_outcomes([run]).get(run.pk, Figures())
    return {"run": run, "figures": figures, "progress": describe_progress(run, figures)}


def page_context(
    run: BulkRun, request: HttpRequest, site: admin.AdminSite, *, form: StartForm | None = None
) -> dict[str, Any]:
    """Return what the page shows of a run in its state."""
    context = {**progress_context(run), "given": describe_arguments(run)}
    if run.started_at is None:
        return context | _preview(run, request, site, form)
    results = build_results(run, request, context["figures"], list_reasons(run), site)
    return context | {"results": results}


def list_moves(run: BulkRun, request: HttpRequest) -> list[Move]:
    """Return what the user can do with the run as it is now, but for its start."""
    return [
        Move(e.transition.name, str(e.transition.label), e.transition.is_dangerous)
        for e in explain(run, by=cast(AbstractBaseUser, request.user))
        if e.availability is Availability.AVAILABLE and e.transition.name != "start"
    ]


def _preview(
    run: BulkRun, request: HttpRequest, site: admin.AdminSite, form: StartForm | None
) -> dict[str, Any]:
    forecast = list_forecast(run)
    is_theirs = run.starter_id == request.user.pk
    can_start = is_theirs and run.status == BulkRun.Status.PLANNED
    ids = [pk for group in forecast for pk in group.first_ids]
    names = name_all(run, ids, request=request, site=site)
    return {
        "groups": [_group(run, one, names) for one in forecast],
        "moving": count_moving(forecast, frozenset()),
        "could_move": any(one.moves_with(one.consents) for one in forecast),
        "start": (form or build_start_form(run, forecast)) if can_start else None,
        "later": _judged_later(run),
    }


def _group(run: BulkRun, forecast: Forecast, names: dict[int, ObjectName]) -> Group:
    labels = {argument.name: str(argument.label) for argument in run.move.arguments}
    why = describe_reason(run, forecast.reason, forecast.message, has_one_message=forecast.has_one_message)
    return Group(
        forecast=forecast,
        why=why or _("Nothing is in the way"),
        consents=" + ".join(f"“{labels.get(name, name)}”" for name in sorted(forecast.consents)),
        first=[names[pk] for pk in forecast.first_ids],
    )


def _judged_later(run: BulkRun) -> list[str]:
    """Return what must hold, but can be judged only with what is given: a check of each object's own turn."""
    required = {argument.name for argument in run.move.arguments if argument.is_required}
    return [str(guard.label) for guard in run.move.guards if required & set(guard.needs)]
