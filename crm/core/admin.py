"""Django admin: base classes for all rooms, and the tables of the ground floor (D7, PM-33).

Rights come from the table of trust 4.3 c through the site (`crm.identity.admin_site`), never from
Django's own permissions. Nothing is ever deleted here.
"""

from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from crm.core.errors import DomainError
from crm.core.models import AccessKind, AccessLog, CalendarOverride, DictEntry, JobRun, Region
from crm.core.services.jobs import retry_job

SECURITY_LOG: Final = frozenset({"", "security"})
"""Field sets of right logs.v that open the security log: the auditor's and SEC's."""


class ReferenceAdmin(admin.ModelAdmin):
    """A table that an administrator tunes. `guard` is the object of the rights table."""

    guard: ClassVar[str] = "parameters"
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def allows(self, request: HttpRequest, action: str) -> bool:
        site: Any = self.admin_site
        return bool(site.may(request.user, f"{self.guard}.{action}"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "v")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "v")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "c")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "u")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ServiceAdmin(ReferenceAdmin):
    """A table whose rows are written by a service; its refusal is told on the form again."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            with transaction.atomic():
                return super().changeform_view(request, *args, **kwargs)
        except ValidationError as invalid:
            self.message_user(request, " ".join(invalid.messages), messages.ERROR)
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        return redirect(request.get_full_path())


class ReadOnlyAdmin(ReferenceAdmin):
    """A table that is only looked at: governed rows, logs, jobs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DictEntry)
class DictEntryAdmin(ReferenceAdmin):
    list_display = ("kind", "organisation_id", "code", "label", "position", "is_live")
    list_filter = ("kind", "is_live")
    search_fields = ("code", "label")
    ordering = ("kind", "organisation_id", "position", "code")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Common words and the own organisation's (D9b)."""
        user: Any = request.user
        return super().get_queryset(request).filter(organisation_id__in=[0, user.organisation_id])


@admin.register(Region)
class RegionAdmin(ReferenceAdmin):
    list_display = ("code", "name", "level", "valid_from", "valid_to")
    list_filter = ("level",)
    search_fields = ("code", "name")
    autocomplete_fields = ("parent",)
    ordering = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj is not None else ()


@admin.register(CalendarOverride)
class CalendarOverrideAdmin(ReferenceAdmin):
    list_display = ("day", "is_working", "note")
    ordering = ("-day",)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """Jobs without their arguments (4.3 c: payload hidden); failed ones may be tried again."""

    guard = "jobs"
    list_display = ("kind", "key", "status", "done", "total", "attempts", "created_at", "ended_at")
    list_filter = ("status", "kind")
    ordering = ("-created_at",)
    fields = (
        "kind",
        "key",
        "owner",
        "status",
        "done",
        "total",
        "message",
        "attempts",
        "created_at",
        "started_at",
        "ended_at",
    )
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The house's own jobs and those of the own organisation's people (D9b)."""
        site: Any = self.admin_site
        ours = models.Q(owner__isnull=True) | models.Q(owner__in=site.member_ids(request.user))
        return super().get_queryset(request).filter(ours)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "x")

    @admin.action(description=_("重试失败的任务"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: models.QuerySet[JobRun]) -> None:
        by: Any = request.user
        again = sum(retry_job(job=job, by=by) for job in queryset)
        told = _("已重新排队 %(count)d 项；只有失败的任务能重试") % {"count": again}
        self.message_user(request, told, messages.SUCCESS if again else messages.WARNING)


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    """Who looked at what: the auditor reads all, SEC the refusals; nobody writes (PM-28)."""

    guard = "logs"
    list_display = ("at", "username", "kind", "object_type", "object_key", "ip", "request_id")
    list_filter = ("kind",)
    search_fields = ("username__exact", "object_key__exact", "request_id__exact")
    ordering = ("-at", "-pk")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """What the own organisation's people did (D9b)."""
        site: Any = self.admin_site
        rows = super().get_queryset(request).filter(user_id__in=site.member_ids(request.user))
        reads_all = "" in site.fieldsets(request.user, "logs.v")
        return rows if reads_all else rows.filter(kind=AccessKind.DENIED)

    def allows(self, request: HttpRequest, action: str) -> bool:
        """SYS reads the log of the programs, not this one (4.3 c)."""
        site: Any = self.admin_site
        return not SECURITY_LOG.isdisjoint(site.fieldsets(request.user, f"logs.{action}"))
