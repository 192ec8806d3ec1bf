"""A run as people read it: each invariant with its words, and the objects that violate it by name."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows.admin.audit_list.rows import ObjectName
from workflows.invariants import Invariant, list_invariants
from workflows.models import AuditRun

__all__ = ["Report", "Violated", "read_run"]

OBJECTS_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Violated:
    """One invariant that does not hold; ``more`` objects violate it beside those named.

    ``holds`` and ``mend`` are empty for an invariant that no app declares any more.
    """

    code: str
    name: str
    holds: str
    mend: str
    count: int
    objects: Sequence[ObjectName]
    more: int


@dataclass(frozen=True, slots=True)
class Examined:
    """One line of the table of all invariants."""

    code: str
    name: str
    holds: str
    count: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """All that a page says of one run."""

    run: AuditRun
    violated: Sequence[Violated]
    examined: Sequence[Examined]
    took_s: float


def read_run(run: AuditRun, *, request: HttpRequest, site: admin.AdminSite) -> Report:
    """Return a run in words: one statement for each invariant that is violated, to name its objects."""
    known = {invariant.name: invariant for invariant in list_invariants()}
    return Report(
        run=run,
        violated=[
            _read_violated(result, known.get(result["name"]), request=request, site=site)
            for result in run.results
            if result["count"]
        ],
        examined=[_read_examined(result, known.get(result["name"])) for result in run.results],
        took_s=run.took / datetime.timedelta(seconds=1),
    )


def _read_violated(
    result: Mapping[str, Any], invariant: Invariant | None, *, request: HttpRequest, site: admin.AdminSite
) -> Violated:
    ids = result["ids"][:OBJECTS_SHOWN_MAX]
    return Violated(
        code=result["code"],
        name=result["name"],
        holds=str(invariant.holds) if invariant else "",
        mend=str(invariant.mend) if invariant else "",
        count=result["count"],
        objects=_name_objects(invariant, ids, request=request, site=site),
        more=result["count"] - len(ids),
    )


def _read_examined(result: Mapping[str, Any], invariant: Invariant | None) -> Examined:
    return Examined(
        code=result["code"],
        name=result["name"],
        holds=str(invariant.holds) if invariant else "",
        count=result["count"],
        took_ms=result["took_ms"],
    )


def _name_objects(
    invariant: Invariant | None, ids: Sequence[int], *, request: HttpRequest, site: admin.AdminSite
) -> list[ObjectName]:
    """Return the objects in the order of their ids; by number alone what the user may not view, or has no page."""
    model = apps.get_model(invariant.model) if invariant else None
    names = _names_in_admin(model, ids, request=request, site=site) if model else {}
    title = model._meta.verbose_name if model else _("object")
    plainly = {pk: ObjectName(_("%(title)s %(pk)d") % {"title": title, "pk": pk}) for pk in ids}
    return [names.get(pk, plainly[pk]) for pk in ids]


def _names_in_admin(
    model: Any, ids: Sequence[int], *, request: HttpRequest, site: admin.AdminSite
) -> dict[int, ObjectName]:
    registered: Any = site._registry.get(model)
    if registered is None or not registered.has_view_permission(request):
        return {}
    address = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return {
        found.pk: ObjectName(str(found), reverse(address, args=[quote(found.pk)], current_app=site.name))
        for found in registered.get_queryset(request).filter(pk__in=ids).order_by()
    }
