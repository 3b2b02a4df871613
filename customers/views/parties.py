"""The tab 参与人 of a cable customer, and his external pay accounts (B-11, B-28)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _

from crm.core.policy import Rule, Rules, both, reads
from crm.core.selectors import timeline_of
from customers.access import get_external, get_operated, get_party_link
from customers.choices import CustomerPerm
from customers.forms.parties import (
    ExternalEditForm,
    ExternalForm,
    JoinPartyForm,
    PartyEditForm,
)
from customers.forms.services import EndForm
from customers.selectors.page import Visit
from customers.selectors.parties import party_of, records_to_join
from customers.selectors.units import named
from customers.services.external import add_external, edit_external, end_external
from customers.services.parties import edit_party, join_party, leave_party
from customers.views.services import ActView, OfAccount, OperatedPage
from customers.views.units import PickView

if TYPE_CHECKING:
    from customers.models import BillingAccount, Customer, ExternalAccount, PartyLink


class PartyView(OperatedPage):
    """The customer records of one person or organisation, read as one (B-11)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.VIEW))
    perm = CustomerPerm.VIEW
    template_name = "customers/party.html"
    url_name = "customers:party"

    def shown(self, visit: Visit) -> dict[str, Any]:
        party = party_of(visit.customer, self.request.user)
        return {
            "party": party,
            "past": timeline_of(party.link.party) if party is not None else [],
            "may_change": visit.may(CustomerPerm.UPDATE),
        }


class PartyJoinView(PickView):
    """Put this record together with another: chosen from a list, never typed."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UPDATE))
    form_class = JoinPartyForm
    heading = _("归入参与人")
    back = "customers:party"
    empty = _("没有可以选择的客户。")
    success_message = _("两份档案已归入同一参与人")

    def get_subject(self) -> "Customer":
        return get_operated(self.request.user, CustomerPerm.UPDATE, self.kwargs["pk"])

    def candidates(self) -> Any:
        rows = named(records_to_join(self.subject, self.request.user), self.asked)
        return rows.order_by("pinyin", "code")

    def perform(self, subject: "Customer", form: JoinPartyForm) -> Any:
        return join_party(
            customer=subject,
            other=form.cleaned_data["other"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class OfParty(ActView):
    """A form about the party that a link leads to."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UPDATE))
    tab = "customers:party"

    def get_subject(self) -> "PartyLink":
        return get_party_link(self.request.user, CustomerPerm.UPDATE, self.kwargs["pk"])


class PartyEditView(OfParty):
    """Name and remark of a party."""

    form_class = PartyEditForm
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改参与人")}

    def get_initial(self) -> dict[str, Any]:
        party = self.subject.party
        return {"name": party.name, "remark": party.remark, "version": party.version}

    def perform(self, subject: "PartyLink", form: PartyEditForm) -> Any:
        data = form.cleaned_data
        return edit_party(
            link=subject,
            name=data["name"],
            remark=data["remark"],
            expected=data["version"],
            reason=data["reason"],
            by=self.request.user,
        )


class PartyLeaveView(OfParty):
    """Take a record out of its party."""

    form_class = EndForm
    success_message = _("已移出参与人")
    extra_context = {
        "heading": _("移出参与人"),
        "lead": _("移出后不再合并查询；客户档案、用户和帐户不变。"),
    }
    button = _("移出")

    def perform(self, subject: "PartyLink", form: EndForm) -> Any:
        return leave_party(
            link=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class ExternalAddView(OfAccount):
    """A new external pay account (B-28)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    form_class = ExternalForm
    success_message = _("外部支付账户已登记")
    extra_context = {"heading": _("登记外部支付账户")}

    def perform(self, subject: "BillingAccount", form: ExternalForm) -> Any:
        return add_external(account=subject, data=form.external(), by=self.request.user)


class OfExternal(ActView):
    """A form about one external pay account."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.SERVICE_UPDATE))
    tab = "customers:accounts"

    def get_subject(self) -> "ExternalAccount":
        return get_external(self.request.user, CustomerPerm.SERVICE_UPDATE, self.kwargs["pk"])


class ExternalEditView(OfExternal):
    """Holder, institution, signed quick payment."""

    form_class = ExternalEditForm
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改外部支付账户")}

    def get_initial(self) -> dict[str, Any]:
        names = ("holder_name", "institution", "branch", "is_signed")
        return {name: getattr(self.subject, name) for name in names} | super().get_initial()

    def perform(self, subject: "ExternalAccount", form: ExternalEditForm) -> Any:
        return edit_external(
            external=subject,
            changes=form.changes(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class ExternalEndView(OfExternal):
    """Take an external pay account out of use."""

    form_class = EndForm
    success_message = _("外部支付账户已停用")
    extra_context = {"heading": _("停用外部支付账户"), "lead": _("停用后记录仍保留。")}
    button = _("停用")

    def perform(self, subject: "ExternalAccount", form: EndForm) -> Any:
        return end_external(
            external=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )
