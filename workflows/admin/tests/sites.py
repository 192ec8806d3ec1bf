"""Two admin sites with the toy app: Django's own and that of django-unfold; also the URL configuration of the tests."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.sites import UnfoldAdminSite

from workflows import TransitionRecord
from workflows.admin import WorkflowAdmin
from workflows.admin.audit_list import AuditAdmin
from workflows.admin.audit_runs import AuditRunAdmin
from workflows.models import AuditRun
from workflows.tests.toyapp.models import Item, Parcel


class ParcelColumns:
    list_display = ["__str__", "state_badge", "in_state_for"]
    search_fields = ["sender"]


class ParcelAdmin(ParcelColumns, WorkflowAdmin, admin.ModelAdmin): ...


class UnfoldParcelAdmin(ParcelColumns, WorkflowAdmin, UnfoldModelAdmin): ...


class ItemAdmin(WorkflowAdmin, admin.ModelAdmin):
    fields = ["status", "name", "parcel"]


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

urlpatterns = [path("stock/", stock.urls), path("unfold/", unfold.urls)]
