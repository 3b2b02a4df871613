"""Data entry with proof, transfer to the order centre, activation (T-45 to T-49)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.models import Step
from crm.core.history import save_as
from crm.core.jobs import run_after_commit
from crm.core.numbers import Series, take_number
from crm.identity.choices import Duty, SourceSystem
from crm.identity.models import User
from crm.identity.selectors import holders_of
from crm.outbox import services as outbox
from crm.outbox.choices import Topic
from customers.choices import Authority, Light, LightSystem
from customers.selectors.bank import bound_account
from customers.selectors.fields import current_values
from customers.services.details import apply_fields
from customers.services.marks import set_light
from customers.services.status import activate_customer
from customers.values import FieldChange
from onboarding.choices import Stage
from onboarding.errors import BindingMissing, EntryDiffers, FinalApprover
from onboarding.formulas import WITHHOLDING, form_number
from onboarding.models import RegistrationForm, TransferForm
from onboarding.selectors.sheet import (
    LOCAL_FIELDS,
    ORDER_CENTRE_FIELDS,
    SALES_FIELDS,
    approved_values,
    entry_differences,
    label_of,
    stored_value,
    text_of,
)
from onboarding.services.stages import enter_stage, lock_form, notice_values, workers_on

ENTRY_TOPICS = {SourceSystem.EM: Topic.BASE_DATA, SourceSystem.CRM: Topic.CRM_DATA}


@transaction.atomic
def enter_data(*, form: RegistrationForm, by: User) -> RegistrationForm:
    """Write the approved sheet to the customer's record and send it to EM and CRM.

    Each system answers with what it stored: that answer, not our own tick, is the proof. May be
    repeated after a difference. Raises WrongStage, FinalApprover.
    Rules: T-45, PM-24, domain 5.1 step 14.
    """
    row = lock_form(form=form, stages=[Stage.DATA_ENTRY])
    _ensure_not_final_approver(row, by)
    write_fields(
        form=row, names=LOCAL_FIELDS, authority=Authority.LOCAL, reason=_("录入维护"), by=by
    )
    for system, topic in ENTRY_TOPICS.items():
        _send(row, system, topic, by=by)
    return row


@transaction.atomic
def finish_entry(*, form: RegistrationForm, by: User) -> RegistrationForm:
    """Close data entry: every approved field equals what EM and CRM stored, account bound.

    Raises WrongStage, FinalApprover, EntryDiffers (naming the fields), BindingMissing.
    Rules: T-45, domain 5.1 step 14.
    """
    row = lock_form(form=form, stages=[Stage.DATA_ENTRY])
    _ensure_not_final_approver(row, by)
    for system in ENTRY_TOPICS:
        wrong = entry_differences(row, system)
        if wrong:
            names = "、".join(label_of(item.field) for item in wrong)
            raise EntryDiffers(
                _("%(system)s 中下列项目与批准内容不一致或尚未回执：%(names)s")
                % {"system": system.label, "names": names}
            )
    _ensure_bound(row)
    enter_stage(form=row, stage=Stage.REPORTING, by=by, reason=_("录入核对一致"))
    run_after_commit("onboarding.keep_sheet", form=row.pk, sheet="registration", by=by.pk)
    return row


@transaction.atomic
def send_transfer_form(*, form: RegistrationForm, by: User) -> TransferForm:
    """Fill the transfer form and report to the order centre; its receipt comes by the API.

    Raises WrongStage. Rules: T-10, T-11, T-46, domain 5.1 step 15.
    """
    row = lock_form(form=form, stages=[Stage.REPORTING])
    serial = take_number(Series.TRANSFER)
    maintained = [name for name in SALES_FIELDS if name not in ORDER_CENTRE_FIELDS]
    transfer = TransferForm(
        number=form_number("CD", timezone.localdate().year, serial),
        form=row,
        maintained=_items(row, maintained),
        wanted=_items(row, ORDER_CENTRE_FIELDS),
        made_by=by,
    )
    save_as(transfer, by=by, reason=_("上报订单中心"), expected=None, form=row.number)
    outbox.publish(
        topic=Topic.TRANSFER_FORM,
        key=transfer.number,
        payload={
            "form": row.number,
            "transfer": transfer.number,
            "customer": row.customer.code,  # type: ignore[union-attr]
            "wanted": transfer.wanted,
        },
        organisation_id=row.organisation_id,
        customer=row.customer_id,
        values=notice_values(form=row),
    )
    _wait_for(row, LightSystem.ORDER_CENTRE, transfer.number, by=by)
    enter_stage(form=row, stage=Stage.ACTIVATING, by=by, reason=_("已上报订单中心"))
    run_after_commit("onboarding.keep_sheet", form=row.pk, sheet="transfer", by=by.pk)
    return transfer


@transaction.atomic
def activate_registration(*, form: RegistrationForm, by: User) -> RegistrationForm:
    """Put the customer in force: from now on he may order and be delivered to.

    Only when EM's base information is complete, the account is bound and the order centre has
    answered. The service centre and the distribution centre are told, both logged.
    Raises WrongStage, EntryDiffers, BindingMissing. Rules: T-47 to T-49, domain 5.1 step 16.
    """
    row = lock_form(form=form, stages=[Stage.ACTIVATING])
    if entry_differences(row, SourceSystem.EM):
        raise EntryDiffers(_("EM 基础信息尚未维护齐全，不能启用"))
    _ensure_bound(row)
    if not row.transfer.receipt_no:
        raise EntryDiffers(_("订单中心尚未回执传递表，不能启用"))
    activate_customer(
        customer=row.customer,  # type: ignore[arg-type]
        reason=_("资料齐全，启用"),
        form=row.number,
        by=by,
    )
    enter_stage(form=row, stage=Stage.ACTIVE, by=by, reason=_("资料齐全，启用"))
    told = {
        person.pk
        for duty in (Duty.CSC, Duty.DC)
        for person in holders_of(duty, organisation_id=row.organisation_id)
    }
    outbox.publish(
        topic=Topic.ONBOARDING_ACTIVATED,
        key=row.number,
        payload={"form": row.number, "customer": row.customer.code},  # type: ignore[union-attr]
        organisation_id=row.organisation_id,
        customer=row.customer_id,
        people=told | workers_on(form=row),
        values=notice_values(form=row),
    )
    return row


def _send(form: RegistrationForm, system: SourceSystem, topic: Topic, *, by: User) -> None:
    outbox.publish(
        topic=topic,
        key=f"{form.number}:{form.version}:{timezone.now().timestamp()}",
        payload={
            "form": form.number,
            "customer": form.customer.code,  # type: ignore[union-attr]
            "fields": approved_values(form, system),
        },
        organisation_id=form.organisation_id,
        customer=form.customer_id,
        values=notice_values(form=form),
    )
    _wait_for(form, LightSystem(system.value), form.number, by=by)


def _wait_for(form: RegistrationForm, system: LightSystem, value: str, *, by: User) -> None:
    set_light(
        customer=form.customer,  # type: ignore[arg-type]
        system=system,
        state=Light.WAITING,
        value=value,
        by=by,
    )


@transaction.atomic
def write_fields(
    *,
    form: RegistrationForm,
    names: tuple[str, ...],
    authority: Authority,
    reason: str,
    by: User,
) -> None:
    """Write approved fields to the customer's retail data in the name of who keeps them.

    Raises StaleValue when somebody else wrote them meanwhile. Rules: T-45, T-46, T-62, T-64.
    """
    now = current_values(form.customer, [f"retail.{name}" for name in names])  # type: ignore[arg-type]
    changes = [
        FieldChange(f"retail.{name}", now[f"retail.{name}"], stored_value(form, name))
        for name in names
    ]
    apply_fields(
        customer=form.customer,  # type: ignore[arg-type]
        changes=changes,
        authorities={authority},
        form=form.number,
        reason=reason,
        by=by,
    )


def _items(form: RegistrationForm, names: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
    return [{"field": n, "label": label_of(n), "value": text_of(form, n)} for n in names]


def _ensure_bound(form: RegistrationForm) -> None:
    if form.settlement_mode == WITHHOLDING and bound_account(form.customer) is None:  # type: ignore[arg-type]
        raise BindingMissing(_("扣款账户尚未绑定"))


def _ensure_not_final_approver(form: RegistrationForm, by: User) -> None:
    last = Step.objects.filter(case=form.sales_case).order_by("-stage", "-round").first()
    if last is not None and last.decided_by_id == by.pk:
        raise FinalApprover(_("最终审批人不能执行录入维护"))
