"""The two printed sheets of flow A, filled from a form (T-7, T-10, T-11, T-13)."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from archive.forms_print import (
    MonopolyBlock,
    RegistrationSheet,
    SalesBlock,
    SheetField,
    SheetNotice,
    SheetSignature,
    SheetTick,
    TransferSheet,
)
from crm.approvals.choices import StepStatus
from crm.approvals.models import Case, Round, Step
from crm.core.masking import mask_person, mask_phone
from crm.identity.models import User
from customers.selectors.bank import binding_of_form
from onboarding.models import RegistrationForm, TransferForm
from onboarding.selectors.page import clear_classes
from onboarding.selectors.sheet import live_ticks, notices_of, tasks_wanted, text_of

_BOXES = (  # lazily worded: the sheet is printed in the reader's language
    _("中队长"),
    _("专卖负责人"),
    _("客户服务中心"),
    _("配送中心"),
    _("网建办"),
    _("主管销售副经理"),
)


def registration_sheet(form: RegistrationForm, reader: User) -> RegistrationSheet:
    """《客户基础信息登记表》 of `form`; personal values masked as `reader` sees them."""
    clear = "P" in clear_classes(reader, form)
    legal, phone = form.legal_representative, form.phone
    case = form.sales_case or form.licence_case
    ticks = live_ticks(form)
    return RegistrationSheet(
        organisation=str(form.organisation),
        form_number=form.number,
        case_number=case.number if case else form.number,
        round=case.round if case else 1,
        monopoly=MonopolyBlock(
            customer_code=form.customer.code if form.customer else "",
            licence_number=form.licence_no,
            licence_valid=form.licence_valid_to or "",
            store_name=form.store_name,
            premises=form.business_premises,
            legal_representative=legal if clear else mask_person(legal),
            identity_number=f"**************{form.identity_no_last4}",
            phone=phone if clear else mask_phone(phone),
            filled_by=str(form.started_by),
            filled_at=form.started_at,
        ),
        sales=SalesBlock(
            order_mode=text_of(form, "order_mode"),
            settlement_mode=text_of(form, "settlement_mode"),
            tier=text_of(form, "customer_level"),
            route=text_of(form, "delivery_route"),
            market_type=text_of(form, "market_type"),
            business_format=text_of(form, "business_format"),
            order_cycle=text_of(form, "order_cycle"),
            visit_cycle=text_of(form, "visit_cycle"),
            delivery_address=form.delivery_address,
            filled_by=str(form.manager or ""),
            filled_at=_sales_filled_at(case),
            others=_account(form),
        ),
        ticks=tuple(
            SheetTick(
                label=task.label,
                is_done=task in ticks,
                by=str(ticks[task].done_by) if task in ticks else "",
                at=ticks[task].done_at if task in ticks else None,
            )
            for task in tasks_wanted(form)
        ),
        signatures=_signatures(form),
        notices=tuple(
            SheetNotice(row.get_route_display(), row.sender, row.receiver, row.at)
            for row in notices_of(form)
        ),
        status=form.get_stage_display(),
    )


def _sales_filled_at(case: Case | None) -> datetime | None:
    """When the present round was put forward; none while it is being filled."""
    row = Round.objects.filter(case=case, number=case.round).first() if case else None
    return row.submitted_at if row else None


def _account(form: RegistrationForm) -> tuple[SheetField, ...]:
    """The withholding account as its last four digits (T-65, T-67)."""
    binding = binding_of_form(form.number)
    return (SheetField(_("扣款账户"), str(binding)),) if binding else ()


def transfer_sheet(form: RegistrationForm) -> TransferSheet | None:
    """《客户基础信息传递表》 of `form`, or None when none was made yet."""
    transfer = TransferForm.objects.filter(form=form).select_related("made_by").first()
    if transfer is None or form.customer is None:
        return None
    return TransferSheet(
        organisation=str(form.organisation),
        form_number=transfer.number,
        case_number=form.sales_case.number if form.sales_case else form.number,
        registration_number=form.number,
        customer_code=form.customer.code,
        customer_name=form.customer.name,
        maintained=_fields(transfer.maintained),
        wanted=_fields(transfer.wanted),
        maker=str(transfer.made_by),
        made_on=transfer.made_at.date(),
        licence_number=form.licence_no,
        receiver=_("订单中心"),
        receipt_number=transfer.receipt_no,
        receipt_at=transfer.received_at,
    )


def _fields(items: list[dict[str, str]]) -> tuple[SheetField, ...]:
    return tuple(SheetField(item["label"], item["value"]) for item in items)


def _signatures(form: RegistrationForm) -> tuple[SheetSignature, ...]:
    """A box for every approver of T-33 and T-44; who has not signed leaves it empty (T-13)."""
    boxes = []
    for case in (form.licence_case, form.sales_case):
        boxes += [_box(step) for step in _steps(case)] if case else []
    if not form.sales_case:
        known = len(boxes)
        boxes += [SheetSignature(duty=title) for title in _BOXES[known:]]
    return tuple(boxes)


def _steps(case: Case) -> list[Step]:
    rows = Step.objects.filter(case=case, round=case.round).select_related("decided_by")
    return list(rows.order_by("stage", "pk"))


def _box(step: Step) -> SheetSignature:
    if step.status not in (StepStatus.APPROVED, StepStatus.RETURNED, StepStatus.REFUSED):
        return SheetSignature(duty=step.name)
    return SheetSignature(
        duty=step.name,
        name=str(step.decided_by),
        verdict=step.get_status_display(),
        opinion=step.opinion,
        at=step.decided_at,
    )
