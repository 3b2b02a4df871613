"""Certificates and the files that show them (B-51, B-52, B-55)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from archive.access import (
    get_certificate_to_show,
    get_customer_for_files,
    get_scan,
    scans_of,
    unshown_files,
)
from archive.choices import ArchivePerm
from archive.forms import ScanEndForm, ScanForm
from archive.services.papers import link_scan, unlink_scan
from crm.core.policy import Rule, Rules, both, reads
from crm.core.views import GatedPage, ServiceFormView
from crm.identity.access import may
from customers.selectors.page import Visit

if TYPE_CHECKING:
    from archive.models import CertificateScan
    from customers.models import Certificate


class CertificateScansView(GatedPage):
    """The scans of all certificates of one customer; as a part, for the tab of certificates."""

    rules: ClassVar[Rules] = reads(Rule(ArchivePerm.VIEW))
    template_name = "archive/certificate_scans.html"

    def get_template_names(self) -> list[str]:
        is_part = self.request.headers.get("HX-Request") == "true"
        return ["archive/_certificate_scans.html" if is_part else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        customer = get_customer_for_files(user, ArchivePerm.VIEW, self.kwargs["pk"])
        return super().get_context_data(
            head=Visit(customer, user).head("customers:certificates"),
            papers=scans_of(user, customer),
            may_add=may(user, ArchivePerm.CREATE),
            **kwargs,
        )


class _ScanFormView(ServiceFormView):
    template_name = "archive/scan_form.html"

    @property
    def certificate(self) -> "Certificate":
        found: Certificate = getattr(self.subject, "certificate", self.subject)
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            certificate=self.certificate, back_url=self.get_success_url(), **kwargs
        )

    def get_success_url(self) -> str:
        return reverse("customers:certificates", args=[self.certificate.customer_id])


class ScanLinkView(_ScanFormView):
    """Choose a file of the customer's archive that shows this certificate."""

    rules: ClassVar[Rules] = both(Rule(ArchivePerm.CREATE))
    form_class = ScanForm
    success_message = _("扫描件已关联")
    extra_context = {"heading": _("关联扫描件"), "button": _("关联")}

    def get_subject(self) -> "Certificate":
        return get_certificate_to_show(self.request.user, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"files": unshown_files(self.request.user, self.subject)}

    def perform(self, subject: "Certificate", form: ScanForm) -> "CertificateScan":
        return link_scan(certificate=subject, file=form.cleaned_data["file"], by=self.request.user)


class ScanUnlinkView(_ScanFormView):
    """A file shows this certificate no more."""

    rules: ClassVar[Rules] = both(Rule(ArchivePerm.CREATE))
    form_class = ScanEndForm
    success_message = _("已取消关联")
    extra_context = {"heading": _("取消关联扫描件"), "button": _("取消关联")}

    def get_subject(self) -> "CertificateScan":
        return get_scan(self.request.user, ArchivePerm.CREATE, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.subject.version}

    def perform(self, subject: "CertificateScan", form: ScanEndForm) -> "CertificateScan":
        return unlink_scan(
            scan=subject,
            expected=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            by=self.request.user,
        )
