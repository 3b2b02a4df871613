"""Where a draft belongs: titles and URL names, never imports (design 4)."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class DraftPage:
    """The page of a form: for a new record, and for one that exists (its argument)."""

    title: Any
    new: str = ""
    existing: str = ""


DRAFT_PAGES: Final[dict[str, DraftPage]] = {
    "registration": DraftPage(_("登记表"), "onboarding:start", "onboarding:monopoly"),
    "registration-sales": DraftPage(_("销售信息"), "", "onboarding:sales"),
    "customer-register": DraftPage(_("登记客户"), "customers:register"),
    "customer-edit": DraftPage(_("修改客户资料"), "", "customers:edit"),
    "contact": DraftPage(_("联系人"), "", "customers:contact-add"),
}
"""Form key → its page; a test holds it against the `draft_form` of all views."""
