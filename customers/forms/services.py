"""Users, accounts, certificates and lists as people fill them in (B-8 to B-10, B-22, B-51)."""

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField, line
from crm.core.parsing import parse_date
from crm.core.selectors import dictionary
from customers.boss_values import (
    SERVICE_CELLS,
    CheckMade,
    NewAccount,
    NewCertificate,
    NewListEntry,
    NewUser,
    Share,
    check_certificate_no,
)
from customers.domains import (
    BillingType,
    CertificateKind,
    CertificateRole,
    ChargeKind,
    CheckChannel,
    CheckMethod,
    ListColour,
    PaymentMode,
    UserStatus,
)
from customers.forms.edit import ReasonForm
from customers.forms.fields import choice
from customers.models import Customer, Subscription
from customers.selectors.services import (
    SUBTYPES,
    live_accounts,
    live_users,
    payers_beside,
    services_for,
    states_after,
)

MOST_PAYERS: Final = 3


def service_cell(key: str, label: Any, most: int, **kwargs: Any) -> CheckedField:
    """The form field of one cell of `boss_values`."""
    kwargs.setdefault("required", False)
    return CheckedField(label=label, check=SERVICE_CELLS[key], max_length=most, **kwargs)


def day(label: Any, **kwargs: Any) -> CheckedField:
    """A day, typed in any common way."""
    hint = kwargs.pop("help_text", _("写成 2026-01-31 的样子"))
    return CheckedField(
        label=label, check=parse_date, required=False, max_length=30, help_text=hint, **kwargs
    )


class AccountForm(forms.Form):
    """An account (B-27)."""

    name = service_cell("account.name", _("帐户名称"), 80, required=True)
    billing_type = choice(
        BillingType.choices, label=_("计费类型"), required=True, initial=BillingType.POSTPAID
    )
    payment_mode = choice(
        PaymentMode.choices, label=_("付款方式"), required=True, initial=PaymentMode.CASH
    )
    billing_day = forms.IntegerField(
        label=_("账期起始日"), min_value=1, max_value=28, initial=1, help_text=_("1 至 28 日")
    )
    invoice_title = service_cell("account.invoice_title", _("发票抬头"), 120)
    invoice_address = service_cell("account.invoice_address", _("账单寄送地址"), 200)
    invoice_postcode = service_cell("account.invoice_postcode", _("寄送邮政编码"), 20)

    def account(self) -> NewAccount:
        """A new account."""
        return NewAccount(**self.cleaned_data)


class AccountEditForm(AccountForm, ReasonForm):
    """The same with reason and version."""

    def changes(self) -> dict[str, Any]:
        """Field name → value as `edit_account` takes them."""
        return {k: v for k, v in self.cleaned_data.items() if k not in ("reason", "version")}


class EndForm(ReasonForm):
    """Why something ends."""


class UserForm(forms.Form):
    """A new user of a customer (B-8, B-10)."""

    service = forms.ChoiceField(label=_("业务"))
    product = service_cell("user.product", _("产品"), 80)
    device_no = service_cell("user.device_no", _("智能卡/设备号"), 40)
    install_address = service_cell("user.install_address", _("安装地址"), 200, required=True)
    account = forms.TypedChoiceField(
        label=_("默认付费帐户"), coerce=int, help_text=_("没有另行约定的费用都由此帐户支付")
    )

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = services_for(customer)  # type: ignore[attr-defined]
        self.fields["account"].choices = live_accounts(customer)  # type: ignore[attr-defined]

    def user(self) -> NewUser:
        """A new user."""
        return NewUser(**self.cleaned_data)


class UserEditForm(ReasonForm):
    """What of a user may be changed (B-25)."""

    product = service_cell("user.product", _("产品"), 80)
    device_no = service_cell("user.device_no", _("智能卡/设备号"), 40)
    install_address = service_cell("user.install_address", _("安装地址"), 200, required=True)
    field_order = ("product", "device_no", "install_address", "reason")

    def changes(self) -> dict[str, Any]:
        """Field name → value as `edit_user` takes them."""
        return {k: v for k, v in self.cleaned_data.items() if k not in ("reason", "version")}


