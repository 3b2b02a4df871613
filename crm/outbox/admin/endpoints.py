"""Where outside systems listen, for the administrators (trust 4.3 c)."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from crm.core.errors import DomainError
from crm.core.views import add_errors
from crm.outbox import services
from crm.outbox.access import endpoints_for, get_endpoint
from crm.outbox.admin.base import SeenThroughGate, person_of
from crm.outbox.choices import OutboxPerm
from crm.outbox.forms import EndpointForm, ReplayForm
from crm.outbox.models import Endpoint


@admin.register(Endpoint)
class EndpointAdmin(SeenThroughGate):
    gate = staticmethod(endpoints_for)
    guard = "clients"
    view_right = OutboxPerm.ENDPOINTS_VIEW
    list_display = ("system", "url", "is_live", "failures", "resume_at", "held_at")
    list_filter = ("system", "is_live")
    fields = (
        *("organisation", "system", "url", "timeout", "is_live"),
        *("failures", "resume_at", "held_at", "created_by", "created_at"),
    )
    actions = ("wake", "hold", "rotate", "retire")
    change_form_template = "outbox/admin_endpoint.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_create_permission(request)

    def get_urls(self) -> list[Any]:
        replay = self.admin_site.admin_view(self.replay_view)
        return [
            path("<int:pk>/replay/", replay, name="outbox_endpoint_replay"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Register; the answer shows the secret, once and nowhere else (B286)."""
        if not self.has_create_permission(request):
            raise PermissionDenied
        form = EndpointForm(request.POST or None)
        if form.is_valid():
            person = person_of(request)
            try:
                endpoint, secret = services.register_endpoint(
                    organisation_id=person.organisation_id or 0, by=person, **form.cleaned_data
                )
            except DomainError as refusal:
                form.add_error(refusal.field, refusal.message)
            except ValidationError as invalid:
                add_errors(form, invalid)
            else:
                self.log_addition(request, endpoint, "register_endpoint")
                return self._show_secret(request, endpoint, secret)
        return self.show_page(request, "outbox/admin_form.html", form=form, title=_("登记外发端点"))

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one system again everything since a moment."""
        if not self.has_retry_permission(request):
            raise PermissionDenied
        endpoint = get_endpoint(person_of(request), OutboxPerm.ENDPOINTS_VIEW, pk)
        form = ReplayForm(request.POST or None)
        if form.is_valid():
            moment = form.cleaned_data["moment"]
            count = services.replay_since(endpoint=endpoint, moment=moment, by=person_of(request))
            self.log_change(request, endpoint, f"replay_since {moment:%F %R}: {count}")
            messages.success(request, _("已排入 %(count)d 条重发") % {"count": count})
            return redirect(reverse("admin:outbox_endpoint_change", args=[pk]))
        return self.show_page(request, "outbox/admin_form.html", form=form, title=_("自某时起重发"))

    @admin.action(description=_("立即重新呼叫（结束暂停）"), permissions=["retry"])
    def wake(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        for endpoint in queryset:
            services.wake_endpoint(endpoint=endpoint, by=person_of(request))
            self.log_change(request, endpoint, "wake_endpoint")

    @admin.action(description=_("暂停所选端点"), permissions=["retry"])
    def hold(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        services.hold_endpoints(endpoints=[row.pk for row in queryset], by=person_of(request))
        for endpoint in queryset:
            self.log_change(request, endpoint, "hold_endpoints")

    @admin.action(description=_("更换签名密钥（一次一个）"), permissions=["rotate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> HttpResponse | None:
        if queryset.count() != 1:
            messages.error(request, _("请只选一个端点"))
            return None
        endpoint = queryset.get()
        secret = services.rotate_secret(endpoint=endpoint, by=person_of(request))
        self.log_change(request, endpoint, "rotate_secret")
        return self._show_secret(request, endpoint, secret)

    @admin.action(description=_("停用所选端点"), permissions=["create"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        for endpoint in queryset:
            services.retire_endpoint(endpoint=endpoint, by=person_of(request))
            self.log_change(request, endpoint, "retire_endpoint")

    def _show_secret(
        self, request: HttpRequest, endpoint: Endpoint, secret: str
    ) -> TemplateResponse:
        page = self.show_page(
            request,
            "outbox/admin_secret.html",
            endpoint=endpoint,
            secret=secret,
            title=_("签名密钥"),
        )
        page["Cache-Control"] = "no-store"
        return page
