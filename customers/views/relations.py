"""What key persons are to each other (B-38)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Rule, Rules, both
from crm.core.views import ServiceFormView
from customers.access import get_contact, get_relation
from customers.choices import CustomerPerm
from customers.forms.ties import EndRelationForm, RelationForm
from customers.selectors.relations import ensure_shows_relations, people_for
from customers.services.relations import end_relation, relate_people

if TYPE_CHECKING:
    from customers.models import Contact, ContactRelation


class RelateView(ServiceFormView):
    """Record what another key person is to this one."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CONTACT_UPDATE))
    form_class = RelationForm
    template_name = "customers/relate.html"
    success_message = _("关系已记录")

    def get_subject(self) -> "Contact":
        row = get_contact(self.request.user, CustomerPerm.CONTACT_UPDATE, self.kwargs["pk"])
        ensure_shows_relations(row.customer, self.request.user)
        return row

    def get_form_kwargs(self) -> dict[str, Any]:
        people = people_for(self.subject, self.request.user)
        return super().get_form_kwargs() | {"people": people}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            customer=self.subject.customer,
            heading=_("记录人员关系"),
            back=self.get_success_url(),
            **kwargs,
        )

    def perform(self, subject: "Contact", form: RelationForm) -> "ContactRelation":
        data = form.cleaned_data
        return relate_people(
            person=subject,
            other=data["other"],
            kind=data["kind"],
            note=data["note"],
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("customers:contacts", args=[self.subject.customer_id])


class RelationEndView(ServiceFormView):
    """Take a relation out of use."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CONTACT_UPDATE))
    form_class = EndRelationForm
    template_name = "customers/tie_end.html"
    success_message = _("关系已解除")

    def get_subject(self) -> "ContactRelation":
        row = get_relation(self.request.user, CustomerPerm.CONTACT_UPDATE, self.kwargs["pk"])
        ensure_shows_relations(row.person.customer, self.request.user)
        return row

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.subject.version}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.subject
        said = {"one": row.person.name, "other": row.other.name, "kind": row.get_kind_display()}
        return super().get_context_data(
            customer=row.person.customer,
            heading=_("解除人员关系"),
            name=_("%(one)s 的%(kind)s：%(other)s") % said,
            lead=_("解除后不再显示；历史记录保留。"),
            action=_("解除"),
            back=self.get_success_url(),
            **kwargs,
        )

    def perform(self, subject: "ContactRelation", form: EndRelationForm) -> "ContactRelation":
        return end_relation(
            relation=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("customers:contacts", args=[self.subject.person.customer_id])
