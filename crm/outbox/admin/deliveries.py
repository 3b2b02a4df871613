"""Deliveries, dead letters among them, and the events behind them (trust 4.3 c)."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.forms import CharField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.core.errors import DomainError
from crm.outbox import services
from crm.outbox.access import deliveries_for, messages_for, sees_payload
from crm.outbox.admin.base import SeenThroughGate, person_of
from crm.outbox.choices import OutboxPerm
from crm.outbox.models import Delivery, Message


class ReasonActionForm(ActionForm):
    """The reason stands beside the chosen action."""

    reason = CharField(label=_("原因"), max_length=300, required=False)


@admin.register(Delivery)
class DeliveryAdmin(SeenThroughGate):
    gate = staticmethod(deliveries_for)
    guard = "jobs"
    view_right = OutboxPerm.JOBS_VIEW
    action_form = ReasonActionForm
    actions = ("retry", "skip")
    list_display = ("id", "endpoint", "message", "status", "attempts", "next_try_at", "last_error")
    list_filter = ("status", "endpoint")
    list_select_related = ("endpoint", "message")
    show_full_result_count = False
    ordering = ("-id",)
    fields = (
        *("message", "endpoint", "order_key", "status", "attempts", "next_try_at", "last_error"),
        *("sent_at", "handled_by", "handled_at", "handled_reason"),
    )

    @admin.action(description=_("重试所选记录"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._each(request, queryset, services.retry_delivery)

    @admin.action(description=_("跳过所选记录（须填原因）"), permissions=["retry"])
    def skip(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._each(request, queryset, services.skip_delivery)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Delivery], act: Callable[..., Any]
    ) -> None:
        """One service call a row; what is refused is told, the others go on."""
        reason, done = request.POST.get("reason", "").strip(), 0
        for delivery in queryset:
            try:
                act(delivery=delivery, reason=reason, by=person_of(request))
            except DomainError as refusal:
                messages.error(request, f"{delivery.pk}: {refusal.message}")
            else:
                self.log_change(request, delivery, f"{act.__name__}: {reason}")
                done += 1
        if done:
            messages.success(request, _("已处理 %(count)d 条") % {"count": done})


@admin.register(Message)
class MessageAdmin(SeenThroughGate):
    gate = staticmethod(messages_for)
    guard = "jobs"
    view_right = OutboxPerm.JOBS_VIEW
    list_display = ("id", "created_at", "topic", "key", "customer_id")
    list_filter = ("topic",)
    show_full_result_count = False
    ordering = ("-id",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ARG002
        """The system administrator runs the queue without reading what is in it."""
        shown = ["uid", "topic", "key", "organisation", "customer_id", "position", "created_at"]
        return [*shown, "payload"] if sees_payload(person_of(request)) else shown
