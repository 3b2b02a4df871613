"""Every event that leaves its room, where it goes, and how a notice of it is worded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm
from crm.identity.choices import SourceSystem


class Topic(TextChoices):
    """Adding one means a row in ROUTES and in WORDING; tests hold the three together."""

    PERSON_CONFIRMED = "identity.person_confirmed", _("账号已确认")
    PASSWORD_RESET = "identity.password_reset", _("密码已重置")
    LOCKED_OUT = "identity.locked_out", _("账号已锁定")
    CUSTOMER_REGISTERED = "customers.registered", _("客户已登记")
    CUSTOMER_CHANGED = "customers.changed", _("客户资料已变更")
    MANAGER_CHANGED = "customers.manager_changed", _("客户经理已变更")
    CUSTOMER_ACTIVATED = "customers.activated", _("客户已生效")
    CUSTOMER_CONFLICT = "customers.conflict", _("客户归属有争议")
    STEP_WAITING = "approvals.step_waiting", _("待审批")
    STEP_OVERDUE = "approvals.step_overdue", _("审批超时")
    STEP_REROUTED = "approvals.step_rerouted", _("审批已转由上级办理")
    CASE_RETURNED = "approvals.case_returned", _("申请被退回")
    CASE_CLOSED = "approvals.case_closed", _("审批已办结")
    CASE_COPIED = "approvals.copied", _("抄送")
    LICENCE_REQUESTED = "onboarding.licence_requested", _("提请办理许可证")
    LICENCE_ISSUED = "onboarding.licence_issued", _("许可证已办结")
    NOTICE_ORAL = "onboarding.notice_oral", _("口头通知")
    NOTICE_MESSAGE = "onboarding.notice_message", _("系统消息通知")
    NOTICE_EM = "onboarding.notice_em", _("订货系统通知")
    BASE_DATA = "onboarding.base_data", _("基础资料录入订货系统")
    CRM_DATA = "onboarding.crm_data", _("客户资料录入 CRM")
    BIND_REQUESTED = "onboarding.bind_requested", _("提请绑定扣款账户")
    TRANSFER_FORM = "onboarding.transfer_form", _("信息传递表")
    ONBOARDING_ACTIVATED = "onboarding.activated", _("客户入网生效")
    ONBOARDING_RETURNED = "onboarding.returned", _("登记表被退回")
    ONBOARDING_WITHDRAWN = "onboarding.withdrawn", _("登记表已撤回")
    ONBOARDING_REFUSED = "onboarding.refused", _("登记表未予批准")
    IMPORT_WAITING = "imports.waiting", _("导入待放行")
    IMPORT_RETURNED = "imports.returned", _("导入被退回")
    IMPORT_DONE = "imports.done", _("导入已完成")
    JOB_DONE = "core.job_done", _("后台任务已完成")
    JOB_FAILED = "core.job_failed", _("后台任务失败")


class Channel(TextChoices):
    INBOX = "inbox", _("站内消息")
    WEBHOOK = "webhook", _("外部系统")


class DeliveryStatus(TextChoices):
    PENDING = "pending", _("待发送")
    LEASED = "leased", _("发送中")
    SENT = "sent", _("已发送")
    DEAD = "dead", _("已停止重试")
    SKIPPED = "skipped", _("已跳过")


UNFINISHED: Final = (DeliveryStatus.PENDING, DeliveryStatus.LEASED, DeliveryStatus.DEAD)
"""What holds its order key: nothing younger of the same customer passes it."""


class OutboxPerm(Perm):
    """Objects `jobs` and `clients` of trust 4.3 c."""

    JOBS_VIEW = "jobs.v"
    JOBS_RETRY = "jobs.x"
    ENDPOINTS_VIEW = "clients.v"
    ENDPOINTS_CREATE = "clients.c"
    ENDPOINTS_ROTATE = "clients.u"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a topic goes besides the event feed, which shows them all."""

    channels: tuple[Channel, ...]
    systems: tuple[SourceSystem, ...] = ()


_PEOPLE = Route((Channel.INBOX,))


def _to(system: SourceSystem) -> Route:
    return Route((Channel.INBOX, Channel.WEBHOOK), (system,))


