"""Admin of this room: people, departments, posts, rights, clients, cards (D7, PM-33).

Whatever has two people to it (confirming, posts, tokens) is done on the pages under /people/ and
/clients/; here SYS registers people and keeps departments, the others look.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog
from axes.models import AccessLog as LoginLog
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.core.admin import SECURITY_LOG, ReadOnlyAdmin, ServiceAdmin
from crm.identity.access import clients_for, departments_for, people_for, posts_for
from crm.identity.choices import DepartmentKind, IdentityPerm
from crm.identity.models import (
    ApiClient,
    ApiToken,
    Department,
    Post,
    RoleRight,
    User,
)
from crm.identity.services.departments import DepartmentCard, save_department
from crm.identity.services.people import PersonCard, edit_person, register_person, unlock_person

# Libraries register their tables under Django's own permissions, which nobody holds here except
# a superuser, and his word counts for nothing.
for _model in (
    Group,
    EmailAddress,
    Authenticator,
    AccessAttempt,
    AccessAttemptExpiration,
    AccessFailureLog,
    LoginLog,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(ServiceAdmin):
    """People of the own organisation; adding one is `register_person`."""

    guard = "people"
    list_display = ("username", "name", "department", "is_active", "confirmed_at", "left_on")
    list_filter = ("is_active",)
    search_fields = ("username", "name")
    ordering = ("username",)
    fields = ("username", "name", "department", "mobile", "email", "clearance")
    actions = ("unlock",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return people_for(_user(request), IdentityPerm.PEOPLE_VIEW).select_related("department")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("username",) if obj is not None else ()

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "department":
            kwargs["queryset"] = departments_for(_user(request), IdentityPerm.PEOPLE_VIEW)
            kwargs["empty_label"] = None
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:  # noqa: FBT001 - Django's own signature
        card = PersonCard(
            username=obj.username,
            name=obj.name,
            department=obj.department or Department(),
            mobile=obj.mobile,
            email=obj.email,
            clearance=obj.clearance,
        )
        by = _user(request)
        saved = (
            edit_person(person=obj, card=card, by=by)
            if change
            else register_person(card=card, by=by)
        )
        obj.pk = saved.pk

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "a")

    @admin.action(description=_("解除登录锁定"), permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for person in queryset:
            unlock_person(person=person, by=_user(request))
        self.message_user(request, _("已解除登录锁定"))


@admin.register(Department)
class DepartmentAdmin(ServiceAdmin):
    """Departments below the own organisation; the root itself is the installer's."""

    guard = "people"
    list_display = ("code", "name", "kind", "parent", "is_live")
    list_filter = ("kind", "is_live")
    search_fields = ("code", "name")
    ordering = ("code",)
    fields = ("code", "name", "kind", "parent", "region", "is_live")
    autocomplete_fields = ("region",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Department]:
        return departments_for(_user(request), IdentityPerm.PEOPLE_VIEW).select_related("parent")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_root = obj is not None and obj.parent_id is None
        return super().has_change_permission(request, obj) and not is_root

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "parent":
            kwargs["queryset"] = departments_for(_user(request), IdentityPerm.PEOPLE_VIEW)
            kwargs["required"] = True
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Department, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's own signature
        card = DepartmentCard(
            code=obj.code,
            name=obj.name,
            kind=DepartmentKind(obj.kind),
            parent=obj.parent,
            region_id=obj.region_id,
            is_live=obj.is_live,
        )
        saved = save_department(card=card, by=_user(request), department=obj if change else None)
        obj.pk = saved.pk


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    guard = "rights"
    list_display = (
        "user",
        "department",
        "duty",
        "starts_on",
        "ends_on",
        "confirmed_at",
        "ended_at",
    )
    list_filter = ("duty",)
    search_fields = ("user__username", "user__name")
    ordering = ("-pk",)
    exclude = ("field_marks",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return posts_for(_user(request), IdentityPerm.RIGHTS_VIEW).select_related(
            "user", "department"
        )


@admin.register(RoleRight)
class RoleRightAdmin(ReadOnlyAdmin):
    """The table of trust 4.3 as it stands; it changes with `rights.csv` and a release."""

    guard = "rights"
    list_display = ("duty", "object", "action", "scope", "fieldset")
    list_filter = ("duty", "scope")
    search_fields = ("object",)
    ordering = ("duty", "object", "action", "scope")


@admin.register(ApiClient)
class ApiClientAdmin(ReadOnlyAdmin):
    guard = "clients"
    list_display = ("name", "system", "region_prefix", "is_live")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        return clients_for(_user(request), IdentityPerm.CLIENTS_VIEW)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens without their digest."""

    guard = "clients"
    list_display = ("name", "user", "created", "expiry")
    fields = (
        "name",
        "user",
        "scopes",
        "networks",
        "created",
        "expiry",
        "issued_by",
        "confirmed_by",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        clients = clients_for(_user(request), IdentityPerm.CLIENTS_VIEW)
        return ApiToken.objects.filter(user__in=clients.values("user_id"))


@admin.register(LoginLog)
class LoginLogAdmin(ReadOnlyAdmin):
    """Log-ins and log-outs, for the auditor and SEC."""

    guard = "logs"
    list_display = ("attempt_time", "logout_time", "username", "ip_address")
    search_fields = ("username__exact", "ip_address__exact")
    ordering = ("-attempt_time",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoginLog]:
        return _ours(super().get_queryset(request), request)

    def allows(self, request: HttpRequest, action: str) -> bool:
        site: Any = self.admin_site
        return not SECURITY_LOG.isdisjoint(site.fieldsets(request.user, f"logs.{action}"))


@admin.register(AccessAttempt)
class LockedAdmin(ReadOnlyAdmin):
    """Failed log-ins, for whoever may unlock."""

    guard = "people"
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    fields = ("attempt_time", "username", "ip_address", "failures_since_start")
    ordering = ("-attempt_time",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessAttempt]:
        return _ours(super().get_queryset(request), request)

    def allows(self, request: HttpRequest, action: str) -> bool:
        return super().allows(request, "a")


def _user(request: HttpRequest) -> Any:
    return request.user


def _ours(rows: Any, request: HttpRequest) -> Any:
    """Log-ins of the own organisation's people; names nobody has here show to nobody."""
    people = people_for(_user(request), IdentityPerm.PEOPLE_VIEW)
    return rows.filter(username__in=people.values("username"))
