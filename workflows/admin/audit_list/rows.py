"""Events as people read them, with their objects by name: one statement for each machine on a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows import clock
from workflows.admin.audit_list.visibility import Sight
from workflows.admin.timeline import Event, describe_event
from workflows.models import TransitionRecord

__all__ = ["Names", "ObjectName", "Row", "build_rows", "name_objects"]


@dataclass(frozen=True, slots=True)
class ObjectName:
    """An object as it is called now; ``url`` is empty when it has no page, or is gone."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One event: ``machine`` is the title of what it happened to, ``event`` what happened, in words."""

    record: TransitionRecord
    machine: str
    object: ObjectName
    event: Event


Names = dict[tuple[str, int], ObjectName]


def build_rows(
    records: Iterable[TransitionRecord], *, request: HttpRequest, site: admin.AdminSite, sight: Sight
) -> list[Row]:
    """Return a row for each event, in their order."""
    told, now = list(records), clock.now()
    names = name_objects(
        ((record.machine, record.object_id) for record in told), request=request, site=site, sight=sight
    )
    rows = []
    for record in told:
        machine = sight.machine(record.machine)
        rows.append(
            Row(
                record=record,
                machine=machine.title if machine else record.machine,
                object=names[record.machine, record.object_id],
                event=describe_event(record, machine, now=now),
            )
        )
    return rows


def name_objects(
    keys: Iterable[tuple[str, int]], *, request: HttpRequest, site: admin.AdminSite, sight: Sight
) -> Names:
    """Return the name of each object (machine, id): one statement for each machine."""
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for machine, object_id in keys:
        wanted[machine].add(object_id)
    names: Names = {}
    for machine, ids in sorted(wanted.items()):
        names |= _names_of(machine, ids, request=request, site=site, sight=sight)
    return names


def _names_of(
    machine: str, ids: set[int], *, request: HttpRequest, site: admin.AdminSite, sight: Sight
) -> Names:
    model = sight.models.get(machine)
    if model is None:
        return {(machine, pk): ObjectName(f"{machine} {pk}") for pk in ids}
    registered: Any = site._registry.get(model)
    # An admin reads with an object what names it.
    objects = registered.get_queryset(request) if registered else model._default_manager.all()
    has_page = registered is not None and registered.has_view_permission(request)
    address = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    title = model._meta.verbose_name
    names = {
        (machine, pk): ObjectName(_("%(title)s %(pk)d, gone") % {"title": title, "pk": pk}) for pk in ids
    }
    for found in objects.filter(pk__in=ids).order_by():
        url = reverse(address, args=[quote(found.pk)], current_app=site.name) if has_page else ""
        names[machine, found.pk] = ObjectName(str(found), url)
    return names
