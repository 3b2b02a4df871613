"""What the page of one registration form shows, asked once: blocks, acts and why not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals.access import cases_for
from crm.approvals.selectors.cases import CasePage, case_page
from crm.core.masking import mask_person, mask_phone
from crm.identity.access import duties_of, may, rights_of
from crm.identity.choices import Duty, Scope, SourceSystem
from crm.identity.models import User
from customers.choices import BindingStatus
from customers.models import BankBinding
from customers.selectors.bank import binding_of_form
from customers.selectors.lights import lights_of
from onboarding.choices import AFTER_LICENCE, WITHDRAWABLE, OnboardingPerm, Stage, Task
from onboarding.formulas import WITHHOLDING
from onboarding.models import NoticeRecord, RegistrationForm, RegistrationFormQuerySet
from onboarding.selectors.sheet import (
    LICENCE_FIELDS,
    MONOPOLY_FIELDS,
    SALES_FIELDS,
    ProgressStep,
    ProofLine,
    label_of,
    live_ticks,
    next_act,
    notices_of,
    progress_of,
    proof_table,
    tasks_wanted,
    text_of,
)

PERSONAL: Final = frozenset({"P"})
_OWNERS: Final = frozenset({Duty.AM, Duty.LO, Duty.LIC, Duty.CSC, Duty.NET})
"""Duties that work with the person and so read his name and number in clear."""


def clear_classes(user: User, form: RegistrationForm) -> frozenset[str]:
    """Which data classes this reader sees unmasked on this form (trust 2.6)."""
    mine = user.pk in (form.manager_id, form.started_by_id)
    return PERSONAL if mine or duties_of(user) & _OWNERS else frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """One label and value of a block."""

    label: str
    value: str
    data_class: str = ""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One of the four tasks on the page."""

    task: str
    label: str
    done: bool
    by: str
    at: Any
    url: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something this person may do now; `post` acts at once, else it is a page."""

    label: str
    url: str
    post: bool = False
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class FormPage:
    """The whole page of a form for one reader."""

    form: RegistrationForm
    next_act: str
    progress: list[ProgressStep]
    monopoly: list[Fact]
    sales: list[Fact]
    tasks: list[TaskLine]
    notices: list[NoticeRecord]
    proofs: list[tuple[str, list[ProofLine]]]
    cases: list[CasePage]
    binding: BankBinding | None
    lights: list[Any]
    acts: list[Act]


def form_page(user: User, form: RegistrationForm) -> FormPage:
    """Everything the page says about `form`, masked for `user`."""
    clear = clear_classes(user, form)
    after = form.stage in AFTER_LICENCE
    binding = binding_of_form(form.number) if after else None
    ids = [pk for pk in (form.licence_case_id, form.sales_case_id) if pk]
    readable = cases_for(user).filter(pk__in=ids).select_related("route", "organisation")
    return FormPage(
        form=form,
        next_act=next_act(form),
        progress=progress_of(form),
        monopoly=_facts(form, (*MONOPOLY_FIELDS, *LICENCE_FIELDS), clear),
        sales=_facts(form, SALES_FIELDS, clear) if after else [],
        tasks=_tasks(user, form) if after else [],
        notices=list(notices_of(form)),
        proofs=_proofs(form) if after else [],
        cases=[case_page(user, case, clear=clear) for case in readable],
        binding=binding,
        lights=lights_of(form.customer) if form.customer else [],
        acts=acts_of(user, form, binding),
    )


def acts_of(user: User, form: RegistrationForm, binding: BankBinding | None) -> list[Act]:
    """What the person may do at this stage; services ask again under the lock."""
    acts = [Act(*act) for act in _acts_here(user, form, binding)]
    if form.started_by_id == user.pk and form.stage in WITHDRAWABLE:
        acts.append(Act(_("撤回"), reverse("onboarding:withdraw", args=[form.number])))
    return acts


Row = tuple[Any, ...]
"""Label, URL name and, when they differ from Act's, `post` and `tone`."""


def _acts_here(user: User, form: RegistrationForm, binding: BankBinding | None) -> list[Row]:
    if form.stage == Stage.SALES_FILLING:
        rows = _sales_acts(user, form, binding)
    else:
        rows = [row for test, row in ACTS.get(Stage(form.stage), ()) if test(user, form)]
    return [
        (label, reverse(f"onboarding:{name}", args=[form.number]), *rest)
        for label, name, *rest in rows
    ]


