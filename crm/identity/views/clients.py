"""API clients: SYS makes them known, SEC gives and takes tokens (trust 4.3 c)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.errors import NotFound
from crm.core.policy import Rule, Rules, both, reads, writes
from crm.core.views import GatedPage, ServiceButtonView, ServiceFormView
from crm.identity.access import clients_for, ensure_may, get_client, may
from crm.identity.choices import IdentityPerm
from crm.identity.forms.people import ClientForm, TokenForm
from crm.identity.selectors import tokens_of
from crm.identity.services.clients import (
    confirm_token,
    disable_client,
    issue_token,
    register_client,
    revoke_token,
)

if TYPE_CHECKING:
    from crm.identity.models import ApiClient, ApiToken


class ClientsView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.CLIENTS_VIEW))
    template_name = "identity/clients.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        ensure_may(user, IdentityPerm.CLIENTS_VIEW)
        clients = clients_for(user, IdentityPerm.CLIENTS_VIEW).order_by("name", "pk")
        may_add = may(user, IdentityPerm.CLIENTS_CREATE)
        return super().get_context_data(clients=clients, may_add=may_add, **kwargs)


class ClientView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.CLIENTS_VIEW))
    template_name = "identity/client.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        client = get_client(user, IdentityPerm.CLIENTS_VIEW, self.kwargs["pk"])
        may_grant = may(user, IdentityPerm.CLIENTS_GRANT)
        tokens = tokens_of(client)
        return super().get_context_data(client=client, tokens=tokens, may_grant=may_grant, **kwargs)


class NewClientView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.CLIENTS_CREATE, step_up=True))
    form_class = ClientForm
    template_name = "identity/client_form.html"
    success_message = _("已登记，发放令牌后才能访问")

    def get_subject(self) -> None:
        ensure_may(self.request.user, IdentityPerm.CLIENTS_CREATE)

    def perform(self, subject: None, form: ClientForm) -> "ApiClient":
        return register_client(card=form.card(), by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("identity:client", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("登记 API 客户端"), **kwargs)


class IssueTokenView(ServiceFormView):
    """The clear token is on this answer alone (B286)."""

    rules: ClassVar[Rules] = both(Rule(IdentityPerm.CLIENTS_GRANT, step_up=True))
    form_class = TokenForm
    template_name = "identity/client_form.html"

    def get_subject(self) -> "ApiClient":
        return get_client(self.request.user, IdentityPerm.CLIENTS_GRANT, self.kwargs["pk"])

    def perform(self, subject: "ApiClient", form: TokenForm) -> tuple["ApiToken", str]:
        return issue_token(client=subject, wish=form.wish(), by=self.request.user)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if not hasattr(self, "result"):
            return response
        context = {
            "who": self.subject,
            "code": self.result[1],
            "title": _("令牌已发放"),
            "back_url": self.get_success_url(),
        }
        return render(self.request, "identity/code_once.html", context)

    def get_success_url(self) -> str:
        return reverse("identity:client", args=[self.kwargs["pk"]])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("发放令牌"), **kwargs)


class _ClientButton(ServiceButtonView):
    rules: ClassVar[Rules] = writes(Rule(IdentityPerm.CLIENTS_GRANT, step_up=True))

    def get_subject(self) -> Any:
        return get_client(self.request.user, IdentityPerm.CLIENTS_GRANT, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return reverse("identity:client", args=[self.kwargs["pk"]])


class DisableClientView(_ClientButton):
    success_message = _("客户端已停用，令牌全部作废")

    def perform(self, subject: "ApiClient") -> "ApiClient":
        return disable_client(client=subject, by=self.request.user)


class _TokenButton(_ClientButton):
    def get_subject(self) -> "ApiToken":
        client = super().get_subject()
        token = tokens_of(client).filter(token_key=self.kwargs["key"]).first()
        if token is None:
            raise NotFound
        return token


class RevokeTokenView(_TokenButton):
    success_message = _("令牌已作废")

    def perform(self, subject: "ApiToken") -> None:
        revoke_token(token=subject, by=self.request.user)


class ConfirmTokenView(_TokenButton):
    success_message = _("令牌的敏感权限已确认")

    def perform(self, subject: "ApiToken") -> "ApiToken":
        return confirm_token(token=subject, by=self.request.user)
