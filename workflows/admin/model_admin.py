"""The mixin that gives the admin of a workflow model its panel, its transitions and its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import quote
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, models, router
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from workflows import clock
from workflows.actors import Channel, acting
from workflows.admin.durations import describe_duration
from workflows.admin.forms import ArgumentForm, argument_form, field_for
from workflows.admin.lists import ListAdmin, Part
from workflows.admin.lists.address import remember, remembered
from workflows.admin.lists.change_list import ListChangeList
from workflows.admin.lists.neighbours import find_neighbours
from workflows.admin.lists.state_tabs import build_state_tabs
from workflows.admin.next_step import describe_next_step
from workflows.admin.panel import asked_arguments, build_panel
from workflows.admin.process_map import ProcessMapAdmin
from workflows.admin.process_map.index import map_url
from workflows.admin.timeline import EVENTS_MAX
from workflows.admin.views import transition_view
from workflows.explanation import Explanation
from workflows.machine import Argument, Transition
from workflows.models import WorkflowModel
from workflows.registry import machine_of, state_field_of

__all__ = ["WorkflowAdmin"]

_NEIGHBOURS = "_neighbours_in_list"
"""Where a request keeps what was found out about its list."""


class WorkflowAdmin(ListAdmin, ProcessMapAdmin):
    """Admin of a workflow model; goes before ``ModelAdmin``, Django's or that of django-unfold.

    What the engine governs is read-only, nothing can be deleted, and whatever is saved is recorded as done by
    the user.  A template of one's own extends ``workflows/admin/change_form.html``.
    """

    change_form_template = "workflows/admin/change_form.html"

    class Media:
        """Styles and scripts, from static files alone."""

        css = {"all": ["workflows/diagram.css", "workflows/admin.css"]}

    # What to override.

    question_templates: Mapping[str, str] = MappingProxyType({})
    """Templates of the transitions that ask with more than a form, by name: they extend
    ``workflows/admin/transition.html``.  Without ``data-wf-question`` they open as a page, not as a dialog."""

    def question_context(
        self, request: HttpRequest, obj: WorkflowModel, transition: Transition
    ) -> dict[str, Any]:
        """Return what the template of a transition's question needs beside the question."""
        return {}

    def argument_queryset(
        self, request: HttpRequest, obj: WorkflowModel, transition: Transition, argument: Argument
    ) -> models.QuerySet[Any]:
        """Return the objects among which one is chosen for an argument.

        Of a model that points at this object's model: those that point at the object.  Of the same model: all
        but the object itself.  Else: all.
        """
        model: type[models.Model] = argument.annotation
        forward = [f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey)]
        objects = model._default_manager.select_related(*(f.name for f in forward if not f.null))
        if model is type(obj):
            return objects.exclude(pk=obj.pk)
        pointing = [f.name for f in forward if f.related_model is type(obj)]
        return objects.filter(**{pointing[0]: obj}) if pointing else objects

    def field_for_argument(
        self,
        request: HttpRequest,
        obj: WorkflowModel,
        transition: Transition,
        argument: Argument,
        *,
        is_needed: bool = False,
    ) -> forms.Field:
        """Return the form field of an argument; ``is_needed``: a guard holds only with it.

        Raises: DefinitionError when no field is known for its type.
        """
        annotation = argument.annotation
        if not (isinstance(annotation, type) and issubclass(annotation, models.Model)):
            return field_for(argument, is_needed=is_needed)

        def search(objects: models.QuerySet[Any], words: str) -> models.QuerySet[Any]:
            searched = self.admin_site._registry.get(annotation)
            if searched is None or not searched.get_search_fields(request):
                return objects.none()
            found, has_duplicates = searched.get_search_results(request, objects, words)
            return found.distinct() if has_duplicates else found

        objects = self.argument_queryset(request, obj, transition, argument)
        return field_for(argument, is_needed=is_needed, objects=objects, search=search)

    def get_argument_form(
        self,
        request: HttpRequest,
        obj: WorkflowModel,
        explanation: Explanation,
        *,
        data: Mapping[str, Any] | None = None,
    ) -> ArgumentForm:
        """Return the form of what a transition asks for now: a consent only where a failing check names it.

        What is posted is read for all arguments: a check may hold by now that did not when the page was made.
        """
        lifting = {check.lifted_by for check in explanation.failed}
        asked = asked_arguments(explanation)
        transition = explanation.transition
        arguments = tuple(
            argument
            for argument in transition.arguments
            if argument in asked or (data and argument.name in data)
        )
        fields = {
            argument.name: self.field_for_argument(
                request, obj, transition, argument, is_needed=argument.name in lifting
            )
            for argument in arguments
        }
        return argument_form(fields, arguments, data=data)

    # Columns for ``list_display``.

    @admin.display(description=_("state"))
    def state_badge(self, obj: WorkflowModel) -> SafeString:
        """Return the state with its tone, for a list."""
        state = machine_of(type(obj)).state(obj.state)
        return format_html('<span class="wf-badge wf-tone-{}">{}</span>', state.tone, state.label)

    @admin.display(description=_("in it for"), ordering="state_since")
    def in_state_for(self, obj: WorkflowModel) -> SafeString:
        """Return how long it has been in its state; the exact time shows on hover."""
        exact = f"{obj.state_since:%Y-%m-%d %H:%M:%S %Z}"
        spent = describe_duration(clock.now() - obj.state_since)
        return format_html(
            '<time class="wf-since" datetime="{}" title="{}">{}</time>',
            obj.state_since.isoformat(),
            exact,
            spent,
        )

    @admin.display(description=_("next step"))
    def next_step(self, obj: Any) -> SafeString:
        """Return what comes next, or whom it waits for: read from the machine, whatever its guards say."""
        return describe_next_step(obj)

    # The list.

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Leave the state out: its tabs stand for it."""
        model: type[WorkflowModel] = self.model
        return [one for one in super().get_list_filter(request) if one != state_field_of(model).name]

    def list_parts(self, request: HttpRequest, changelist: ListChangeList) -> list[Part]:
        """Show the tabs of the states first."""
        tabs = Part("workflows/admin/list_tabs.html", build_state_tabs(changelist))
        return [tabs, *super().list_parts(request, changelist)]

    # Django's hooks.

    def get_urls(self) -> list[URLPattern]:
        """Add the page of each transition, before the address that catches everything."""
        wrapped = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(self.transition_view)
        )
        name = f"{self.opts.app_label}_{self.opts.model_name}_transition"
        return [path("<path:object_id>/transition/<slug:name>/", wrapped, name=name), *super().get_urls()]

    def transition_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponseBase:
        """Answer the page of a transition."""
        return transition_view(self, request, object_id, name)

    def transition_url(self, request: HttpRequest, obj: WorkflowModel, name: str) -> str:
        """Return the address of a transition of an object as it is seen now."""
        address = self._address(request, "transition", quote(obj.pk), name)
        seen = urlencode([("expect", obj.state), ("expect_version", obj.version)])
        return f"{address}{'&' if '?' in address else '?'}{seen}"

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """Return the list one comes from, and on an object's page where in it the object stands."""
        kept, neighbours = super().get_preserved_filters(request), getattr(request, _NEIGHBOURS, None)
        query = remembered(request)
        if kept and query is not None and neighbours is not None:
            return remember(query, position=neighbours.position)
        return kept

    def change_url(self, request: HttpRequest, obj: WorkflowModel) -> str:
        """Return the address of an object's page, from which one comes back to the same list."""
        return self._address(request, "change", quote(obj.pk))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add or change an object: whatever is created meanwhile is recorded as done by the user."""
        with acting(by=_user_of(request), channel=Channel.ADMIN):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """List objects, and run actions on them as the user."""
        with acting(by=_user_of(request), channel=Channel.ADMIN):
            return super().changelist_view(request, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form, below the panel of the object."""
        obj = kwargs.get("obj")
        if obj is not None:
            context["neighbours"] = self._neighbours(request, obj)
            context["process_map_url"] = map_url(self)
            context["panel"] = build_panel(
                obj,
                by=_user_of(request),
                url_of=lambda name: self.transition_url(request, obj, name),
                events_max=None if request.GET.get("events") == "all" else EVENTS_MAX,
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return an object; while it is edited its row is held, so that no transition is overwritten."""
        using = router.db_for_write(self.model)
        if request.method == "POST" and connections[using].in_atomic_block:
            seen = super().get_object(request, object_id, from_field)
            if seen is not None:
                rows = self.model._base_manager.using(using).select_for_update(of=("self",), no_key=True)
                rows.filter(pk=seen.pk).values_list("pk").first()
        return super().get_object(request, object_id, from_field)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return also what the engine governs: nobody types a state."""
        declared = list(super().get_readonly_fields(request, obj))
        return [*declared, *(name for name in self._governed() if name not in declared)]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what the panel shows, unless it is asked for."""
        fields = super().get_fields(request, obj)
        if self.fields:
            return fields
        return [name for name in fields if name in self.readonly_fields or name not in self._governed()]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what happened stays."""
        return False

    def _neighbours(self, request: HttpRequest, obj: WorkflowModel) -> dict[str, str] | None:
        """Return the addresses beside the object in its list; from then on its own ones say where it stands."""
        found = find_neighbours(self, request, obj.pk)
        setattr(request, _NEIGHBOURS, found)
        if found is None:
            return None
        return {
            "previous_url": self._neighbour_url(request, found.previous, found.position - 1),
            "next_url": self._neighbour_url(request, found.next, found.next_position),
        }

    def _neighbour_url(self, request: HttpRequest, pk: Any, position: int) -> str:
        query = remembered(request)
        if pk is None or query is None:
            return ""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        page = reverse(name, args=[quote(pk)], current_app=self.admin_site.name)
        return f"{page}?{remember(query, position=position)}"

    def _governed(self) -> list[str]:
        model: type[WorkflowModel] = self.model
        return [state_field_of(model).name, "state_since", "version"]

    def _address(self, request: HttpRequest, page: str, *args: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        filters: dict[str, Any] = {
            "preserved_filters": self.get_preserved_filters(request),
            "opts": self.opts,
        }
        return add_preserved_filters(filters, reverse(name, args=args, current_app=self.admin_site.name))


def _user_of(request: HttpRequest) -> AbstractBaseUser:
    """Return who asks: ``admin_view`` lets nobody in without a login."""
    return cast(AbstractBaseUser, request.user)
