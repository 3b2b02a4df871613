"""What the admin pages of this room have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from crm.core.admin import ReadOnlyAdmin
from crm.identity.access import may
from crm.outbox.choices import OutboxPerm

if TYPE_CHECKING:
    from crm.identity.models import User


class SeenThroughGate(ReadOnlyAdmin):
    """Rows come from a gate; nothing is added, changed or removed except by a service."""

    gate: ClassVar[Callable[..., Any]]
    view_right: ClassVar[OutboxPerm]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = type(self).gate(request.user, self.view_right)
        return rows

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return may(person_of(request), OutboxPerm.JOBS_RETRY)

    def has_create_permission(self, request: HttpRequest) -> bool:
        return may(person_of(request), OutboxPerm.ENDPOINTS_CREATE)

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return may(person_of(request), OutboxPerm.ENDPOINTS_ROTATE)

    def show_page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        """A page of our own inside the frame of the admin."""
        frame = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**frame, "opts": self.opts, **context})


def person_of(request: HttpRequest) -> "User":
    """The signed-in administrator: the admin's door lets nobody else in."""
    return request.user  # type: ignore[return-value]
