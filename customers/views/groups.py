"""Members of a group customer and the groups of a member (B-36 to B-41)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.errors import Forbidden
from crm.core.paging import capped_count, keyset
from crm.core.policy import Rule, Rules, both, reads
from crm.core.versions import ConflictRow, conflict_rows
from crm.core.views import ServiceFormView, known_parameters
from customers.access import get_customer, get_membership
from customers.choices import CustomerKind, CustomerPerm
from customers.forms.ties import LeaveForm, MemberEditForm, MemberForm, TypeToFind
from customers.selectors.groups import ORDER, groups_of, members_for, members_of, totals_of
from customers.selectors.page import Visit
from customers.selectors.tabs import has_part
from customers.services.groups import edit_membership, enter_group, leave_group
from customers.views.dossier import DossierPage
from customers.views.units import PickView

if TYPE_CHECKING:
    from customers.models import Customer, Membership

STATES = ("", "left")


class MembersView(DossierPage):
    """Who belongs to a group customer, as what, and who pays (B-36, B-37)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.UNIT_VIEW))
    perm = CustomerPerm.UNIT_VIEW
    template_name = "customers/members.html"
    url_name = "customers:members"

    def shown(self, visit: Visit) -> dict[str, Any]:
        known_parameters(self.request, {"after", "q", "state"})
        if visit.customer.customer_kind != CustomerKind.ORGANISATION:
            raise Forbidden
        text, state = self.request.GET.get("q", ""), self.request.GET.get("state", "")
        rows = members_of(visit.customer, self.request.user, state=state, text=text)
        page = keyset(rows, order=ORDER, token=self.request.GET.get("after", ""))
        totals = totals_of(visit.customer, self.request.user)
        if totals.on is None:
            visit.counts[self.url_name] = totals.members
        return {
            "page": page,
            "total": capped_count(rows),
            "totals": totals,
            "find": TypeToFind(initial={"q": text}),
            "asked": text,
            "state": state,
            "next_url": self._url(page.next),
            "previous_url": self._url(page.previous),
            "may_add": visit.may(CustomerPerm.UNIT_CREATE),
            "may_change": visit.may(CustomerPerm.UNIT_UPDATE),
        }

    def _url(self, token: str) -> str:
        if not token:
            return ""
        query = self.request.GET.copy()
        query["after"] = token
        return f"?{query.urlencode()}"


class GroupsView(DossierPage):
    """The groups a customer is or was in (B-37)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.UNIT_VIEW))
    perm = CustomerPerm.UNIT_VIEW
    template_name = "customers/groups.html"
    url_name = "customers:groups"

    def shown(self, visit: Visit) -> dict[str, Any]:
        if not has_part(visit.customer, self.url_name):
            raise Forbidden
        return {"memberships": groups_of(visit.customer, self.request.user)}


class MemberAddView(PickView):
    """Take a customer into the group: chosen from a list (B-36)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UNIT_CREATE))
    form_class = MemberForm
    back = "customers:members"
    heading = _("新增集团成员")
    empty = _("没有可以加入的客户：须先为个人、家庭或零售户建档。")
    success_message = _("已加入集团")

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.UNIT_CREATE, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"starts_on": timezone.localdate()}

    def candidates(self) -> Any:
        return members_for(self.subject, self.request.user, text=self.asked)

    def perform(self, subject: "Customer", form: MemberForm) -> "Membership":
        return enter_group(
            group=subject,
            member=form.cleaned_data["member"],
            terms=form.terms(),
            by=self.request.user,
        )


class OfMembership(ServiceFormView):
    """A form about one membership."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UNIT_UPDATE))
    template_name = "customers/tie_end.html"
    heading: ClassVar[Any]
    lead: ClassVar[Any] = ""
    action: ClassVar[Any]

    def get_subject(self) -> "Membership":
        return get_membership(self.request.user, CustomerPerm.UNIT_UPDATE, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.subject.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.subject
        return super().get_context_data(
            customer=row.group,
            heading=self.heading,
            name=_("%(member)s（%(group)s）")
            % {"member": row.member.name, "group": row.group.name},
            lead=self.lead,
            action=self.action,
            back=self.get_success_url(),
            **kwargs,
        )

    def get_success_url(self) -> str:
        return reverse("customers:members", args=[self.subject.group_id])


class MemberEditView(OfMembership):
    """Change role, key mark and who pays (B-36, B-37)."""

    form_class = MemberEditForm
    heading = _("修改集团成员")
    action = _("保存")
    success_message = _("修改已保存")

    def get_initial(self) -> dict[str, Any]:
        row = self.subject
        own = {"role": row.role, "payer": row.payer, "is_key": row.is_key}
        return super().get_initial() | own

    def perform(self, subject: "Membership", form: MemberEditForm) -> "Membership":
        return edit_membership(
            membership=subject,
            changes=_typed(form),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "Membership", form: MemberEditForm) -> list[ConflictRow]:
        return conflict_rows(subject, base_version=form.cleaned_data["version"], mine=_typed(form))


def _typed(form: MemberEditForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("role", "payer", "is_key")}


class MemberLeaveView(OfMembership):
    """Take a member out; his points, credit and debts stay his (B-40)."""

    form_class = LeaveForm
    heading = _("退出集团")
    lead = _("退出不影响其积分、信用和欠费；集团统付的部分付至退出当月末。")
    action = _("退出")
    success_message = _("已登记退出")

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"ends_on": timezone.localdate()}

    def perform(self, subject: "Membership", form: LeaveForm) -> "Membership":
        return leave_group(
            membership=subject,
            ends_on=form.cleaned_data["ends_on"],
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )
