"""Two admin sites with the toy app: Django's own and that of django-unfold; also the URL configuration of the tests."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import path
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.sites import UnfoldAdminSite

from workflows import TransitionRecord
from workflows.admin import WorkflowAdmin
from workflows.admin.audit_list import AuditAdmin
from workflows.admin.audit_runs import AuditRunAdmin
from workflows.admin.process_map import process_maps_view
from workflows.models import AuditRun
from workflows.tests.toyapp.models import Item, Parcel


class WeightFilter(admin.SimpleListFilter):
    title = "weight"
    parameter_name = "weight"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("light", "Light"), ("heavy", "Heavy")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        limits = {"light": {"weight_kg__lte": 20}, "heavy": {"weight_kg__gt": 20}}
        return queryset.filter(**limits.get(self.value(), {}))


class ParcelColumns:
    list_display = ["__str__", "state_badge", "in_state_for", "next_step"]
    list_filter = ["status", WeightFilter, ("updated_at", admin.DateFieldListFilter)]
    list_per_page = 3
    ordering = ["pk"]
    search_fields = ["sender"]


class ParcelAdmin(ParcelColumns, WorkflowAdmin, admin.ModelAdmin): ...


class UnfoldParcelAdmin(ParcelColumns, WorkflowAdmin, UnfoldModelAdmin): ...


class ItemAdmin(WorkflowAdmin, admin.ModelAdmin):
    fields = ["status", "name", "parcel"]
    list_filter = ["parcel"]
    process_map_filters = ["parcel"]


class EventAdmin(AuditAdmin, admin.ModelAdmin): ...


class UnfoldEventAdmin(AuditAdmin, UnfoldModelAdmin): ...


class RunAdmin(AuditRunAdmin, admin.ModelAdmin): ...


class UnfoldRunAdmin(AuditRunAdmin, UnfoldModelAdmin): ...


stock = admin.AdminSite(name="stock")
stock.register(Parcel, ParcelAdmin)
stock.register(Item, ItemAdmin)
stock.register(TransitionRecord, EventAdmin)
stock.register(AuditRun, RunAdmin)

unfold = UnfoldAdminSite(name="unfold")
unfold.register(Parcel, UnfoldParcelAdmin)
unfold.register(TransitionRecord, UnfoldEventAdmin)
unfold.register(AuditRun, UnfoldRunAdmin)

urlpatterns = [
    path("stock/process-maps/", process_maps_view(stock), name="process_maps"),
    path("stock/", stock.urls),
    path("unfold/", unfold.urls),
]
