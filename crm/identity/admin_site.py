"""The door of Django admin: the three administrators, each with his rights (D7, PM-33)."""

from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.identity.access import duties_of, rights_of
from crm.identity.choices import ADMINISTRATORS
from crm.identity.models import User


class KedangAdminSite(AdminSite):
    site_header = _("客档系统管理")
    site_title = _("客档")
    index_title = _("系统管理")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever holds a live post of SYS, SEC or AUD; `is_staff` says nothing."""
        user: Any = request.user
        return bool(user.is_active) and not duties_of(user).isdisjoint(ADMINISTRATORS)

    def may(self, user: User, perm: str) -> bool:
        """What the admin classes of `crm.core.admin` ask: one right of the table (4.3 c)."""
        return bool(rights_of(user, perm))  # type: ignore[arg-type]

    def fieldsets(self, user: User, perm: str) -> set[str]:
        """Which field sets the person's cells name for a right; "" is all of it."""
        return {cell.fieldset for cell in rights_of(user, perm)}  # type: ignore[arg-type]

    def member_ids(self, user: User) -> QuerySet[Any]:
        """Keys of everybody in the person's organisation, outside systems too (D9b)."""
        return User.objects.filter(organisation_id=user.organisation_id).values("pk")
