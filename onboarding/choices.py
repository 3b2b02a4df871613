"""Words of flow A: stages, tasks, notice routes (domain 5.1, T-36, T-38 to T-41)."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class Stage(models.TextChoices):
    """Where a registration form stands (state machine 5.1)."""

    DRAFT = "draft", _("草稿")
    SQUAD_REVIEW = "squad_review", _("中队长审批")
    MONOPOLY_REVIEW = "monopoly_review", _("专卖负责人审批")
    LICENSING = "licensing", _("专卖办证中")
    LICENSED = "licensed", _("许可证已办妥")
    SALES_FILLING = "sales_filling", _("填写销售信息")
    DEPT_REVIEW = "dept_review", _("部门会签")
    DEPUTY_REVIEW = "deputy_review", _("副经理审批")
    DATA_ENTRY = "data_entry", _("录入维护")
    REPORTING = "reporting", _("上报订单中心")
    ACTIVATING = "activating", _("待启用")
    ACTIVE = "active", _("已启用")
    WITHDRAWN = "withdrawn", _("已撤回")
    TERMINATED = "terminated", _("已终止")


ENDED: Final = (Stage.ACTIVE, Stage.WITHDRAWN, Stage.TERMINATED)
LICENCE_REVIEW: Final = (Stage.SQUAD_REVIEW, Stage.MONOPOLY_REVIEW)
SALES_REVIEW: Final = (Stage.DEPT_REVIEW, Stage.DEPUTY_REVIEW)
WITHDRAWABLE: Final = (
    Stage.DRAFT,
    *LICENCE_REVIEW,
    Stage.LICENSING,
    Stage.LICENSED,
    Stage.SALES_FILLING,
    *SALES_REVIEW,
)
AFTER_LICENCE: Final = (
    Stage.SALES_FILLING,
    *SALES_REVIEW,
    Stage.DATA_ENTRY,
    Stage.REPORTING,
    Stage.ACTIVATING,
    Stage.ACTIVE,
)

PROGRESS: Final = (
    Stage.DRAFT,
    Stage.SQUAD_REVIEW,
    Stage.MONOPOLY_REVIEW,
    Stage.LICENSING,
    Stage.LICENSED,
    Stage.SALES_FILLING,
    Stage.DEPT_REVIEW,
    Stage.DEPUTY_REVIEW,
    Stage.DATA_ENTRY,
    Stage.REPORTING,
    Stage.ACTIVATING,
    Stage.ACTIVE,
)

SLA_DAYS: Final[dict[Stage, int]] = {
    Stage.LICENSED: 2,
    Stage.SALES_FILLING: 3,
    Stage.DATA_ENTRY: 1,
    Stage.ACTIVATING: 3,
}
"""Working days a stage may take (T-73, T-76)."""
SLA_OVERALL: Final = 7


class Task(models.TextChoices):
    """What must be ticked before the sales block is submitted (T-38 to T-42)."""

    SURVEY = "survey", _("客户调查")
    DELIVERY = "delivery", _("与配送中心确认配送信息")
    WITHHOLDING = "withholding", _("与网建办确认扣划信息并完成绑定")
    MONOPOLY_CHECK = "monopoly_check", _("核对专卖信息")


class NoticeRoute(models.TextChoices):
    """How the service centre hears of a licence (T-36)."""

    ORAL = "A", _("口头通知并移交登记表")
    MESSAGE = "B", _("专管员通过 ZM、CRM 书面通知客户经理")
    PROMPT = "C", _("ZM 在 EM 中自动提示")


class LicenceSource(models.TextChoices):
    ZM = "zm", _("专卖系统接口")
    HAND = "hand", _("办证部门录入")


class InboundKind(models.TextChoices):
    """What outside systems report to us (domain 6.3)."""

    LICENCE = "licence", _("办证结果")
    BINDING = "binding", _("扣划绑定结果")
    ECHO = "echo", _("基础信息回执")
    RECEIPT = "receipt", _("订单中心回执")


class OnboardingPerm(Perm):
    """Rows "registration form", "licence part" and "sales part" of trust 4.3."""

    VIEW = "registration.v"
    CREATE = "registration.c"
    PROPOSE = "registration.p"
    LICENCE_VIEW = "licence_part.v"
    LICENCE_CREATE = "licence_part.c"
    LICENCE_PROPOSE = "licence_part.p"
    LICENCE_APPROVE = "licence_part.a"
    LICENCE_EXECUTE = "licence_part.x"
    SALES_VIEW = "sales_part.v"
    SALES_APPROVE = "sales_part.a"
    WORK_VIEW = "work_order.v"
    WORK_EXECUTE = "work_order.x"
    NOTICE_CREATE = "notice.c"
    NOTICE_VIEW = "notice.v"
    BINDING_EXECUTE = "bank_binding.x"
    BINDING_VIEW = "bank_binding.v"
    # what an outside system may report, by the scopes of its token
    REPORT_LICENCE = "inbound_licence.x"
    REPORT_BINDING = "inbound_binding.x"
    REPORT_ECHO = "inbound_echo.x"
    REPORT_RECEIPT = "inbound_receipt.x"
    EVENTS = "events.v"
    CASES = "cases.v"
    CASES_DECIDE = "cases.a"
