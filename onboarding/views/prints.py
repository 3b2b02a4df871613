"""The sheets as on paper (T-13): PDF, noted in the access log."""

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from archive.downloads import file_answer
from archive.forms_print import PrintMark
from archive.printing import print_registration, print_transfer
from crm.core.errors import NotFound
from crm.core.policy import Rule, Rules, reads
from crm.core.services.access_log import log_print
from crm.core.views import Guarded
from onboarding.access import get_form
from onboarding.choices import OnboardingPerm
from onboarding.selectors.prints import registration_sheet, transfer_sheet

VIEW = Rule(OnboardingPerm.VIEW)


class RegistrationPrintView(Guarded):
    """《客户基础信息登记表》."""

    rules: ClassVar[Rules] = reads(VIEW)

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        form = get_form(self.request.user, OnboardingPerm.VIEW, number)
        sheet = registration_sheet(form, self.request.user)
        pdf = print_registration(sheet, mark=self.mark())
        log_print(row=form, customer_id=form.customer_id, by=self.request.user)
        return _answer(request, pdf, f"登记表 {number}.pdf")

    def mark(self) -> PrintMark:
        return PrintMark(name=str(self.request.user), at=timezone.now())


class TransferPrintView(RegistrationPrintView):
    """《客户基础信息传递表》."""

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        form = get_form(self.request.user, OnboardingPerm.VIEW, number)
        sheet = transfer_sheet(form)
        if sheet is None:
            raise NotFound
        pdf = print_transfer(sheet, mark=self.mark())
        log_print(row=form, customer_id=form.customer_id, by=self.request.user)
        return _answer(request, pdf, f"传递表 {number}.pdf")


def _answer(request: HttpRequest, pdf: bytes, name: str) -> HttpResponse:
    return file_answer(
        pdf,
        name=name,
        media_type="application/pdf",
        range_header=request.headers.get("Range", ""),
    )
