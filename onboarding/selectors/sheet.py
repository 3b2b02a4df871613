"""Answers about a registration form already let through the gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.approvals.digest import digest_of
from crm.approvals.formulas import Line
from crm.approvals.models import Case, Step
from crm.core.sealed import unseal
from crm.core.selectors import column_of, dictionary, display
from crm.identity.choices import SourceSystem
from onboarding.choices import PROGRESS, Stage, Task
from onboarding.formulas import WITHHOLDING, Difference, differences
from onboarding.models import EntryProof, NoticeRecord, RegistrationForm, Tick

if TYPE_CHECKING:
    from datetime import datetime

MONOPOLY_FIELDS: Final = (
    "store_name",
    "business_premises",
    "legal_representative",
    "identity_no",
    "phone",
    "city",
    "area",
)
LICENCE_FIELDS: Final = ("licence_no", "licence_valid_to")
SALES_FIELDS: Final = (
    "manager",
    "order_mode",
    "settlement_mode",
    "customer_level",
    "delivery_route",
    "delivery_address",
    "market_type",
    "business_format",
    "order_cycle",
    "visit_cycle",
)
ORDER_CENTRE_FIELDS: Final = (
    "settlement_mode",
    "customer_level",
    "market_type",
    "business_format",
    "order_cycle",
)
"""Fields the order centre maintains (T-64): the transfer form asks it for them."""
LOCAL_FIELDS: Final = ("order_mode", "delivery_route", "delivery_address", "visit_cycle")
"""Fields the bureau maintains itself at data entry (T-46, T-64)."""
DICTIONARIES: Final = {
    "order_mode",
    "settlement_mode",
    "customer_level",
    "market_type",
    "business_format",
    "order_cycle",
    "visit_cycle",
}
CLASSES: Final = {"identity_no": "S", "phone": "P", "legal_representative": "P"}
"""Data classes of trust 2.6; a field not named here is internal (I)."""
SHAPES: Final = {"phone": "phone", "legal_representative": "person"}
"""How a personal value is masked for readers of other duties."""
ENTERED_BY: Final[dict[SourceSystem, tuple[str, ...]]] = {
    SourceSystem.EM: (
        "store_name",
        "business_premises",
        "legal_representative",
        "phone",
        *LICENCE_FIELDS,
        "order_mode",
        "settlement_mode",
        "customer_level",
        "delivery_route",
        "delivery_address",
        "market_type",
        "business_format",
        "order_cycle",
    ),
    SourceSystem.CRM: (
        "store_name",
        "business_premises",
        "legal_representative",
        "phone",
        "manager",
        "customer_level",
        "market_type",
        "business_format",
    ),
}
"""What each system stores and answers with (T-45, T-26, T-27)."""


def text_of(form: RegistrationForm, name: str) -> str:
    """A field in the words of the sheet; the identity number as its last four."""
    if name == "identity_no":
        return f"****{form.identity_no_last4}" if form.identity_no_last4 else ""
    field = column_of(RegistrationForm, name)
    value = getattr(form, field.attname)
    if name in DICTIONARIES:
        return str(dict(dictionary(name)).get(value, value))
    return display(field, value)


def stored_value(form: RegistrationForm, name: str) -> object:
    """A field as it is stored: a code, a text, a linked row's key."""
    return getattr(form, column_of(RegistrationForm, name).attname)


def lines_of(form: RegistrationForm, names: Sequence[str]) -> tuple[Line, ...]:
    """Lines of a case: label and value as they will be signed; S only as last four (D6)."""
    return tuple(
        Line(
            field=name,
            label=label_of(name),
            before="",
            after=text_of(form, name),
            cls=CLASSES.get(name, "I"),
            shape=SHAPES.get(name, ""),
        )
        for name in names
    )


def label_of(name: str) -> str:
    """A field's label on the sheet."""
    return str(column_of(RegistrationForm, name).verbose_name)


def labels_of(names: Sequence[str]) -> str:
    """Field labels as people read them, joined (UX-23)."""
    return "、".join(label_of(name) for name in names)


def waiting_stage(case: Case) -> int:
    """The stage of the route whose signatures are wanted now; 0 when none is."""
    row = Step.objects.waiting().filter(case=case, round=case.round).order_by("stage").first()
    return row.stage if row is not None else 0


