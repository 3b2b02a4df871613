"""Django admin: governed rows are only looked at, and only through the gates (D7)."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from crm.core.admin import ReadOnlyAdmin
from logistics.access import firms_for, routes_for
from logistics.choices import LogisticsPerm
from logistics.models import (
    DeliveryRoute,
    DeliveryRouteQuerySet,
    LogisticsFirm,
    LogisticsFirmQuerySet,
)


@admin.register(LogisticsFirm)
class LogisticsFirmAdmin(ReadOnlyAdmin):
    guard: ClassVar[str] = "logistics"
    list_display = ("name", "kind", "city", "contact", "phone", "is_live")
    list_filter = ("kind", "is_live")
    search_fields = ("name",)
    ordering = ("short_name", "-kind", "name")

    def get_queryset(self, request: HttpRequest) -> LogisticsFirmQuerySet:
        user: Any = request.user
        return firms_for(user, LogisticsPerm.VIEW)


@admin.register(DeliveryRoute)
class DeliveryRouteAdmin(ReadOnlyAdmin):
    guard: ClassVar[str] = "logistics"
    list_display = ("code", "name", "weekdays", "is_live")
    list_filter = ("is_live",)
    search_fields = ("code", "name")
    ordering = ("code",)

    def get_queryset(self, request: HttpRequest) -> DeliveryRouteQuerySet:
        user: Any = request.user
        return routes_for(user, LogisticsPerm.VIEW)
