"""Units above and below a customer: the tree, and what is done with it (R-40 to R-43)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.core.errors import Forbidden
from crm.core.policy import Rule, Rules, both, reads
from crm.core.views import ServiceFormView
from customers.access import get_customer, get_unit_link
from customers.choices import CustomerPerm
from customers.forms.ties import EndTieForm, LinkUnitsForm, MoveUnitForm, ParentForm, TypeToFind
from customers.selectors.page import Visit
from customers.selectors.tabs import has_part
from customers.selectors.units import (
    children_for,
    coming_links,
    family_of,
    link_writes,
    may_stand_over,
    may_stand_under,
    parents_for,
)
from customers.services.units import link_chosen, link_unit, move_unit, unlink_unit
from customers.views.dossier import DossierPage

if TYPE_CHECKING:
    from customers.models import Customer, UnitLink


class UnitsView(DossierPage):
    """The tree of units around a customer, as far as the reader sees it (R-40, B202)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.UNIT_VIEW))
    perm = CustomerPerm.UNIT_VIEW
    template_name = "customers/units.html"
    url_name = "customers:units"

    def shown(self, visit: Visit) -> dict[str, Any]:
        if not has_part(visit.customer, self.url_name):
            raise Forbidden
        family = family_of(visit.customer, visit.eyes)
        visit.counts[self.url_name] = family.count
        customer, may_create = visit.customer, visit.may(CustomerPerm.UNIT_CREATE)
        is_free = family.own is None and not family.has_hidden_parent
        return {
            "family": family,
            "coming": coming_links(visit.customer, visit.eyes),
            "writes": link_writes(visit.customer, visit.eyes),
            "may_link": may_create and may_stand_over(customer),
            "may_set_parent": may_create and is_free and may_stand_under(customer),
            "lacks_layer": not may_stand_over(customer) and not may_stand_under(customer),
        }


class PickView(ServiceFormView):
    """A form with a list to pick from; `q` in the address narrows the list, also without JS."""

    heading: ClassVar[Any]
    back: ClassVar[str] = "customers:units"
    empty: ClassVar[Any] = _("没有可以选择的单位。")
    template_name = "customers/pick.html"

    @property
    def asked(self) -> str:
        return str(self.request.GET.get("q", ""))[:60]

    def candidates(self) -> Any:
        """The gated rows to pick from."""
        raise NotImplementedError

    def about(self) -> "Customer":
        """The customer whose page this is."""
        return self.subject  # type: ignore[no-any-return]

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"candidates": self.candidates()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        customer = self.about()
        return super().get_context_data(
            customer=customer,
            heading=self.heading,
            empty=self.empty,
            asked=self.asked,
            find=TypeToFind(initial={"q": self.asked}),
            back=reverse(self.back, args=[customer.pk]),
            **kwargs,
        )

    def get_success_url(self) -> str:
        return reverse(self.back, args=[self.about().pk])


class UnitLinkView(PickView):
    """Put units under this one: chosen from a list, never typed (R-42)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UNIT_CREATE))
    form_class = LinkUnitsForm
    heading = _("纳入下属单位")
    empty = _("没有可以纳入的单位：须先建档、填写层级，并且还没有上级单位。")

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.UNIT_CREATE, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"starts_on": timezone.localdate()}

    def candidates(self) -> Any:
        return children_for(self.subject, self.request.user, text=self.asked)

    def perform(self, subject: "Customer", form: LinkUnitsForm) -> int:
        data = form.cleaned_data
        count = link_chosen(
            parent=subject,
            children=data["units"],
            starts_on=data["starts_on"],
            reason=data["reason"],
            by=self.request.user,
        )
        words = ngettext("已纳入 %(count)s 个单位", "已纳入 %(count)s 个单位", count)
        self.success_message = words % {"count": count}
        return count


class UnitParentView(PickView):
    """Put this unit under another (R-42)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UNIT_CREATE))
    form_class = ParentForm
    heading = _("设置上级单位")
    empty = _("没有可以选择的上级单位：上级单位须先建档并填写更高的层级。")
    success_message = _("已设置上级单位")

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.UNIT_CREATE, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"starts_on": timezone.localdate()}

    def candidates(self) -> Any:
        return parents_for(self.subject, self.request.user, text=self.asked)

    def perform(self, subject: "Customer", form: ParentForm) -> "UnitLink":
        data = form.cleaned_data
        return link_unit(
            child=subject,
            parent=data["parent"],
            starts_on=data["starts_on"],
            reason=data["reason"],
            by=self.request.user,
        )


class UnitMoveView(PickView):
    """Move a unit to another parent from a day on (R-41, R-43)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UNIT_UPDATE))
    form_class = MoveUnitForm
    heading = _("调整上级单位")
    empty = _("没有其他可以选择的上级单位。")
    success_message = _("已调整上级单位")

    def get_subject(self) -> "UnitLink":
        return get_unit_link(self.request.user, CustomerPerm.UNIT_UPDATE, self.kwargs["pk"])

    def about(self) -> "Customer":
        return self.subject.child  # type: ignore[no-any-return]

    def get_initial(self) -> dict[str, Any]:
        return {"effective_on": timezone.localdate(), "version": self.subject.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = _("现隶属 %(name)s") % {"name": self.subject.parent.name}
        return super().get_context_data(lead=words, **kwargs)

    def candidates(self) -> Any:
        user = self.request.user
        return parents_for(self.about(), user, text=self.asked, but=self.subject.parent_id)

    def perform(self, subject: "UnitLink", form: MoveUnitForm) -> "UnitLink":
        data = form.cleaned_data
        return move_unit(
            link=subject,
            parent=data["parent"],
            effective_on=data["effective_on"],
            expected=data["version"],
            reason=data["reason"],
            by=self.request.user,
        )


class UnitEndView(ServiceFormView):
    """Take a unit out from under its parent (R-43)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UNIT_END))
    form_class = EndTieForm
    template_name = "customers/tie_end.html"
    success_message = _("已解除隶属关系")

    def get_subject(self) -> "UnitLink":
        return get_unit_link(self.request.user, CustomerPerm.UNIT_END, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"ends_on": timezone.localdate(), "version": self.subject.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        link = self.subject
        return super().get_context_data(
            customer=link.child,
            heading=_("解除隶属关系"),
            name=f"{link.child.name} → {link.parent.name}",
            lead=_("两份档案都保留，只是自失效日期起不再有上下级关系。"),
            action=_("解除"),
            back=self.get_success_url(),
            **kwargs,
        )

    def perform(self, subject: "UnitLink", form: EndTieForm) -> "UnitLink":
        data = form.cleaned_data
        return unlink_unit(
            link=subject,
            ends_on=data["ends_on"],
            expected=data["version"],
            reason=data["reason"],
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("customers:units", args=[self.subject.child_id])