def digest_for(form: RegistrationForm, names: Sequence[str]) -> str:
    """What a signature on these fields is bound to: canonical clear values."""
    values = {
        name: unseal(form, name)
        if name == "identity_no"
        else str(getattr(form, column_of(RegistrationForm, name).attname) or "")
        for name in names
    }
    return digest_of({"number": form.number, **values})


def values_of(form: RegistrationForm, names: Sequence[str]) -> dict[str, object]:
    """Stored values by name, for the check of what is missing."""
    return {name: getattr(form, column_of(RegistrationForm, name).attname) for name in names}


def approved_values(form: RegistrationForm, system: SourceSystem) -> dict[str, str]:
    """Field → approved text, for the fields that system stores (T-45)."""
    return {name: text_of(form, name) for name in ENTERED_BY.get(system, ())}


def live_ticks(form: RegistrationForm) -> dict[str, Tick]:
    """Task → its tick that counts."""
    rows = Tick.objects.filter(form=form, void_at__isnull=True).select_related("done_by")
    return {row.task: row for row in rows}


def tasks_wanted(form: RegistrationForm) -> list[Task]:
    """The tasks this form needs: withholding only where it is the settlement mode (T-42)."""
    wanted = [Task.SURVEY, Task.DELIVERY, Task.MONOPOLY_CHECK]
    if form.settlement_mode == WITHHOLDING:
        wanted.insert(2, Task.WITHHOLDING)
    return wanted


def entered_values(form: RegistrationForm, system: SourceSystem) -> dict[str, str]:
    """Field → what the system says it stored last."""
    newest = (
        EntryProof.objects.filter(form=form, system=system)
        .order_by("field", "-id")
        .distinct("field")
    )
    return {row.field: row.entered for row in newest}


def entry_differences(form: RegistrationForm, system: SourceSystem) -> list[Difference]:
    """Where the system differs from the approved sheet; empty when every field equals (T-45)."""
    return differences(approved_values(form, system), entered_values(form, system))


def notices_of(form: RegistrationForm) -> QuerySet[NoticeRecord]:
    """By which routes the licence was announced, oldest first (T-36)."""
    return NoticeRecord.objects.filter(form=form).order_by("at")


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One line of the table "entered equals approved"."""

    label: str
    approved: str
    entered: str
    agrees: bool


def proof_table(form: RegistrationForm, system: SourceSystem) -> list[ProofLine]:
    """Every field the system stores, approved beside entered (T-45)."""
    entered = entered_values(form, system)
    return [
        ProofLine(
            label_of(name),
            value,
            entered.get(name, ""),
            entered.get(name) == value,
        )
        for name, value in approved_values(form, system).items()
    ]


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """One stage on the progress line of the page."""

    label: str
    state: str
    since: "datetime | None" = None


def progress_of(form: RegistrationForm) -> list[ProgressStep]:
    """The stages of flow A with where the form stands: done, now or todo (5.1)."""
    if form.stage in (Stage.WITHDRAWN, Stage.TERMINATED):
        return [ProgressStep(form.get_stage_display(), "now", form.stage_since)]
    here = PROGRESS.index(Stage(form.stage))
    return [
        ProgressStep(
            str(stage.label),
            "done" if at < here or form.stage == Stage.ACTIVE else "now" if at == here else "todo",
            form.stage_since if at == here else None,
        )
        for at, stage in enumerate(PROGRESS)
    ]


def next_act(form: RegistrationForm) -> str:
    """Who must do what now, in one sentence for the head of the page."""
    return {
        Stage.DRAFT: _("专管员填写专卖信息并提交"),
        Stage.SQUAD_REVIEW: _("等待中队长审批"),
        Stage.MONOPOLY_REVIEW: _("等待专卖负责人审批"),
        Stage.LICENSING: _("等待专卖系统办证结果"),
        Stage.LICENSED: _("办证部门通知客户服务中心"),
        Stage.SALES_FILLING: _("客户经理填写销售信息，完成各项任务后提交"),
        Stage.DEPT_REVIEW: _("等待客服中心、配送中心、网建办会签"),
        Stage.DEPUTY_REVIEW: _("等待主管销售副经理审批"),
        Stage.DATA_ENTRY: _("网建办录入 EM、CRM 并核对"),
        Stage.REPORTING: _("网建办填写传递表上报订单中心"),
        Stage.ACTIVATING: _("网建办核对齐全后启用"),
        Stage.ACTIVE: _("已启用，可以订货和配送"),
        Stage.WITHDRAWN: _("已撤回"),
        Stage.TERMINATED: _("已终止"),
    }[Stage(form.stage)]
