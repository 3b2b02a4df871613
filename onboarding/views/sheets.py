"""The registration form as people work on it: list, page, the two blocks, the buttons."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from crm.core.paging import keyset
from crm.core.policy import Door, Rule, Rules, both, reads, writes
from crm.core.versions import conflict_rows
from crm.core.views import GatedPage, ServiceButtonView, ServiceFormView, known_parameters
from crm.identity.choices import ListName
from crm.identity.selectors import ViewMenu, views_of
from onboarding.access import (
    ensure_may_start,
    forms_for,
    get_form,
    may_export_forms,
    may_start,
)
from onboarding.choices import OnboardingPerm, Stage, Task
from onboarding.forms.blocks import (
    AccountForm,
    DeliveryForm,
    MonopolyForm,
    SalesForm,
    monopoly_initial,
    sales_initial,
)
from onboarding.selectors.page import form_page, stage_counts
from onboarding.selectors.sheet import MONOPOLY_FIELDS, SALES_FIELDS
from onboarding.services import entry, registration, sales

if TYPE_CHECKING:
    from onboarding.models import RegistrationForm

VIEW = Rule(OnboardingPerm.VIEW)
ORDER = ("-id",)
PARAMETERS = {"stage", "q", "page", "view"}


class FormListView(GatedPage):
    """Registration forms in my scope, newest first; stages as chips with counts."""

    rules: ClassVar[Rules] = reads(VIEW)
    template_name = "onboarding/form_list.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.GET and (view := self.views.opening(PARAMETERS)):
            return redirect("identity:view", pk=view.pk)
        return super().get(request, *args, **kwargs)

    @cached_property
    def views(self) -> ViewMenu:
        return views_of(self.request.user, ListName.FORMS, self.request.GET.get("view", ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, PARAMETERS)
        asked = self.request.GET
        rows = forms_for(self.request.user, OnboardingPerm.VIEW)
        stage = asked.get("stage", "")
        found = rows.matching(stage=stage, words=asked.get("q", ""))
        page = keyset(found.for_list(), order=ORDER, token=asked.get("page", ""))
        return super().get_context_data(
            page=page,
            stage=stage,
            stages=stage_counts(rows),
            words=asked.get("q", ""),
            may_start=may_start(self.request.user),
            may_export=may_export_forms(self.request.user),
            **self._views(),
            **kwargs,
        )

    def _views(self) -> dict[str, Any]:
        asked = self.request.GET
        query = urlencode({name: asked[name] for name in ("stage", "q") if asked.get(name)})
        card = {"list_name": ListName.FORMS, "query": query}
        return {
            "views": self.views,
            "view_card": urlencode(card),
            "list_query": query,
        }


class FormDetailView(GatedPage):
    """One form: where it stands, both blocks, ticks, proofs, notices, what I may do next."""

    rules: ClassVar[Rules] = reads(VIEW)
    template_name = "onboarding/form_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = get_form(self.request.user, OnboardingPerm.VIEW, self.kwargs["number"])
        return super().get_context_data(page=form_page(self.request.user, form), **kwargs)


class OfForm(ServiceFormView):
    """A form page about one registration form."""

    perm: ClassVar[OnboardingPerm] = OnboardingPerm.VIEW
    template_name = "onboarding/block.html"
    title: ClassVar[Any] = ""

    def get_subject(self) -> "RegistrationForm":
        return get_form(self.request.user, self.perm, self.kwargs["number"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=self.title, **kwargs)

    def get_success_url(self) -> str:
        return reverse("onboarding:form", args=[self.kwargs["number"]])

    @property
    def expected(self) -> int:
        """The version the page was opened on; a page without it started from the live one."""
        sent = self.request.POST.get("version", "")
        return int(sent) if sent.isdecimal() else self.subject.version


class StartView(ServiceFormView):
    """A new registration form with its monopoly block (T-31, T-32)."""

    rules: ClassVar[Rules] = both(Rule(Door.BY_GATE))
    form_class = MonopolyForm
    template_name = "onboarding/block.html"
    draft_form = "registration"
    success_message = _("登记表已建立，请核对后提交审批")

    def get_subject(self) -> None:
        ensure_may_start(self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("新开登记表"), **kwargs)

    def perform(self, subject: None, form: Any) -> Any:
        return registration.start_registration(block=form.block(), by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("onboarding:form", args=[self.result.number])


class MonopolyView(OfForm):
    """Correct the monopoly block (T-32, T-69)."""

    rules: ClassVar[Rules] = both(VIEW)
    form_class = MonopolyForm
    draft_form = "registration"
    title = _("填写专卖信息")

    def get_initial(self) -> dict[str, Any]:
        return monopoly_initial(self.subject) | super().get_initial()

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return registration.fill_monopoly_block(
            form=subject, block=form.block(), expected=self.expected, by=self.request.user
        )

    def get_conflict(self, subject: "RegistrationForm", form: Any) -> Any:
        names = [name for name in MONOPOLY_FIELDS if name != "identity_no"]
        mine = {name: form.cleaned_data[name] for name in names}
        return conflict_rows(subject, base_version=self.expected, mine=mine)


class SalesView(OfForm):
    """Fill the sales block (T-38)."""

    rules: ClassVar[Rules] = both(VIEW)
    form_class = SalesForm
    draft_form = "registration-sales"
    title = _("填写销售信息")
    success_message = _("销售信息已保存")

    def get_initial(self) -> dict[str, Any]:
        return sales_initial(self.subject) | super().get_initial()

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return sales.fill_sales_block(
            form=subject, block=form.block(), expected=self.expected, by=self.request.user
        )

    def get_conflict(self, subject: "RegistrationForm", form: Any) -> Any:
        mine = {name: form.cleaned_data[name] for name in SALES_FIELDS if name != "manager"}
        return conflict_rows(subject, base_version=self.expected, mine=mine)


class DeliveryView(OfForm):
    """The distribution centre's part (T-39)."""

    rules: ClassVar[Rules] = both(VIEW)
    form_class = DeliveryForm
    title = _("填写配送信息")
    success_message = _("配送信息已保存")

    def get_initial(self) -> dict[str, Any]:
        held = sales_initial(self.subject)
        return {name: held[name] for name in DeliveryForm.base_fields} | super().get_initial()

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return sales.fill_delivery(
            form=subject,
            route=form.cleaned_data["delivery_route"],
            address=form.cleaned_data["delivery_address"],
            expected=self.expected,
            by=self.request.user,
        )


