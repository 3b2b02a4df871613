"""The list of registration forms as a file (UX-10)."""

from typing import ClassVar

from django.urls import reverse

from crm.core.exports import ExportPage, ExportSheet, Offer
from crm.core.policy import Rule, Rules, both
from crm.core.views import known_parameters
from crm.identity.choices import IdentityPerm
from onboarding.selectors.exports import export_offer
from onboarding.services.exports import export_forms


class FormExportView(ExportPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.EXPORT, step_up=True))

    @property
    def asked(self) -> dict[str, str]:
        known_parameters(self.request, {"stage", "q", "view"})
        sent = self.request.GET
        return {"stage": sent.get("stage", ""), "words": sent.get("q", "")}

    def get_offer(self) -> Offer:
        back = f"{reverse('onboarding:list')}?{self.request.GET.urlencode()}"
        return export_offer(self.request.user, **self.asked, back_url=back)

    def get_sheet(self) -> ExportSheet:
        return export_forms(**self.asked, by=self.request.user)
