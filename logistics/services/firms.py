"""Logistics firms: kept by the marketing clerk and the offices' assistants (R-45 to R-49)."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.errors import NotFound
from crm.core.history import save_as
from crm.identity.models import Department
from logistics.access import firms_for, home_of, office_of, reach_of
from logistics.choices import FirmKind, LogisticsPerm
from logistics.errors import HasBranches, NotHeadOffice
from logistics.formulas import FirmDetails, join_branch_name
from logistics.models import LogisticsFirm

if TYPE_CHECKING:
    from crm.identity.models import User


@transaction.atomic
def register_head_office(
    *,
    name: str,
    short_name: str,
    city: str,
    details: FirmDetails,
    by: "User",
) -> LogisticsFirm:
    """Record a head office under its full legal name, in the organisation and office of `by`.

    Raises ValidationError. Rules: R-45, R-47, R-48, domain 6.6 (8).
    """
    firm = LogisticsFirm(
        organisation_id=home_of(by),
        office_id=office_of(by, LogisticsPerm.CREATE),
        kind=FirmKind.HEAD,
        name=name,
        short_name=short_name,
        city=city,
        **asdict(details),
    )
    save_as(firm, by=by, reason=_("登记物流公司总部"), expected=None)
    return firm


@transaction.atomic
def register_branch(
    *, parent: LogisticsFirm, city: str, details: FirmDetails, by: "User"
) -> LogisticsFirm:
    """Record a branch of `parent`; its name is made of the head's short name and the city.

    Raises NotHeadOffice, ValidationError. Rules: R-46, R-47, R-49.
    """
    head = _locked_head(parent)
    firm = LogisticsFirm(
        organisation_id=head.organisation_id,
        office_id=office_of(by, LogisticsPerm.CREATE),
        kind=FirmKind.BRANCH,
        parent=head,
        short_name=head.short_name,
        city=city,
        name=join_branch_name(head.short_name, city),
        **asdict(details),
    )
    save_as(firm, by=by, reason=_("登记物流公司分支"), expected=None)
    return firm


@transaction.atomic
def edit_firm(
    *,
    firm: LogisticsFirm,
    details: FirmDetails,
    is_live: bool,
    expected: int | None,
    by: "User",
    name: str = "",
) -> LogisticsFirm:
    """Change a firm's details, and a head office's legal name; short name and city stay.

    Raises NotFound, HasBranches, StaleVersion, ValidationError.
    Rules: R-45, R-47, R-48, R-49, RF-07, domain 6.6 (8).
    """
    row = LogisticsFirm.objects.select_for_update().get(pk=firm.pk)
    if not firms_for(by, LogisticsPerm.UPDATE).filter(pk=row.pk).exists():
        raise NotFound
    if not is_live and row.branches.live().exists():
        raise HasBranches(_("该总部还有启用的分支机构，请先停用分支"), field="is_live")
    for field, value in asdict(details).items():
        setattr(row, field, value)
    row.is_live = is_live
    if name and row.kind == FirmKind.HEAD:
        row.name = name
    save_as(row, by=by, reason=_("修改物流公司"), expected=expected)
    return row


@transaction.atomic
def give_firm(
    *, firm: LogisticsFirm, office: Department | None, expected: int | None, by: "User"
) -> LogisticsFirm:
    """Say which office's assistant keeps a firm; the company's clerk alone decides.

    Raises NotFound, StaleVersion, ValidationError. Rules: R-48, RF-07, domain 6.6 (8).
    """
    row = LogisticsFirm.objects.select_for_update().get(pk=firm.pk)
    if not reach_of(by, LogisticsPerm.UPDATE).is_whole or row.organisation_id != home_of(by):
        raise NotFound
    row.office = office
    save_as(row, by=by, reason=_("指定维护办事处"), expected=expected, fields=["office"])
    return row


def _locked_head(parent: LogisticsFirm) -> LogisticsFirm:
    """The head office, held so that it cannot be closed meanwhile."""
    head = LogisticsFirm.objects.select_for_update().get(pk=parent.pk)
    if head.kind != FirmKind.HEAD or not head.is_live:
        raise NotHeadOffice(_("所属总部须是已登记且启用的总部"), field="parent")
    return head