class BindingView(OfForm):
    """The network office keys the withholding account (T-40, T-65)."""

    rules: ClassVar[Rules] = both(Rule(OnboardingPerm.BINDING_EXECUTE))
    form_class = AccountForm
    title = _("绑定扣款账户")
    success_message = _("账户已录入，等待银行回复和第二人复核")

    def get_initial(self) -> dict[str, Any]:
        return {"holder_name": self.subject.legal_representative} | super().get_initial()

    def perform(self, subject: "RegistrationForm", form: Any) -> Any:
        return sales.ask_for_binding(form=subject, account=form.account(), by=self.request.user)


class FormButton(ServiceButtonView):
    """One act on one form, from its page."""

    rules: ClassVar[Rules] = writes(VIEW)

    def get_subject(self) -> "RegistrationForm":
        return get_form(self.request.user, OnboardingPerm.VIEW, self.kwargs["number"])

    def get_success_url(self) -> str:
        return reverse("onboarding:form", args=[self.kwargs["number"]])


class SubmitView(FormButton):
    """Send whichever block is being filled (T-33, T-42)."""

    success_message = _("已提交审批")

    def perform(self, subject: "RegistrationForm") -> Any:
        submit = (
            sales.submit_sales_block
            if subject.stage == Stage.SALES_FILLING
            else registration.submit_licence_block
        )
        return submit(form=subject, by=self.request.user)


class TickView(FormButton):
    """Tick one of the four tasks (T-38 to T-41)."""

    success_message = _("已登记完成")

    def perform(self, subject: "RegistrationForm") -> Any:
        return sales.tick_task(form=subject, task=Task(self.kwargs["task"]), by=self.request.user)


class ConfirmAccountView(FormButton):
    """The second person of the network office (PM-04)."""

    rules: ClassVar[Rules] = writes(Rule(OnboardingPerm.BINDING_EXECUTE))
    success_message = _("账户已复核")

    def perform(self, subject: "RegistrationForm") -> Any:
        return sales.confirm_account(form=subject, by=self.request.user)


class EnterView(FormButton):
    """Write and send to EM and CRM (T-45)."""

    rules: ClassVar[Rules] = writes(Rule(OnboardingPerm.WORK_EXECUTE))
    success_message = _("已录入并发送 EM、CRM，等待回执核对")

    def perform(self, subject: "RegistrationForm") -> Any:
        return entry.enter_data(form=subject, by=self.request.user)


class FinishEntryView(EnterView):
    success_message = _("录入核对一致")

    def perform(self, subject: "RegistrationForm") -> Any:
        return entry.finish_entry(form=subject, by=self.request.user)


class TransferView(EnterView):
    success_message = _("传递表已上报订单中心")

    def perform(self, subject: "RegistrationForm") -> Any:
        return entry.send_transfer_form(form=subject, by=self.request.user)


class ActivateView(EnterView):
    success_message = _("客户已启用，可以订货和配送")

    def perform(self, subject: "RegistrationForm") -> Any:
        return entry.activate_registration(form=subject, by=self.request.user)
