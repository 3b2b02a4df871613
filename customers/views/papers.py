"""The tabs 证件 and 名单 of a cable customer, and the work list of certificates (B-22, B-55)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _

from crm.core.errors import BadRequest
from crm.core.policy import Rule, Rules, both, reads
from crm.core.views import GatedPage, known_parameters
from crm.identity.access import ensure_may
from customers.access import get_certificate, get_entry
from customers.choices import CustomerPerm
from customers.forms.services import (
    CertificateForm,
    CheckForm,
    EndForm,
    ExpiryForm,
    ListEntryForm,
)
from customers.selectors.guarded import ensure_may_reveal
from customers.selectors.page import Visit
from customers.selectors.services import SOON, entries_of, expiring_page
from customers.selectors.tabs import FilePerm, scans_url
from customers.services.certificates import add_certificate, check_certificate, end_certificate
from customers.services.listing import end_list_entry, enter_list
from customers.views.reveal import RevealView
from customers.views.services import ActView, OfCustomer, OperatedPage

if TYPE_CHECKING:
    from customers.models import Certificate, Customer, ListEntry


class CertificatesView(OperatedPage):
    """Certificates with their checks (B-51 to B-55)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.CERTIFICATE_VIEW))
    perm = CustomerPerm.CERTIFICATE_VIEW
    template_name = "customers/certificates.html"
    url_name = "customers:certificates"

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {
            "papers": visit.papers(),
            "may_add": visit.may(CustomerPerm.CERTIFICATE_CREATE),
            "may_check": visit.may(CustomerPerm.CERTIFICATE_CHECK),
            "may_end": visit.may(CustomerPerm.CERTIFICATE_END),
            "scans_url": scans_url(visit.customer.pk) if visit.may(FilePerm.VIEW) else "",
        }


class CertificateAddView(OfCustomer):
    """A new certificate (B-51 to B-54)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CERTIFICATE_CREATE))
    perm = CustomerPerm.CERTIFICATE_CREATE
    form_class = CertificateForm
    tab = "customers:certificates"
    success_message = _("证件已登记")
    extra_context = {"heading": _("登记证件")}

    def perform(self, subject: "Customer", form: CertificateForm) -> Any:
        return add_certificate(customer=subject, data=form.certificate(), by=self.request.user)


class CertificateCheckView(ActView):
    """Check a certificate (B-55)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CERTIFICATE_CHECK))
    form_class = CheckForm
    tab = "customers:certificates"
    success_message = _("核验结果已记录")
    extra_context = {"heading": _("核验证件")}
    button = _("记录核验结果")

    def get_subject(self) -> "Certificate":
        return get_certificate(self.request.user, CustomerPerm.CERTIFICATE_CHECK, self.kwargs["pk"])

    def perform(self, subject: "Certificate", form: CheckForm) -> Any:
        return check_certificate(
            certificate=subject,
            check=form.check_made(),
            expected=form.cleaned_data["version"],
            by=self.request.user,
        )


class CertificateEndView(ActView):
    """Take a certificate out of use (B-18)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.CERTIFICATE_END))
    form_class = EndForm
    tab = "customers:certificates"
    success_message = _("证件已停用")
    extra_context = {"heading": _("停用证件"), "lead": _("停用后记录仍保留在档案里。")}
    button = _("停用")

    def get_subject(self) -> "Certificate":
        return get_certificate(self.request.user, CustomerPerm.CERTIFICATE_END, self.kwargs["pk"])

    def perform(self, subject: "Certificate", form: EndForm) -> Any:
        return end_certificate(
            certificate=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )


class CertificateRevealView(RevealView):
    """One certificate number in clear (B-29, trust 2.6)."""

    tab = "customers:certificates"

    def get_subject(self) -> Any:
        user = self.request.user
        paper = get_certificate(user, CustomerPerm.CERTIFICATE_VIEW, self.kwargs["pk"])
        self.rule = ensure_may_reveal(paper.customer, f"cert.{self.kwargs['field']}", user)
        return paper


class ExpiringView(GatedPage):
    """Certificates that have ended or end soon, in my scope (B-55)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.CERTIFICATE_VIEW))
    template_name = "customers/expiring.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"page", "days"})
        ensure_may(self.request.user, CustomerPerm.CERTIFICATE_VIEW)
        form = ExpiryForm(self.request.GET)
        if not form.is_valid():
            raise BadRequest(str(_("请从列表中选择期限")))
        asked = form.cleaned_data["days"]
        days = SOON if asked == "" else asked
        page, papers = expiring_page(
            self.request.user, days=days, token=self.request.GET.get("page", "")
        )
        return super().get_context_data(
            page=page,
            form=ExpiryForm(initial={"days": days}),
            papers=papers,
            next_url=f"?days={days}&page={page.next}" if page.next else "",
            previous_url=f"?days={days}&page={page.previous}" if page.previous else "",
            **kwargs,
        )


class ListedView(OperatedPage):
    """Every entry of the red and the black list about the customer (B-22)."""

    rules: ClassVar[Rules] = reads(Rule(CustomerPerm.LISTED_VIEW))
    perm = CustomerPerm.LISTED_VIEW
    template_name = "customers/listed.html"
    url_name = "customers:listed"

    def shown(self, visit: Visit) -> dict[str, Any]:
        return {
            "entries": entries_of(visit.customer),
            "may_add": visit.may(CustomerPerm.LISTED_CREATE),
            "may_end": visit.may(CustomerPerm.LISTED_END),
        }


class ListedAddView(OfCustomer):
    """Put the customer, an account or a user on a list (B-22)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.LISTED_CREATE))
    perm = CustomerPerm.LISTED_CREATE
    form_class = ListEntryForm
    tab = "customers:listed"
    success_message = _("已列入名单")
    extra_context = {"heading": _("列入名单")}
    button = _("列入")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"customer": self.subject}

    def perform(self, subject: "Customer", form: ListEntryForm) -> Any:
        return enter_list(customer=subject, data=form.entry(), by=self.request.user)


class ListedEndView(ActView):
    """Take an object off a list (B-22)."""

    rules: ClassVar[Rules] = both(Rule(CustomerPerm.LISTED_END))
    form_class = EndForm
    tab = "customers:listed"
    success_message = _("已移出名单")
    extra_context = {"heading": _("移出名单"), "lead": _("记录仍保留，从今天起不再生效。")}
    button = _("移出")

    def get_subject(self) -> "ListEntry":
        return get_entry(self.request.user, CustomerPerm.LISTED_END, self.kwargs["pk"])

    def perform(self, subject: "ListEntry", form: EndForm) -> Any:
        return end_list_entry(
            entry=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )
