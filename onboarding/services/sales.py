"""The sales block: basic attributes, delivery, withholding, monopoly check (T-38 to T-42)."""

from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.choices import CaseKind
from crm.core.history import save_as
from crm.identity.access import duties_of
from crm.identity.choices import Duty
from crm.identity.models import User
from crm.outbox import services as outbox
from crm.outbox.choices import Topic
from customers.models import BankBinding
from customers.selectors.bank import binding_of_form, bound_account
from customers.selectors.lights import bank_has_answered
from customers.services.bank import confirm_binding, request_binding
from customers.values import BankAccount
from logistics.models import DeliveryRoute
from onboarding.choices import Stage, Task
from onboarding.errors import BindingMissing, Incomplete, NotYours, TaskOpen
from onboarding.formulas import SALES_REQUIRED, WITHHOLDING, missing
from onboarding.models import RegistrationForm, Tick
from onboarding.selectors.sheet import (
    LICENCE_FIELDS,
    MONOPOLY_FIELDS,
    SALES_FIELDS,
    labels_of,
    live_ticks,
    tasks_wanted,
    values_of,
)
from onboarding.services.registration import put_forward
from onboarding.services.stages import enter_stage, lock_form, notice_values
from onboarding.services.values import SalesBlock

FILLERS: Final[dict[Task, frozenset[str]]] = {
    Task.SURVEY: frozenset({Duty.AM}),
    Task.DELIVERY: frozenset({Duty.AM, Duty.DC}),
    Task.WITHHOLDING: frozenset({Duty.AM, Duty.NET}),
    Task.MONOPOLY_CHECK: frozenset({Duty.AM}),
}
"""Who may say that a task is done (T-38 to T-41, PM-02)."""
_DEPENDS: Final[dict[Task, tuple[str, ...]]] = {
    Task.DELIVERY: ("delivery_route", "delivery_address"),
    Task.WITHHOLDING: ("settlement_mode",),
}


@transaction.atomic
def fill_sales_block(
    *, form: RegistrationForm, block: SalesBlock, expected: int, by: User
) -> RegistrationForm:
    """Write the sales block; a tick whose data changed no longer counts.

    By the responsible customer manager. Raises WrongStage, NotYours, StaleVersion.
    Rules: T-37, T-38, T-39, UX-37 of the checklist.
    """
    row = _lock_for_manager(form, by)
    before = values_of(row, SALES_FIELDS)
    row.order_mode, row.settlement_mode = block.order_mode, block.settlement_mode
    row.customer_level, row.market_type = block.customer_level, block.market_type
    row.business_format, row.order_cycle = block.business_format, block.order_cycle
    row.visit_cycle, row.delivery_route = block.visit_cycle, block.delivery_route
    row.delivery_address = block.delivery_address
    save_as(row, by=by, reason=_("填写销售信息"), expected=expected, form=row.number)
    _void_changed(row, before)
    return row


@transaction.atomic
def fill_delivery(
    *, form: RegistrationForm, route: DeliveryRoute, address: str, expected: int, by: User
) -> RegistrationForm:
    """The distribution centre gives the line and confirms the address (T-39, PM-02)."""
    if not duties_of(by) & {Duty.DC, Duty.AM}:
        raise NotYours(_("配送信息由配送中心填写"))
    row = lock_form(form=form, stages=[Stage.SALES_FILLING])
    row.delivery_route, row.delivery_address = route, address
    save_as(
        row,
        by=by,
        reason=_("填写配送信息"),
        expected=expected,
        fields=["delivery_route", "delivery_address"],
        form=row.number,
    )
    tick_task(form=row, task=Task.DELIVERY, by=by)
    return row


@transaction.atomic
def ask_for_binding(*, form: RegistrationForm, account: BankAccount, by: User) -> BankBinding:
    """The network office keys the account and asks the bank to bind it (T-40, T-65).

    Raises WrongStage, NotYours and the refusals of the binding. Rules: T-30, T-40, T-65 to T-68.
    """
    if Duty.NET not in duties_of(by):
        raise NotYours(_("扣款账户由网建办办理绑定"))
    row = lock_form(form=form, stages=[Stage.SALES_FILLING, Stage.DATA_ENTRY])
    if row.settlement_mode != WITHHOLDING:
        raise Incomplete(_("结算方式不是网上扣划，无需绑定账户"))
    binding = request_binding(
        customer=row.customer,  # type: ignore[arg-type]
        account=account,
        form=row.number,
        by=by,
    )
    outbox.publish(
        topic=Topic.BIND_REQUESTED,
        key=f"{row.number}:{binding.pk}",
        payload={
            "form": row.number,
            "customer": row.customer.code,  # type: ignore[union-attr]
            "bank": binding.bank,
            "account_last4": binding.account_no_last4,
            "binding": binding.pk,
        },
        organisation_id=row.organisation_id,
        customer=row.customer_id,
        values=notice_values(form=row),
    )
    return binding


@transaction.atomic
def confirm_account(*, form: RegistrationForm, by: User) -> BankBinding:
    """A second person of the network office confirms the account; the task is ticked.

    Raises WrongStage, NotYours and the refusals of the binding. Rules: T-40, T-67, PM-04.
    """
    if Duty.NET not in duties_of(by):
        raise NotYours(_("扣款账户由网建办复核"))
    row = lock_form(form=form, stages=[Stage.SALES_FILLING, Stage.DATA_ENTRY])
    binding = binding_of_form(row.number)
    if binding is None:
        raise BindingMissing(_("尚未录入扣款账户"))
    if not bank_has_answered(binding):
        raise BindingMissing(_("银行尚未确认该账户的绑定"))
    confirmed = confirm_binding(binding=binding, by=by)
    if row.stage == Stage.SALES_FILLING and Task.WITHHOLDING not in live_ticks(row):
        _tick(row, Task.WITHHOLDING, by)
    return confirmed


@transaction.atomic
def tick_task(*, form: RegistrationForm, task: Task, by: User) -> Tick:
    """Say that one of the four tasks is done; who and when are kept.

    Raises WrongStage, NotYours, BindingMissing, ValidationError. Rules: T-38 to T-42.
    """
    row = lock_form(form=form, stages=[Stage.SALES_FILLING])
    if not duties_of(by) & FILLERS[task]:
        raise NotYours(_("“%(task)s”由其他岗位完成") % {"task": task.label})
    if task == Task.WITHHOLDING and bound_account(row.customer) is None:  # type: ignore[arg-type]
        raise BindingMissing(_("扣款账户尚未绑定"))
    if task == Task.DELIVERY and (row.delivery_route_id is None or not row.delivery_address):
        raise Incomplete(_("请先填写送货线路和送货地址"), field="delivery_route")
    ticked = live_ticks(row).get(task)
    return ticked or _tick(row, task, by)


@transaction.atomic
def submit_sales_block(*, form: RegistrationForm, by: User) -> RegistrationForm:
    """Send the sales block to the three departments at once.

    Raises WrongStage, NotYours, Incomplete, TaskOpen, BindingMissing.
    Rules: T-42, T-43, domain 5.1 step 10.
    """
    row = _lock_for_manager(form, by)
    empty = missing(values_of(row, SALES_REQUIRED), SALES_REQUIRED)
    if empty:
        raise Incomplete(_("销售信息未填齐：%(names)s") % {"names": labels_of(empty)})
    if row.settlement_mode == WITHHOLDING and bound_account(row.customer) is None:  # type: ignore[arg-type]
        raise BindingMissing(_("结算方式为网上扣划，须先完成账户绑定"))
    ticked = live_ticks(row)
    open_tasks = [str(task.label) for task in tasks_wanted(row) if task not in ticked]
    if open_tasks:
        raise TaskOpen(_("尚有任务未完成：%(names)s") % {"names": "、".join(open_tasks)})
    names = (*MONOPOLY_FIELDS, *LICENCE_FIELDS, *SALES_FIELDS)
    row.sales_case = put_forward(
        case=row.sales_case, form=row, kind=CaseKind.SALES, names=names, by=by
    )
    row.return_reason = ""
    enter_stage(
        form=row,
        stage=Stage.DEPT_REVIEW,
        by=by,
        reason=_("提交部门会签"),
        fields=["sales_case", "return_reason"],
    )
    return row


def _lock_for_manager(form: RegistrationForm, by: User) -> RegistrationForm:
    row = lock_form(form=form, stages=[Stage.SALES_FILLING])
    if row.manager_id != by.pk:
        raise NotYours(_("销售信息由负责的客户经理填写"))
    return row


def _tick(form: RegistrationForm, task: Task, by: User) -> Tick:
    return Tick.objects.create(form=form, task=task, done_by=by)


def _void_changed(form: RegistrationForm, before: dict[str, object]) -> None:
    after = values_of(form, SALES_FIELDS)
    stale = [
        task
        for task, names in _DEPENDS.items()
        if any(before[name] != after[name] for name in names)
    ]
    Tick.objects.filter(form=form, task__in=stale, void_at__isnull=True).update(
        void_at=timezone.now()
    )
