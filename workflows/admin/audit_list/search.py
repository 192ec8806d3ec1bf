"""What the words in the search field mean: an object by its own search, a reason, or a whole request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from workflows.admin.audit_list.visibility import Sight
from workflows.models import TransitionRecord, WorkflowModel

__all__ = ["OBJECTS_MAX", "Search", "search_events"]

OBJECTS_MAX = 1_000
"""How many objects of one machine a search may mean: the events of the others are not searched, and that is said."""


@dataclass(slots=True)
class Search:
    """The condition that finds the events, and what the reader must know about it."""

    condition: Q = field(default_factory=Q)
    notes: list[str] = field(default_factory=list)


def search_events(
    records: QuerySet[TransitionRecord],
    words: str,
    *,
    request: HttpRequest,
    site: admin.AdminSite,
    sight: Sight,
) -> tuple[QuerySet[TransitionRecord], list[str]]:
    """Return the events that the words mean, and notes; a statement for each machine with a search of its own."""
    search = Search(condition=Q(request_id=words))
    for model, found in _searched_objects(words, request=request, site=site, sight=sight):
        if len(found) > OBJECTS_MAX:
            search.notes.append(
                _("More than %(n)s %(objects)s match; the events of %(n)s of them are searched.")
                % {"n": f"{OBJECTS_MAX:,}", "objects": model._meta.verbose_name_plural}
            )
        if found:
            search.condition |= Q(machine=model._meta.label_lower, object_id__in=found[:OBJECTS_MAX])
    if query := _query_of(words, sight):
        records = records.alias(words=SearchVector("reason", config="simple"))
        search.condition |= Q(words=query) & ~Q(reason="")
    return records.filter(search.condition), search.notes


def _query_of(words: str, sight: Sight) -> SearchQuery | None:
    """Return what finds reasons in which a word begins with each of the words; None when there are none.

    Reasons from a menu are logged by their values: what is searched is what the reader sees, their labels.
    """
    asked = re.findall(r"\w+", words)
    if not asked:
        return None
    meant = [asked, *([value] for value in _values_labelled(asked, sight))]
    alternatives = [" & ".join(f"{word}:*" for word in group) for group in meant]
    return SearchQuery(" | ".join(f"({group})" for group in alternatives), config="simple", search_type="raw")


def _values_labelled(asked: list[str], sight: Sight) -> list[str]:
    """Return the values of the menus of reasons in whose labels a word begins with each of the words."""
    values = set()
    for machine in sight.machines:
        for argument in (argument for t in machine.transitions for argument in t.arguments):
            if argument.name == "reason" and isinstance(argument.annotation, type(models.Choices)):
                menu: list[tuple[str, Any]] = list(argument.annotation.choices)  # type: ignore[misc]  # of any menu
                values |= {value for value, label in menu if _has_words(str(label), asked)}
    return sorted(values)


def _has_words(label: str, asked: list[str]) -> bool:
    words = [word.casefold() for word in re.findall(r"\w+", label)]
    return all(any(word.startswith(one.casefold()) for word in words) for one in asked)


def _searched_objects(
    words: str, *, request: HttpRequest, site: admin.AdminSite, sight: Sight
) -> Iterator[tuple[type[WorkflowModel], list[int]]]:
    """Yield the keys of the objects that the search of each machine's own admin finds, the newest first."""
    for model in sight.models.values():
        searched: Any = site._registry.get(model)
        if searched is None or not searched.get_search_fields(request):
            continue
        objects = searched.get_queryset(request).order_by()
        found, _has_duplicates = searched.get_search_results(request, objects, words)
        newest = found.order_by("-pk").values_list("pk", flat=True).distinct()
        yield model, list(newest[: OBJECTS_MAX + 1])
