"""One value in clear for a minute: reason, fresh log-in, log row (B-29, SEC-39, UX-20)."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from crm.core.policy import Rule, Rules, both
from crm.core.views import ServiceFormView
from customers.access import get_contact, get_customer
from customers.choices import CustomerPerm
from customers.forms.acts import RevealForm
from customers.selectors.guarded import binding_of, ensure_may_reveal, record_with
from customers.services.reveal import reveal_field

STEP_UP = Rule(CustomerPerm.REVEAL, step_up=True)


class RevealView(ServiceFormView):
    """GET asks why; POST shows the value once and never stores the page."""

    rules: ClassVar[Rules] = both(STEP_UP)
    form_class = RevealForm
    template_name = "customers/reveal.html"
    tab: ClassVar[str] = "customers:detail"

    def get_subject(self) -> Any:
        customer = get_customer(self.request.user, CustomerPerm.VIEW, self.kwargs["pk"])
        self.rule = ensure_may_reveal(customer, self.kwargs["field"], self.request.user)
        return record_with(customer, self.kwargs["field"])

    def perform(self, subject: Any, form: RevealForm) -> str:
        reason = form.cleaned_data["reason"]
        return reveal_field(row=subject, field=self.rule.field, reason=reason, by=self.request.user)

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if response.status_code == 302:
            shown = self.get_context_data(form=form, value=self.result)
            response = render(self.request, "customers/revealed.html", shown)
        response["Cache-Control"] = "no-store, private"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.subject
        return super().get_context_data(
            customer=getattr(row, "customer", row),
            label=self.rule.label,
            back_url=self.get_success_url(),
            **kwargs,
        )

    def get_success_url(self) -> str:
        row = self.subject
        return reverse(self.tab, args=[getattr(row, "customer_id", row.pk)])


class ContactRevealView(RevealView):
    """The same for a person of the customer."""

    tab = "customers:contacts"

    def get_subject(self) -> Any:
        contact = get_contact(self.request.user, CustomerPerm.CONTACT_VIEW, self.kwargs["pk"])
        key = f"contact.{self.kwargs['field']}"
        self.rule = ensure_may_reveal(contact.customer, key, self.request.user)
        return contact


class BindingRevealView(RevealView):
    """The same for a withholding account (PM-04)."""

    tab = "customers:bank"

    def get_subject(self) -> Any:
        binding = binding_of(self.request.user, self.kwargs["pk"])
        key = f"bank.{self.kwargs['field']}"
        self.rule = ensure_may_reveal(binding.customer, key, self.request.user)
        return binding