class UserStateForm(ReasonForm):
    """The next state of a user and why (B-59)."""

    status = forms.TypedChoiceField(label=_("改为"), coerce=UserStatus)
    field_order = ("status", "reason")

    def __init__(self, *args: Any, subscription: Subscription, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = states_after(subscription)  # type: ignore[attr-defined]


class SwitchPayerForm(ReasonForm):
    """Which other account of the customer pays, why, and that the customer agreed (B-10)."""

    account = forms.TypedChoiceField(label=_("改由此帐户付费"), coerce=int)
    is_agreed = forms.BooleanField(label=_("已与客户核对新的付费帐户"))
    field_order = ("account", "reason", "is_agreed")

    def __init__(self, *args: Any, subscription: Subscription, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        beside = payers_beside(subscription)
        self.fields["account"].choices = [("", _("请选择")), *beside]  # type: ignore[attr-defined]


class PayersForm(ReasonForm):
    """Who pays one kind of charge of a user: up to three accounts with their shares (B-10)."""

    charge_kind = forms.TypedChoiceField(
        label=_("费用类别"), choices=ChargeKind.choices, coerce=ChargeKind
    )

    def __init__(self, *args: Any, subscription: Subscription, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = live_accounts(subscription.customer)
        for at in range(1, MOST_PAYERS + 1):
            self.fields[f"account_{at}"] = forms.TypedChoiceField(
                label=_("帐户"),
                choices=[("", _("不另付")), *accounts],
                coerce=int,
                required=False,
                empty_value=None,
            )
            self.fields[f"rank_{at}"] = forms.IntegerField(
                label=_("优先级"), min_value=1, max_value=9, required=False, initial=1
            )
            self.fields[f"share_{at}"] = forms.IntegerField(
                label=_("比例（%）"), min_value=1, max_value=100, required=False
            )
        self.order_fields(
            [
                "charge_kind",
                *(f"{n}_{at}" for at in range(1, MOST_PAYERS + 1) for n in _OF_PAYER),
                "reason",
            ]
        )

    @property
    def sections(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """What is paid and why, then one part for each account."""
        parts = [
            (_("付费帐户 %(at)d") % {"at": at}, tuple(f"{n}_{at}" for n in _OF_PAYER))
            for at in range(1, MOST_PAYERS + 1)
        ]
        return ((_("费用类别"), ("charge_kind", "reason")), *parts)

    def clean(self) -> dict[str, Any]:
        """Each account that pays names its share."""
        data = super().clean() or {}
        for at in range(1, MOST_PAYERS + 1):
            if data.get(f"account_{at}") and not data.get(f"share_{at}"):
                self.add_error(f"share_{at}", _("请填写比例"))
        return data

    def shares(self) -> list[Share]:
        """The accounts that pay; none gives the charge back to the user's own account."""
        data = self.cleaned_data
        return [
            Share(data[f"account_{at}"], data[f"share_{at}"], data[f"rank_{at}"] or 1)
            for at in range(1, MOST_PAYERS + 1)
            if data.get(f"account_{at}")
        ]


_OF_PAYER: Final = ("account", "rank", "share")


class CertificateForm(forms.Form):
    """A certificate; its number is checked by the rules of its kind (B-51 to B-56)."""

    role = choice(
        CertificateRole.choices, label=_("持有人"), required=True, initial=CertificateRole.OWN
    )
    kind = choice(CertificateKind.choices, label=_("证件类型"), required=True)
    holder_name = service_cell("cert.holder_name", _("证件姓名/名称"), 120, required=True)
    number = forms.CharField(
        label=_("证件号码"), max_length=60, help_text=_("个人证件保存后只显示后四位")
    )
    authority = service_cell("cert.authority", _("发证机关"), 120)
    address = service_cell("cert.address", _("证件地址"), 200)
    valid_from = day(_("有效期起"))
    valid_to = day(_("有效期至"), help_text=_("长期有效的留空"))

    def clean(self) -> dict[str, Any]:
        """The number by its kind, told beside the field; it is not shown again."""
        data = super().clean() or {}
        if data.get("number") and data.get("kind"):
            try:
                check_certificate_no(data["number"], data["kind"], timezone.localdate())
            except ValueError as problem:
                self.add_error("number", getattr(problem, "message", _("号码格式不对")))
        return data

    def certificate(self) -> NewCertificate:
        """A new certificate."""
        data = self.cleaned_data
        days = {name: data[name] or None for name in ("valid_from", "valid_to")}
        return NewCertificate(**data | days)


class CheckForm(forms.Form):
    """How a certificate was checked and what came of it (B-55)."""

    method = choice(
        CheckMethod.choices, label=_("核验方式"), required=True, initial=CheckMethod.ORIGINAL
    )
    channel = choice(
        CheckChannel.choices, label=_("渠道"), required=True, initial=CheckChannel.COUNTER
    )
    passed = forms.TypedChoiceField(
        label=_("结果"),
        choices=[("1", _("相符")), ("0", _("不符"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    note = CheckedField(
        label=_("说明"),
        check=line(200),
        max_length=200,
        required=False,
        help_text=_("不符时必填"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def check_made(self) -> CheckMade:
        """The check as the service takes it."""
        return CheckMade(**{k: v for k, v in self.cleaned_data.items() if k != "version"})


class ListEntryForm(forms.Form):
    """An entry of the red or the black list (B-22)."""

    subtype = forms.ChoiceField(label=_("名单与子类"))
    target = forms.ChoiceField(label=_("对象"))
    reason = service_cell("listed.reason", _("原因"), 300, required=True)
    channel = choice(
        CheckChannel.choices, label=_("产生渠道"), required=True, initial=CheckChannel.COUNTER
    )
    starts_on = day(_("生效日期"), help_text=_("留空为今天"))
    ends_on = day(_("失效日期"), help_text=_("留空为长期"))

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        home = customer.organisation_id
        self.fields["subtype"].choices = [  # type: ignore[attr-defined]
            (colour.label, [(f"{colour.value}:{c}", label) for c, label in rows])
            for colour, kind in SUBTYPES.items()
            if (rows := dictionary(kind, organisation_id=home))
        ]
        self.fields["target"].choices = [  # type: ignore[attr-defined]
            ("customer:0", _("客户本身")),
            *((f"account:{pk}", label) for pk, label in live_accounts(customer)),
            *((f"user:{pk}", label) for pk, label in live_users(customer)),
        ]

    def entry(self) -> NewListEntry:
        """A new entry."""
        data = self.cleaned_data
        colour, _dot, subtype = data["subtype"].partition(":")
        kind, _dot, key = data["target"].partition(":")
        return NewListEntry(
            colour=ListColour(int(colour)),
            subtype=subtype,
            reason=data["reason"],
            object_type=kind,
            target=int(key) or None,
            channel=data["channel"],
            starts_on=data["starts_on"] or None,
            ends_on=data["ends_on"] or None,
        )


class ExpiryForm(forms.Form):
    """How far ahead the work list looks."""

    days = forms.TypedChoiceField(
        label=_("期限"),
        choices=[
            ("0", _("已过期")),
            ("30", _("30 天内到期")),
            ("60", _("60 天内到期")),
            ("90", _("90 天内到期")),
        ],
        coerce=int,
        required=False,
        empty_value="",
    )
