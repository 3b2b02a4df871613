"""Parties and external pay accounts as people fill them in (B-11, B-28)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField, line
from customers.boss_values import NewExternal
from customers.domains import PayChannel
from customers.forms.edit import ReasonForm
from customers.forms.fields import choice
from customers.forms.services import day, service_cell
from customers.forms.ties import CustomerChoice, shown
from customers.models import Customer, CustomerQuerySet


class JoinPartyForm(forms.Form):
    """Which record is of the same person or organisation, and how one knows."""

    other = CustomerChoice(
        label=_("同一参与人的另一份档案"),
        queryset=Customer.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("请从列表中选择客户")},
    )
    reason = CheckedField(
        label=_("依据"), max_length=300, check=line(300), help_text=_("写入变更历史")
    )

    def __init__(self, *args: Any, candidates: CustomerQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = shown(self.fields["other"], candidates)  # type: ignore[arg-type]


class PartyEditForm(ReasonForm):
    """Name and remark of a party."""

    name = CheckedField(label=_("参与人名称"), max_length=120, check=line(120))
    remark = CheckedField(label=_("备注"), max_length=300, check=line(300), required=False)
    field_order = ("name", "remark", "reason")


class ExternalEditForm(ReasonForm):
    """What of an external pay account may be changed (B-28)."""

    holder_name = service_cell("external.holder_name", _("户名"), 80, required=True)
    institution = service_cell("external.institution", _("开户机构"), 60)
    branch = service_cell("external.branch", _("网点"), 80)
    is_signed = forms.BooleanField(label=_("已签约快捷支付"), required=False)
    field_order = ("holder_name", "institution", "branch", "is_signed", "reason")

    def changes(self) -> dict[str, Any]:
        """Field name → value as `edit_external` takes them."""
        return {k: v for k, v in self.cleaned_data.items() if k not in ("reason", "version")}


class ExternalForm(forms.Form):
    """A new external pay account; its number is shown no more once it is saved (B-28)."""

    channel = choice(
        PayChannel.choices, label=_("支付渠道"), required=True, initial=PayChannel.BANK
    )
    account_no = forms.CharField(
        label=_("账户号码"), max_length=60, help_text=_("保存后只显示后四位")
    )
    holder_name = service_cell("external.holder_name", _("户名"), 80, required=True)
    institution = service_cell(
        "external.institution", _("开户机构"), 60, help_text=_("银行账户必填")
    )
    branch = service_cell("external.branch", _("网点"), 80)
    is_signed = forms.BooleanField(label=_("已签约快捷支付"), required=False)
    starts_on = day(_("生效日期"), help_text=_("留空为今天"))

    def external(self) -> NewExternal:
        """A new external pay account."""
        data = self.cleaned_data
        return NewExternal(**data | {"starts_on": data["starts_on"] or None})
