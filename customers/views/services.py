"""The tabs 用户 and 帐户 of a cable customer, and what is done there (B-8 to B-10, B-17, B-27)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Rule, Rules, both, reads, writes
from crm.core.versions import ConflictRow, conflict_rows
from crm.core.views import ServiceButtonView, ServiceFormView
from customers.access import get_account, get_operated, get_user_row
from customers.choices import CustomerPerm
from customers.forms.services import (
    AccountEditForm,
    AccountForm,
    EndForm,
    PayersForm,
    SwitchPayerForm,
    UserEditForm,
    UserForm,
    UserStateForm,
)
from customers.selectors.editing import differing
from customers.selectors.page import Visit
from customers.selectors.services import accounts_of, has_choice, users_of
from customers.services.accounts import (
    cancel_account,
    edit_account,
    make_default_account,
    open_account,
)
from customers.services.users import (
    change_user_state,
    edit_user,
    open_user,
    split_payment,
    switch_payer,
)
from customers.views.dossier import DossierPage

if TYPE_CHECKING:
    from customers.models import BillingAccount, Customer, Subscription


class OperatedPage(DossierPage):
    """A tab that only operators have: elsewhere it is not found (D9b)."""

    def get_customer(self) -> "Customer":
        return get_operated(self.request.user, self.perm, self.kwargs["pk"])


class UsersView(OperatedPage):
    """Service instances, each with who pays (B-8, B-10)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.SERVICE_VIEW))
    perm = CustomerPerm.SERVICE_VIEW
    template_name = "customers/users.html"
    url_name = "customers:users"

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {
            "users": users_of(visit.customer, self.request.user),
            "may_open": visit.may(CustomerPerm.SERVICE_CREATE),
            "may_change": visit.may(CustomerPerm.SERVICE_UPDATE),
        }


class AccountsView(OperatedPage):
    """Accounts, the default one first (B-27)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.SERVICE_VIEW))
    perm = CustomerPerm.SERVICE_VIEW
    template_name = "customers/accounts.html"
    url_name = "customers:accounts"

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {
            "accounts": (found := accounts_of(visit.customer, self.request.user)),
            "may_switch": visit.may(CustomerPerm.SERVICE_UPDATE) and has_choice(found),
            "may_open": visit.may(CustomerPerm.SERVICE_CREATE),
            "may_change": visit.may(CustomerPerm.SERVICE_UPDATE),
            "may_end": visit.may(CustomerPerm.SERVICE_END),
        }


class ActView(ServiceFormView):
    """One act on a customer or a row of his; `tab` is the page it was begun on."""

    template_name = "customers/act.html"
    tab: ClassVar[str]
    button: ClassVar[Any] = _("保存")

    @property
    def customer(self) -> Any:
        return getattr(self.subject, "customer", self.subject)

    def get_initial(self) -> dict[str, Any]:
        version = getattr(self.subject, "version", None)
        return {"version": version} | super().get_initial()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            customer=self.customer, back_url=self.get_success_url(), button=self.button, **kwargs
        )

    def get_success_url(self) -> str:
        return reverse(self.tab, args=[self.customer.pk])


class OfCustomer(ActView):
    """A form that adds something to a customer."""

    perm: ClassVar[CustomerPerm]

    def get_subject(self) -> "Customer":
        return get_operated(self.request.user, self.perm, self.kwargs["pk"])


class UserOpenView(OfCustomer):
    """A new service instance (B-8, B-16, B-17)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_CREATE))
    perm = CustomerPerm.SERVICE_CREATE
    form_class = UserForm
    tab = "customers:users"
    success_message = _("用户已开通")
    extra_context = {"heading": _("开通用户")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"customer": self.subject}

    def perform(self, subject: "Customer", form: UserForm) -> Any:
        return open_user(customer=subject, data=form.user(), by=self.request.user)


class OfUser(ActView):
    """A form about one user."""

    tab = "customers:users"

    def get_subject(self) -> "Subscription":
        return get_user_row(self.request.user, CustomerPerm.SERVICE_UPDATE, self.kwargs["pk"])