def _sales_acts(user: User, form: RegistrationForm, binding: BankBinding | None) -> list[Row]:
    duties = duties_of(user)
    if form.manager_id == user.pk:
        return [(_("填写销售信息"), "sales", False, "primary"), (_("提交会签"), "submit", True)]
    if Duty.DC in duties:
        return [(_("填写配送信息"), "delivery", False, "primary")]
    if Duty.NET in duties and form.settlement_mode == WITHHOLDING:
        return _binding_acts(user, binding)
    return []


def _binding_acts(user: User, binding: BankBinding | None) -> list[Row]:
    if binding is None or binding.status == BindingStatus.FAILED:
        return [(_("绑定扣款账户"), "binding", False, "primary")]
    if binding.status == BindingStatus.PENDING and binding.bound_by_id != user.pk:
        return [(_("复核扣款账户"), "confirm-account", True, "primary")]
    return []


def _fills_licence(user: User, form: RegistrationForm) -> bool:
    return form.started_by_id == user.pk or any(
        cell.scope == Scope.AREA for cell in rights_of(user, OnboardingPerm.LICENCE_CREATE)
    )


def _licenses(user: User, _form: RegistrationForm) -> bool:
    return may(user, OnboardingPerm.LICENCE_EXECUTE)


def _announces(user: User, _form: RegistrationForm) -> bool:
    return may(user, OnboardingPerm.NOTICE_CREATE)


def _lacks_manager(user: User, form: RegistrationForm) -> bool:
    return form.manager_id is None and _announces(user, form)


def _works(user: User, _form: RegistrationForm) -> bool:
    return may(user, OnboardingPerm.WORK_EXECUTE)


ACTS: Final[dict[Stage, tuple[tuple[Callable[[User, RegistrationForm], bool], Row], ...]]] = {
    Stage.DRAFT: (
        (_fills_licence, (gettext_lazy("修改专卖信息"), "monopoly")),
        (_fills_licence, (gettext_lazy("提交审批"), "submit", True, "primary")),
    ),
    Stage.LICENSING: (
        (_licenses, (gettext_lazy("录入许可证"), "licence", False, "primary")),
        (_licenses, (gettext_lazy("不予办证"), "refuse-licence")),
    ),
    Stage.LICENSED: (
        (_lacks_manager, (gettext_lazy("确定客户经理"), "manager", False, "primary")),
        (_announces, (gettext_lazy("通知客户服务中心"), "notice", False, "primary")),
    ),
    Stage.DATA_ENTRY: (
        (_works, (gettext_lazy("录入并发送 EM、CRM"), "enter", True)),
        (_works, (gettext_lazy("核对一致，完成录入"), "finish-entry", True, "primary")),
    ),
    Stage.REPORTING: ((_works, (gettext_lazy("填写传递表并上报"), "transfer", True, "primary")),),
    Stage.ACTIVATING: ((_works, (gettext_lazy("启用"), "activate", True, "primary")),),
}
"""Stage → who may do what on the page; services ask again under the lock."""


def _facts(form: RegistrationForm, names: tuple[str, ...], clear: frozenset[str]) -> list[Fact]:
    masks = {"phone": mask_phone, "legal_representative": mask_person}
    facts = []
    for name in names:
        value = text_of(form, name)
        if name in masks and "P" not in clear:
            value = masks[name](value)
        facts.append(Fact(label_of(name), value, "S" if name == "identity_no" else ""))
    return facts


def _tasks(user: User, form: RegistrationForm) -> list[TaskLine]:
    ticked = live_ticks(form)
    open_now = form.stage == Stage.SALES_FILLING and form.manager_id == user.pk
    lines = []
    for task in tasks_wanted(form):
        tick = ticked.get(task)
        url = ""
        if open_now and tick is None and task != Task.WITHHOLDING:
            url = reverse("onboarding:tick", args=[form.number, task])
        lines.append(
            TaskLine(
                task=task,
                label=str(task.label),
                done=tick is not None,
                by=str(tick.done_by) if tick else "",
                at=tick.done_at if tick else None,
                url=url,
            )
        )
    return lines


def _proofs(form: RegistrationForm) -> list[tuple[str, list[ProofLine]]]:
    if form.stage not in (Stage.DATA_ENTRY, Stage.REPORTING, Stage.ACTIVATING, Stage.ACTIVE):
        return []
    return [
        (str(system.label), proof_table(form, system))
        for system in (SourceSystem.EM, SourceSystem.CRM)
    ]


def stage_counts(rows: RegistrationFormQuerySet) -> list[tuple[str, str, int]]:
    """(stage, label, number) of the forms in sight, in the order of the flow."""
    found = dict(rows.order_by().values_list("stage").annotate(number=Count("pk")))
    return [
        (stage.value, str(stage.label), found[stage.value]) for stage in Stage if stage in found
    ]