ROUTES: Final[dict[Topic, Route]] = {
    Topic.PERSON_CONFIRMED: _PEOPLE,
    Topic.PASSWORD_RESET: _PEOPLE,
    Topic.LOCKED_OUT: _PEOPLE,
    Topic.CUSTOMER_REGISTERED: _PEOPLE,
    Topic.CUSTOMER_CHANGED: _PEOPLE,
    Topic.MANAGER_CHANGED: _PEOPLE,
    Topic.CUSTOMER_ACTIVATED: _PEOPLE,
    Topic.CUSTOMER_CONFLICT: _PEOPLE,
    Topic.STEP_WAITING: _PEOPLE,
    Topic.STEP_OVERDUE: _PEOPLE,
    Topic.STEP_REROUTED: _PEOPLE,
    Topic.CASE_RETURNED: _PEOPLE,
    Topic.CASE_CLOSED: _PEOPLE,
    Topic.CASE_COPIED: _PEOPLE,
    Topic.LICENCE_REQUESTED: _to(SourceSystem.ZM),
    Topic.LICENCE_ISSUED: _PEOPLE,
    Topic.NOTICE_ORAL: _PEOPLE,
    Topic.NOTICE_MESSAGE: _to(SourceSystem.CRM),
    Topic.NOTICE_EM: _to(SourceSystem.EM),
    Topic.BASE_DATA: _to(SourceSystem.EM),
    Topic.CRM_DATA: _to(SourceSystem.CRM),
    Topic.BIND_REQUESTED: _to(SourceSystem.BANK),
    Topic.TRANSFER_FORM: _to(SourceSystem.ORDER_CENTRE),
    Topic.ONBOARDING_ACTIVATED: _PEOPLE,
    Topic.ONBOARDING_RETURNED: _PEOPLE,
    Topic.ONBOARDING_WITHDRAWN: _PEOPLE,
    Topic.ONBOARDING_REFUSED: _PEOPLE,
    Topic.IMPORT_WAITING: _PEOPLE,
    Topic.IMPORT_RETURNED: _PEOPLE,
    Topic.IMPORT_DONE: _PEOPLE,
    Topic.JOB_DONE: _PEOPLE,
    Topic.JOB_FAILED: _PEOPLE,
}

WORDING: Final[dict[Topic, Promise]] = {
    Topic.PERSON_CONFIRMED: _("%(person)s 的账号已经确认，可以使用"),
    Topic.PASSWORD_RESET: _("%(person)s 的密码已由管理员重置，下次登录须改密"),
    Topic.LOCKED_OUT: _(
        "%(person)s（%(username)s）连续输错密码或验证码，已锁定 %(minutes)s 分钟，来源地址 %(ip)s"
    ),
    Topic.CUSTOMER_REGISTERED: _("客户 %(name)s 已登记，代码 %(code)s"),
    Topic.CUSTOMER_CHANGED: _("客户 %(name)s（%(code)s）的资料有变更：%(what)s"),
    Topic.MANAGER_CHANGED: _("客户 %(name)s（%(code)s）现由 %(manager)s 负责，请在一周内联系"),
    Topic.CUSTOMER_ACTIVATED: _("客户 %(name)s（%(code)s）已生效"),
    Topic.CUSTOMER_CONFLICT: _("客户 %(name)s（%(code)s）的归属有争议，请总经理裁定"),
    Topic.STEP_WAITING: _("%(title)s（%(number)s）等待您审批"),
    Topic.STEP_OVERDUE: _("%(title)s（%(number)s）已超过审批期限 %(due)s"),
    Topic.STEP_REROUTED: _(
        "%(title)s（%(number)s）的%(step)s已转由%(leader)s办理，因为该岗位只有申请人本人"
    ),
    Topic.CASE_RETURNED: _("%(title)s（%(number)s）被退回：%(reason)s"),
    Topic.CASE_CLOSED: _("%(title)s（%(number)s）已办结：%(outcome)s"),
    Topic.CASE_COPIED: _("%(title)s（%(number)s）抄送给您"),
    Topic.LICENCE_REQUESTED: _("%(name)s（%(number)s）已批准，请办理许可证"),
    Topic.LICENCE_ISSUED: _("%(name)s（%(number)s）的许可证已办结：%(licence)s"),
    Topic.NOTICE_ORAL: _("请口头通知客户服务中心：%(name)s（%(number)s）许可证已办结"),
    Topic.NOTICE_MESSAGE: _("%(name)s（%(number)s）的许可证已办结，已发系统消息"),
    Topic.NOTICE_EM: _("%(name)s（%(number)s）的许可证已办结，已通知订货系统"),
    Topic.BASE_DATA: _("%(name)s（%(number)s）的基础资料已送订货系统"),
    Topic.CRM_DATA: _("%(name)s（%(number)s）的客户资料已送 CRM"),
    Topic.BIND_REQUESTED: _("%(name)s（%(number)s）已提请银行绑定扣款账户"),
    Topic.TRANSFER_FORM: _("%(name)s（%(number)s）的信息传递表已送订单中心"),
    Topic.ONBOARDING_ACTIVATED: _("%(name)s（%(number)s）已入网生效，可以开始订货和配送"),
    Topic.ONBOARDING_RETURNED: _("%(name)s 的登记表（%(number)s）被退回：%(reason)s"),
    Topic.ONBOARDING_WITHDRAWN: _("%(name)s 的登记表（%(number)s）已撤回：%(reason)s"),
    Topic.ONBOARDING_REFUSED: _("%(name)s 的登记表（%(number)s）未予批准：%(reason)s"),
    Topic.IMPORT_WAITING: _("%(who)s 的导入 %(number)s（%(file)s，%(rows)s 行）等待您放行"),
    Topic.IMPORT_RETURNED: _("您的导入 %(number)s（%(file)s）被退回：%(reason)s"),
    Topic.IMPORT_DONE: _(
        "导入 %(number)s（%(file)s）已完成：新建 %(made)s，更新 %(changed)s，未导入 %(refused)s"
    ),
    Topic.JOB_DONE: _("%(job)s 已完成：%(result)s"),
    Topic.JOB_FAILED: _("%(job)s 失败：%(reason)s"),
}
"""Worded when read, in the reader's language (D5); names stand in `values` of the notice."""