class UserEditView(OfUser):
    """Product, device and address of a user (B-25)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    form_class = UserEditForm
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改用户")}

    def get_initial(self) -> dict[str, Any]:
        row = self.subject
        names = ("product", "device_no", "install_address")
        return {name: getattr(row, name) for name in names} | super().get_initial()

    def perform(self, subject: "Subscription", form: UserEditForm) -> Any:
        return edit_user(
            subscription=subject,
            changes=form.changes(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "Subscription", form: UserEditForm) -> list[ConflictRow]:
        subject.refresh_from_db()
        base = form.cleaned_data["version"]
        return differing(conflict_rows(subject, base_version=base, mine=form.changes()))


class UserStateView(OfUser):
    """Stop, resume, pre-cancel or cancel a user (B-59, B-17)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    form_class = UserStateForm
    success_message = _("用户状态已变更")
    extra_context = {
        "heading": _("变更用户状态"),
        "lead": _("销户后不能恢复；用户名下的付费关系同时结束。"),
    }
    button = _("变更状态")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"subscription": self.subject}

    def perform(self, subject: "Subscription", form: UserStateForm) -> Any:
        data = form.cleaned_data
        return change_user_state(
            subscription=subject,
            status=data["status"],
            expected=data["version"],
            reason=data["reason"],
            by=self.request.user,
        )


class UserPayersView(OfUser):
    """Who pays one kind of charge of a user (B-10)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    form_class = PayersForm
    success_message = _("付费关系已变更")
    extra_context = {
        "heading": _("设置付费关系"),
        "lead": _("同一优先级的比例合计为 100；全部留空则由用户的默认帐户支付。"),
    }

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"subscription": self.subject}

    def perform(self, subject: "Subscription", form: PayersForm) -> Any:
        return split_payment(
            subscription=subject,
            charge_kind=form.cleaned_data["charge_kind"],
            shares=form.shares(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class UserPayerView(OfUser):
    """Another account of the customer pays for a user from now on (B-10)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    form_class = SwitchPayerForm
    tab = "customers:accounts"
    success_message = _("付费帐户已更换")
    button = _("更换")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"subscription": self.subject}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = _(
            "现由帐户 %(account)s 付费。更换后，没有另行约定的费用都由新帐户支付；"
            "已约定的付费关系不变。"
        )
        lead = words % {"account": self.subject.account}
        return super().get_context_data(heading=_("更换付费帐户"), lead=lead, **kwargs)

    def perform(self, subject: "Subscription", form: SwitchPayerForm) -> Any:
        return switch_payer(
            subscription=subject,
            account=form.cleaned_data["account"],
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class AccountOpenView(OfCustomer):
    """A new account; the first one is the default (B-9, B-27)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_CREATE))
    perm = CustomerPerm.SERVICE_CREATE
    form_class = AccountForm
    tab = "customers:accounts"
    success_message = _("帐户已开立")
    extra_context = {"heading": _("开立帐户")}

    def perform(self, subject: "Customer", form: AccountForm) -> Any:
        return open_account(customer=subject, data=form.account(), by=self.request.user)


class OfAccount(ActView):
    """A form about one account."""

    tab = "customers:accounts"
    perm: ClassVar[CustomerPerm] = CustomerPerm.SERVICE_UPDATE

    def get_subject(self) -> "BillingAccount":
        return get_account(self.request.user, self.perm, self.kwargs["pk"])


class AccountEditView(OfAccount):
    """Name, payment and invoice of an account (B-27)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    form_class = AccountEditForm
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改帐户")}

    def get_initial(self) -> dict[str, Any]:
        names = AccountForm.base_fields
        return {name: getattr(self.subject, name) for name in names} | super().get_initial()

    def perform(self, subject: "BillingAccount", form: AccountEditForm) -> Any:
        return edit_account(
            account=subject,
            changes=form.changes(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "BillingAccount", form: AccountEditForm) -> list[ConflictRow]:
        subject.refresh_from_db()
        base = form.cleaned_data["version"]
        return differing(conflict_rows(subject, base_version=base, mine=form.changes()))


class AccountCancelView(OfAccount):
    """End an account that pays for nobody (B-17)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_END))
    perm = CustomerPerm.SERVICE_END
    form_class = EndForm
    success_message = _("帐户已注销")
    extra_context = {
        "heading": _("注销帐户"),
        "lead": _("帐户名下没有在用的用户、也不为别人付费时才能注销；帐户号不再使用。"),
    }
    button = _("注销")

    def perform(self, subject: "BillingAccount", form: EndForm) -> Any:
        return cancel_account(
            account=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class AccountDefaultView(ServiceButtonView):
    """Make an account the customer's default (B-10)."""

    rules: ClassVar[Rules] = writes(Rule(CustomerPerm.SERVICE_UPDATE))
    success_message = _("已设为默认帐户")

    def get_subject(self) -> "BillingAccount":
        return get_account(self.request.user, CustomerPerm.SERVICE_UPDATE, self.kwargs["pk"])

    def perform(self, subject: "BillingAccount") -> Any:
        return make_default_account(
            account=subject, reason=str(_("设为默认帐户")), by=self.request.user
        )

    def get_success_url(self) -> str:
        return reverse("customers:accounts", args=[self.subject.customer_id])
