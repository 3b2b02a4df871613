"""Log-in pages that are ours or that follow a renewed session key; the rest is allauth's own."""

from typing import Any, ClassVar

from allauth.account.views import PasswordChangeView as BasePasswordChangeView
from allauth.account.views import ReauthenticateView as BaseReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as BaseFactorView
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from crm.core.policy import Door, Rule, Rules, both, reads
from crm.core.views import Guarded, add_errors
from crm.identity.errors import CodeRefused
from crm.identity.forms.people import ActivationForm
from crm.identity.selectors import idle_seconds
from crm.identity.services.passwords import activate_account
from crm.identity.services.sessions import rename_session


class PasswordChangeView(BasePasswordChangeView):
    rules: ClassVar[Rules] = both(Rule(Door.SIGNED_IN))

    def form_valid(self, form: Any) -> HttpResponse:
        old = self.request.session.session_key
        response = super().form_valid(form)
        rename_session(old=old, new=self.request.session.session_key)
        return response


class _NewKey(FormView):
    """Whoever proves himself again gets a new session key (SEC-22)."""

    def form_valid(self, form: Any) -> HttpResponse:
        old = self.request.session.session_key
        self.request.session.cycle_key()
        rename_session(old=old, new=self.request.session.session_key)
        return super().form_valid(form)


class ReauthenticateView(_NewKey, BaseReauthenticateView):
    rules: ClassVar[Rules] = both(Rule(Door.SIGNED_IN))


class FactorReauthenticateView(_NewKey, BaseFactorView):
    rules: ClassVar[Rules] = both(Rule(Door.SIGNED_IN))


@method_decorator(login_not_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("code", "password", "again"), name="dispatch")
class ActivateView(FormView):
    """A code, once, for a first password; then the ordinary log-in (trust 2.1, B266).

    Wrong codes count like wrong passwords.
    """

    rules: ClassVar[Rules] = both(Rule(Door.ANYONE))
    form_class = ActivationForm
    template_name = "account/activate.html"

    def form_valid(self, form: ActivationForm) -> HttpResponse:
        data = form.cleaned_data
        credentials = {"username": data["username"]}
        request: Any = self.request
        if settings.AXES_ENABLED and not AxesProxyHandler.is_allowed(request, credentials):
            request.axes_locked_out = True
            return self.form_invalid(form)
        try:
            activate_account(
                username=data["username"], code=data["code"], password=data["password"]
            )
        except CodeRefused as refusal:
            if settings.AXES_ENABLED:
                AxesProxyHandler.user_login_failed(type(self), credentials, request)
            form.add_error("code", refusal.message)
            return self.form_invalid(form)
        except ValidationError as weak:
            add_errors(form, ValidationError({"password": weak.messages}))
            return self.form_invalid(form)
        messages.success(request, _("账号已激活，请用新密码登录"))
        return redirect("account_login")


class AliveView(Guarded):
    """What the page asks when the person wants to stay (UX-69)."""

    rules: ClassVar[Rules] = reads(Rule(Door.SIGNED_IN))

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"seconds": idle_seconds(self.request.user)})
