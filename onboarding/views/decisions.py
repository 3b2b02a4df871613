"""Signing, withdrawing, licensing, announcing: the acts that move a form between desks."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.approvals.choices import Verdict
from crm.approvals.selectors.queue import next_step_after
from crm.approvals.selectors.signing import step_page
from crm.core.errors import DomainError
from crm.core.policy import Door, Rule, Rules, both
from onboarding.access import get_signable_form
from onboarding.choices import LicenceSource, OnboardingPerm
from onboarding.forms.blocks import DecisionForm, LicenceForm, ManagerForm, NoticeForm, ReasonForm
from onboarding.selectors.page import clear_classes
from onboarding.services import licensing, registration
from onboarding.views.sheets import OfForm

if TYPE_CHECKING:
    from crm.approvals.models import Step
    from onboarding.models import RegistrationForm


class ReasonView(OfForm):
    """A form page whose form needs nobody to know its choices."""

    form_class: ClassVar[type[Any]] = ReasonForm

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        kwargs.pop("user")
        return kwargs


class SignView(ReasonView):
    """One step of a case: what changes, the path, my signature; then the next one opens.

    Whoever was slower reads who had signed, with 409, on the page and on sending (RF-01).
    """

    rules: ClassVar[Rules] = both(Rule(Door.BY_GATE))
    form_class = DecisionForm
    template_name = "onboarding/sign.html"

    @cached_property
    def signed(self) -> "tuple[Step, RegistrationForm]":
        return get_signable_form(self.request.user, self.kwargs["pk"])

    def get_subject(self) -> "RegistrationForm":
        return self.signed[1]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        step, form = self.signed
        page = step_page(self.request.user, step, clear=clear_classes(self.request.user, form))
        return super().get_context_data(page=page, **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return super().render_to_response(context, status=context["page"].status_code, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        step, _sheet = self.signed
        self.after = next_step_after(self.request.user, step)
        try:
            registration.decide_registration(
                step=step,
                verdict=Verdict(form.cleaned_data["verdict"]),
                digest=form.cleaned_data["digest"],
                opinion=form.cleaned_data["opinion"],
                by=self.request.user,
            )
        except DomainError as refusal:
            return self.show_refusal(self.request, form, refusal)
        return self.follow()

    def show_refusal(self, request: HttpRequest, form: Any, refusal: DomainError) -> HttpResponse:
        form.add_error("opinion" if refusal.field == "opinion" else None, refusal.message)
        context = self.get_context_data(form=form)
        status = 200 if refusal.field == "opinion" else refusal.status
        return render(request, self.template_name, context, status=status)

    def follow(self) -> HttpResponse:
        messages.success(self.request, str(_("已签署")))
        return redirect(self.after or reverse("approvals:queue"))


class WithdrawView(ReasonView):
    """Take the form back (T-70)."""

    rules: ClassVar[Rules] = both(Rule(OnboardingPerm.VIEW))
    title = _("撤回登记表")
    success_message = _("登记表已撤回")

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return registration.withdraw_registration(
            form=subject, by=self.request.user, reason=form.cleaned_data["reason"]
        )


class LicenceView(ReasonView):
    """The licensing department types the licence (T-34)."""

    rules: ClassVar[Rules] = both(Rule(OnboardingPerm.LICENCE_EXECUTE))
    perm = OnboardingPerm.LICENCE_EXECUTE
    form_class = LicenceForm
    title = _("录入许可证")
    success_message = _("许可证已登记，请通知客户服务中心")

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return licensing.record_licence(
            form=subject, licence=form.licence(), source=LicenceSource.HAND, by=self.request.user
        )


class RefuseLicenceView(ReasonView):
    """No licence is given (domain 5.1 step 7)."""

    rules: ClassVar[Rules] = both(Rule(OnboardingPerm.LICENCE_EXECUTE))
    perm = OnboardingPerm.LICENCE_EXECUTE
    title = _("不予办证")
    success_message = _("已登记不予办证，登记表终止")

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return licensing.refuse_licence(
            form=subject, reason=form.cleaned_data["reason"], by=self.request.user
        )


class ManagerView(OfForm):
    """Say who is responsible when the form was opened without a customer manager (T-37)."""

    rules: ClassVar[Rules] = both(Rule(OnboardingPerm.NOTICE_CREATE))
    perm = OnboardingPerm.LICENCE_EXECUTE
    form_class = ManagerForm
    title = _("确定客户经理")
    success_message = _("已确定客户经理")

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return licensing.name_manager(
            form=subject, manager=form.cleaned_data["manager"], by=self.request.user
        )


class NoticeView(ReasonView):
    """Tell the service centre by one or more routes (T-35, T-36)."""

    rules: ClassVar[Rules] = both(Rule(OnboardingPerm.NOTICE_CREATE))
    perm = OnboardingPerm.LICENCE_EXECUTE
    form_class = NoticeForm
    title = _("通知客户服务中心")
    success_message = _("已通知，客户经理开始填写销售信息")

    def get_initial(self) -> dict[str, Any]:
        held = {"sender": str(self.request.user), "receiver": str(_("客户服务中心"))}
        return held | super().get_initial()

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return licensing.notify_service_centre(
            form=subject, notices=form.notices(), by=self.request.user
        )
