"""Who answers for a customer: transfer, and the conflicts of two people (R-10 to R-19)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.core.paging import keyset
from crm.core.policy import Rule, Rules, both, reads, writes
from crm.core.views import GatedPage, ServiceButtonView, ServiceFormView, known_parameters
from crm.identity.access import ensure_may
from customers.access import conflicts_for, get_conflict, get_customer
from customers.choices import CustomerPerm
from customers.forms.acts import DecideConflictForm, TransferForm
from customers.selectors.duplicates import alike
from customers.selectors.managers import terms_of
from customers.services.conflicts import decide_conflict
from customers.services.managers import record_first_contact, transfer_customer

if TYPE_CHECKING:
    from customers.models import Conflict, Customer

DECIDE = Rule(CustomerPerm.DECIDE)


class TransferView(ServiceFormView):
    """Give a customer to another manager, with a reason (R-15, R-18, R-19)."""

    rules: ClassVar[Rules] = both(DECIDE)
    form_class = TransferForm
    template_name = "customers/transfer.html"
    success_message = _("客户经理已变更")

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.DECIDE, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"customer": self.subject}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            customer=self.subject, terms=terms_of(self.subject), **kwargs
        )

    def perform(self, subject: "Customer", form: TransferForm) -> Any:
        data = form.cleaned_data
        return transfer_customer(
            customer=subject, manager=data["manager"], reason=data["reason"], by=self.request.user
        )

    def get_success_url(self) -> str:
        return reverse("customers:detail", args=[self.subject.pk])


class FirstContactView(ServiceButtonView):
    """ "I have been in touch": by the manager in charge alone (R-14)."""

    rules: ClassVar[Rules] = writes(Rule(CustomerPerm.VIEW))
    success_message = _("已登记首次联系")

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.VIEW, self.kwargs["pk"])

    def perform(self, subject: "Customer") -> Any:
        return record_first_contact(customer=subject, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("customers:detail", args=[self.subject.pk])


class ConflictListView(GatedPage):
    """Customers that two people brought in, open ones first (R-10, R-11)."""

    rules: ClassVar[Rules] = reads(DECIDE)
    template_name = "customers/conflict_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"page"})
        ensure_may(self.request.user, CustomerPerm.DECIDE)
        rows = conflicts_for(self.request.user, CustomerPerm.DECIDE).select_related(
            "customer__manager", "newcomer", "winner"
        )
        token = self.request.GET.get("page", "")
        page = keyset(rows, order=("-status", "-raised_at", "-pk"), token=token)
        return super().get_context_data(
            page=page,
            next_url=f"?page={page.next}" if page.next else "",
            previous_url=f"?page={page.previous}" if page.previous else "",
            **kwargs,
        )


class ConflictDecideView(ServiceFormView):
    """The general manager's word (R-11)."""

    rules: ClassVar[Rules] = both(DECIDE)
    form_class = DecideConflictForm
    template_name = "customers/conflict_decide.html"
    success_message = _("冲突已裁定")
    success_url = reverse_lazy("customers:conflicts")

    def get_subject(self) -> "Conflict":
        return get_conflict(self.request.user, CustomerPerm.DECIDE, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"conflict": self.subject}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(matched=alike(self.subject.matched), **kwargs)

    def perform(self, subject: "Conflict", form: DecideConflictForm) -> Any:
        data = form.cleaned_data
        return decide_conflict(
            conflict=subject, winner=data["winner"], reason=data["reason"], by=self.request.user
        )