LINKS: Final[dict[Topic, tuple[str, str]]] = {
    Topic.PERSON_CONFIRMED: ("identity:person", "person_id"),
    Topic.CUSTOMER_REGISTERED: ("customers:detail", "customer_id"),
    Topic.CUSTOMER_CHANGED: ("customers:detail", "customer_id"),
    Topic.MANAGER_CHANGED: ("customers:detail", "customer_id"),
    Topic.CUSTOMER_ACTIVATED: ("customers:detail", "customer_id"),
    Topic.CUSTOMER_CONFLICT: ("customers:detail", "customer_id"),
    Topic.STEP_WAITING: ("approvals:step", "step_id"),
    Topic.STEP_OVERDUE: ("approvals:step", "step_id"),
    Topic.STEP_REROUTED: ("approvals:case", "case_id"),
    Topic.CASE_RETURNED: ("approvals:case", "case_id"),
    Topic.CASE_CLOSED: ("approvals:case", "case_id"),
    Topic.CASE_COPIED: ("approvals:case", "case_id"),
    Topic.LICENCE_REQUESTED: ("onboarding:form", "number"),
    Topic.LICENCE_ISSUED: ("onboarding:form", "number"),
    Topic.NOTICE_ORAL: ("onboarding:form", "number"),
    Topic.NOTICE_MESSAGE: ("onboarding:form", "number"),
    Topic.NOTICE_EM: ("onboarding:form", "number"),
    Topic.BASE_DATA: ("onboarding:form", "number"),
    Topic.CRM_DATA: ("onboarding:form", "number"),
    Topic.BIND_REQUESTED: ("onboarding:form", "number"),
    Topic.TRANSFER_FORM: ("onboarding:form", "number"),
    Topic.ONBOARDING_ACTIVATED: ("onboarding:form", "number"),
    Topic.ONBOARDING_RETURNED: ("onboarding:form", "number"),
    Topic.ONBOARDING_WITHDRAWN: ("onboarding:form", "number"),
    Topic.ONBOARDING_REFUSED: ("onboarding:form", "number"),
    Topic.IMPORT_WAITING: ("imports:batch", "batch_id"),
    Topic.IMPORT_RETURNED: ("imports:batch", "batch_id"),
    Topic.IMPORT_DONE: ("imports:batch", "batch_id"),
}
"""Topic → (URL name, which of the notice's values is its argument)."""

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")


def names_in(text: object) -> set[str]:
    """The placeholders of a wording."""
    return set(_PLACEHOLDER.findall(str(text)))


def topics_for(system: SourceSystem) -> list[Topic]:
    """What that outside system is told."""
    return [topic for topic, route in ROUTES.items() if system in route.systems]


def missing_values(topic: Topic, values: Mapping[str, object]) -> set[str]:
    """Names the wording of `topic` needs and `values` does not have."""
    return names_in(WORDING[topic]) - values.keys()
