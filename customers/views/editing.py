"""Changing an archive and its people (T-59 to T-64, R-34 to R-39, UX-24, UX-36)."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Rule, Rules, both, writes
from crm.core.versions import ConflictRow, conflict_rows
from crm.core.views import ServiceButtonView, ServiceFormView
from customers.access import get_contact, get_customer
from customers.choices import CustomerPerm
from customers.forms.contacts import ContactEditForm, ContactEndForm, ContactForm
from customers.forms.edit import CustomerEditForm, html_name
from customers.selectors.editing import Editing, contact_fields, contact_values, differing
from customers.selectors.page import Visit
from customers.services.contacts import add_contact, edit_contact, end_contact
from customers.services.details import edit_customer

if TYPE_CHECKING:
    from customers.models import Contact, Customer


class CustomerEditView(ServiceFormView):
    """The fields this organisation keeps itself; the others are shown with their way (T-64)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.UPDATE))
    form_class = CustomerEditForm
    template_name = "customers/edit.html"
    draft_form = "customer-edit"
    success_message = _("修改已保存")

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.UPDATE, self.kwargs["pk"])

    @cached_property
    def editing(self) -> Editing:
        return Editing(self.subject, self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"editing": self.editing}

    def get_initial(self) -> dict[str, Any]:
        live = {html_name(key): value for key, value in self.editing.values.items()}
        return live | {"version": self.subject.version} | super().get_initial()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            head=Visit(self.subject, self.request.user).head("customers:detail"),
            elsewhere=self.editing.elsewhere(),
            **kwargs,
        )

    def perform(self, subject: "Customer", form: CustomerEditForm) -> Any:
        return edit_customer(
            customer=subject,
            changes=form.changes(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "Customer", form: CustomerEditForm) -> list[ConflictRow]:
        self.__dict__.pop("editing", None)
        rows = self.editing.conflicts(
            base_version=form.cleaned_data["version"], mine=form.changes()
        )
        return [replace(row, field=html_name(row.field)) for row in rows]

    def get_success_url(self) -> str:
        return reverse("customers:detail", args=[self.subject.pk])


class ContactAddView(ServiceFormView):
    """A new related or key person (R-26, R-34)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CONTACT_CREATE))
    form_class = ContactForm
    template_name = "customers/contact_form.html"
    draft_form = "contact-add"
    success_message = _("联系人已新增")
    extra_context = {"heading": _("新增联系人")}

    def get_subject(self) -> "Customer":
        return get_customer(self.request.user, CustomerPerm.CONTACT_CREATE, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        allowed = contact_fields(self.subject, self.request.user)
        return super().get_form_kwargs() | {"allowed": allowed}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(customer=self.subject, **kwargs)

    def perform(self, subject: "Customer", form: ContactForm) -> Any:
        return add_contact(customer=subject, data=form.contact(), by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("customers:contacts", args=[self.subject.pk])


class OfContact(ServiceFormView):
    """A form about one contact."""

    perm: ClassVar[CustomerPerm]

    def get_subject(self) -> "Contact":
        return get_contact(self.request.user, self.perm, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.subject.version} | super().get_initial()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(customer=self.subject.customer, **kwargs)

    def get_success_url(self) -> str:
        return reverse("customers:contacts", args=[self.subject.customer_id])


class ContactEditView(OfContact):
    """Change a person's data (R-35, R-39)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CONTACT_UPDATE))
    perm = CustomerPerm.CONTACT_UPDATE
    form_class = ContactEditForm
    template_name = "customers/contact_form.html"
    draft_form = "contact-edit"
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改联系人")}

    def get_form_kwargs(self) -> dict[str, Any]:
        allowed = contact_fields(self.subject.customer, self.request.user)
        return super().get_form_kwargs() | {"allowed": allowed}

    def get_initial(self) -> dict[str, Any]:
        return contact_values(self.subject) | super().get_initial()

    def perform(self, subject: "Contact", form: ContactEditForm) -> Any:
        return edit_contact(
            contact=subject,
            changes=form.values(),
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "Contact", form: ContactEditForm) -> list[ConflictRow]:
        mine = {name: value for name, value in form.values().items() if name != "identity_no"}
        rows = conflict_rows(subject, base_version=form.cleaned_data["version"], mine=mine)
        return differing(rows)


class ContactEndView(OfContact):
    """Take a person out of use; he stays in the archive (R-39)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CONTACT_END))
    perm = CustomerPerm.CONTACT_END
    form_class = ContactEndForm
    template_name = "customers/contact_end.html"
    success_message = _("联系人已停用")

    def perform(self, subject: "Contact", form: ContactEndForm) -> Any:
        return end_contact(
            contact=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class ContactPrimaryView(ServiceButtonView):
    """Make a person the customer's contact; the one before steps down (R-26)."""

    rules: ClassVar[Rules] = writes(Rule(CustomerPerm.CONTACT_UPDATE))
    success_message = _("已设为客户联系人")

    def get_subject(self) -> "Contact":
        return get_contact(self.request.user, CustomerPerm.CONTACT_UPDATE, self.kwargs["pk"])

    def perform(self, subject: "Contact") -> Any:
        return edit_contact(
            contact=subject,
            changes={"is_primary": True},
            expected=subject.version,
            reason=str(_("设为客户联系人")),
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("customers:contacts", args=[self.subject.customer_id])
