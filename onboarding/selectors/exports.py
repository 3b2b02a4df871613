"""What a registration form is in a file: what its row in the list shows."""

from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.core.exports import Offer
from crm.core.services.access_log import MOST_ROWS
from crm.identity.models import User
from onboarding.access import forms_to_export
from onboarding.choices import Stage
from onboarding.models import RegistrationForm

COLUMNS: Final[dict[str, Any]] = {
    "number": _("登记表编号"),
    "store_name": _("店铺名称"),
    "business_premises": _("经营场所"),
    "stage": _("环节"),
    "area": _("所属中队"),
    "manager": _("客户经理"),
    "licence_no": _("许可证号"),
    "due_at": _("环节时限"),
}


def cells_of(form: RegistrationForm) -> list[Any]:
    """One row in the order of COLUMNS."""
    due = timezone.localtime(form.due_at).date() if form.due_at else None
    return [
        form.number,
        form.store_name,
        form.business_premises,
        str(form.get_stage_display()),
        str(form.area),
        form.manager.name if form.manager else "",
        form.licence_no,
        due,
    ]


def asked_in_words(stage: str, words: str) -> list[str]:
    """The filters that are on, as the file names them."""
    labels = {str(value): str(label) for value, label in Stage.choices}
    asked = [f"{_t('环节')}：{labels.get(stage, stage)}"] if stage else []
    return [*asked, f"{_t('查找')}：{words}"] if words else asked


def export_offer(user: User, *, stage: str, words: str, back_url: str) -> Offer:
    """What an export of the list would hold (UX-10)."""
    rows = forms_to_export(user).matching(stage=stage, words=words)
    return Offer(
        title=str(RegistrationForm._meta.verbose_name),
        columns=[str(label) for label in COLUMNS.values()],
        rows=rows.order_by()[: MOST_ROWS + 1].count(),
        asked=asked_in_words(stage, words),
        back_url=back_url,
    )
