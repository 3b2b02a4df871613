"""The route editor, and the engine's tables to look at (D7).

A published version is shown and never edited: one drafts a copy, edits it with its steps, and
publishes; cases that run keep the version they started on.
"""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.approvals.models import Route, RouteStep
from crm.approvals.services import draft_route, publish_route
from crm.core.admin import ReferenceAdmin
from crm.core.errors import DomainError
from crm.identity.models import Department


class RouteStepInline(admin.TabularInline):
    """The steps of a draft; of a published version, to look at only."""

    model = RouteStep
    extra = 0
    fields = (
        "stage",
        "name",
        "duty",
        "department",
        "department_kind",
        "sla_days",
        "may_return",
        "may_refuse",
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # the route's own permission was asked before

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Departments of the own organisation (D9b)."""
        user: Any = request.user
        kwargs["queryset"] = Department.objects.filter(organisation_id=user.organisation_id)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _is_draft(route: Any) -> bool:
    return route is not None and route.published_at is None


@admin.register(Route)
class RouteAdmin(ReferenceAdmin):
    list_display = (
        "name",
        "kind",
        "version",
        "is_live",
        "drafted_by",
        "published_by",
        "published_at",
    )
    list_filter = ("kind", "is_live")
    list_select_related = ("drafted_by", "published_by")
    ordering = ("kind", "-version")
    fields = (
        "name",
        "kind",
        "version",
        "is_live",
        "one_signature_per_person",
        "drafted_by",
        "published_by",
        "published_at",
    )
    readonly_fields = ("kind", "version", "is_live", "drafted_by", "published_by", "published_at")
    inlines = (RouteStepInline,)
    actions = ("draft", "publish")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        """The own organisation's routes (D9b)."""
        user: Any = request.user
        return super().get_queryset(request).filter(organisation_id=user.organisation_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A version begins as a copy: `draft`."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "u") and (obj is None or _is_draft(obj))

    def has_edit_permission(self, request: HttpRequest) -> bool:
        """Who may draft and publish."""
        return self.allows(request, "u")

    @admin.action(description=_("以所选版本起草新版本"), permissions=["edit"])
    def draft(self, request: HttpRequest, queryset: QuerySet[Route]) -> None:
        by: Any = request.user
        for route in queryset:
            made = draft_route(route=route, by=by)
            self.message_user(request, _("草稿：%(route)s") % {"route": made}, messages.SUCCESS)

    @admin.action(description=_("发布所选草稿"), permissions=["edit"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Route]) -> None:
        by: Any = request.user
        for route in queryset:
            try:
                publish_route(route=route, by=by)
            except DomainError as refusal:
                self.message_user(request, f"{route}: {refusal.message}", messages.ERROR)
            else:
                told = _("已发布：%(route)s") % {"route": route}
                self.message_user(request, told, messages.SUCCESS)
