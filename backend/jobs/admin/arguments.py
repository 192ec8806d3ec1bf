"""The arguments of a job; those that name an object of the admin (``lead_id=7``, ``lead_ids=[7, 8]``) as links."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backend.jobs.admin.wording import in_time_element

__all__ = ["describe_arguments"]

# The argument of a periodic task: the moment that it is the tick of.
TICK = "timestamp"
VALUES_MAX = 5
VALUE_LENGTH_MAX = 60


def describe_arguments(arguments: Mapping[str, Any], request: HttpRequest) -> SafeString:
    """Return arguments as ``name value``, linked where the user may look at what they name."""
    # In one element: on a phone each child of a cell would become a column.
    lines = format_html_join(SafeString("<br>"), "{} {}", _describe_each(arguments, request))
    return format_html("<div>{}</div>", lines) if arguments else SafeString("")


def _describe_each(arguments: Mapping[str, Any], request: HttpRequest) -> Iterator[tuple[str, SafeString]]:
    for name, value in arguments.items():
        if name == TICK and isinstance(value, int):
            yield _describe_tick(value)
        else:
            values = value if isinstance(value, list) else [value]
            yield name, _describe_values(values, _named_model(name, request))


def _describe_tick(timestamp: int) -> tuple[str, SafeString]:
    moment = datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC)
    return _("of"), in_time_element(date_format(timezone.localtime(moment), "H:i:s"), moment)


def _describe_values(values: list[Any], model: type[Model] | None) -> SafeString:
    shown = format_html_join(", ", "{}", ((_describe_value(one, model),) for one in values[:VALUES_MAX]))
    if left := len(values[VALUES_MAX:]):
        return format_html("{} {}", shown, _("and %d more") % left)
    return shown


def _describe_value(value: Any, model: type[Model] | None) -> SafeString:
    if model is not None and isinstance(value, int):
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[value])
        return format_html('<a class="jobs-link" href="{}">{}</a>', address, value)
    text = str(value)
    return format_html("{}", text if len(text) <= VALUE_LENGTH_MAX else f"{text[: VALUE_LENGTH_MAX - 1]}…")


def _named_model(name: str, request: HttpRequest) -> type[Model] | None:
    """Return the model whose objects an argument names by id, if it has an admin that the user may look at."""
    stem = next((name.removesuffix(end) for end in ("_ids", "_id") if name.endswith(end)), "")
    wanted = stem.replace("_", "")
    for model, model_admin in admin.site._registry.items():
        if model._meta.model_name == wanted and model_admin.has_view_permission(request):
            return model
    return None
