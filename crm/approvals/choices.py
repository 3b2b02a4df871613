"""The engine's fixed words, and the owner's pages by URL name: never whom to call (rule 9)."""

from enum import Enum, auto
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class CaseKind(TextChoices):
    """What is being approved, and so on whose page it is signed."""

    LICENCE = "licence", _("专卖审批")
    SALES = "sales", _("入网审批")


SIGN_PAGES: Final[dict[CaseKind, str]] = {
    CaseKind.LICENCE: "onboarding:sign",
    CaseKind.SALES: "onboarding:sign",
}
"""Where a step is signed; the argument is the step's key."""

WITHDRAW_PAGES: Final[dict[CaseKind, str]] = {
    CaseKind.LICENCE: "onboarding:withdraw",
    CaseKind.SALES: "onboarding:withdraw",
}
"""Where the applicant withdraws; the argument is the case's subject key."""

FORM_PAGES: Final[dict[CaseKind, str]] = {
    CaseKind.LICENCE: "onboarding:form",
    CaseKind.SALES: "onboarding:form",
}
"""The form behind a case; the argument is the case's subject key."""


class CaseStatus(TextChoices):
    OPEN = "open", _("审批中")
    RETURNED = "returned", _("已退回")
    APPROVED = "approved", _("已通过")
    REFUSED = "refused", _("不予批准")
    WITHDRAWN = "withdrawn", _("已撤回")


ALIVE: Final = (CaseStatus.OPEN, CaseStatus.RETURNED)
"""A returned case waits for its filler; it has not ended."""


class StepStatus(TextChoices):
    AHEAD = "ahead", _("未到")
    WAITING = "waiting", _("待审批")
    APPROVED = "approved", _("已同意")
    RETURNED = "returned", _("已退回")
    REFUSED = "refused", _("不予批准")
    VOID = "void", _("已作废")


class Verdict(TextChoices):
    APPROVE = "approve", _("同意")
    RETURN = "return", _("退回")
    REFUSE = "refuse", _("不予批准")


class Outcome(Enum):
    """What one act did to the whole case. The caller acts on it; the engine calls nobody.

    REPEATED is the second press of the same button by the same person: the answer stands already
    and the caller does nothing (B127).
    """

    PENDING = auto()
    APPROVED = auto()
    RETURNED = auto()
    REFUSED = auto()
    WITHDRAWN = auto()
    REPEATED = auto()


class DataClass(TextChoices):
    """How far a value may be shown (trust 2.6)."""

    SENSITIVE = "S", _("敏感")
    PERSONAL = "P", _("个人")
    BUSINESS = "B", _("商业秘密")
    INTERNAL = "I", _("内部")


class ApprovalPerm(Perm):
    """The row "approval task" of trust 4.3; which steps and cases, the gates say."""

    VIEW = "task.v"
    DECIDE = "task.a"
