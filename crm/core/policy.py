"""The right a route needs, as data on the view (D9).

`Perm` is "object.action" with the objects and one-letter actions of trust 4.2 and 4.3.
`crm/policy.py` walks the URLconf and makes the whole table of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from django.utils.translation import gettext_lazy as _

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Perm(StrEnum):
    """Base of every room's permissions: the value is `object.action`."""

    @property
    def object(self) -> str:
        return self.value.partition(".")[0]

    @property
    def action(self) -> str:
        return self.value.partition(".")[2]


ACTIONS: Final = {
    "v": _("查看"),
    "c": _("新建"),
    "p": _("申请"),
    "u": _("修改"),
    "a": _("审批"),
    "x": _("执行"),
    "d": _("作废"),
    "e": _("导出"),
    "E": _("超限导出"),
    "i": _("导入"),
    "f": _("附件"),
    "m": _("显示敏感信息"),
    "h": _("变更历史"),
}


class Door(StrEnum):
    """Who passes where no right on an object is asked."""

    ANYONE = "anyone"
    """Log-in page, liveness: no account needed."""
    SIGNED_IN = "signed_in"
    """Any active, confirmed person: his own pages."""
    BY_GATE = "by_gate"
    """The gate alone decides, such as a sign page."""
    NETWORK = "network"
    """Only from the listed networks: metrics."""
    ADMIN = "admin"
    """The three administrator duties, behind the second factor."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one method of one route asks for.

    `step_up` asks for the password or second factor again when it was given over five minutes ago.
    """

    perm: Perm | Door
    step_up: bool = False

    @property
    def object(self) -> str:
        return self.perm.object if isinstance(self.perm, Perm) else ""

    @property
    def action(self) -> str:
        return self.perm.action if isinstance(self.perm, Perm) else str(self.perm)


Rules = Mapping[str, Rule]


def both(rule: Rule) -> Rules:
    """The same rule for showing a form and for sending it."""
    return {"GET": rule, "POST": rule}


def reads(rule: Rule) -> Rules:
    """A page that is only looked at."""
    return {"GET": rule}


def writes(rule: Rule) -> Rules:
    """A button: no page of its own."""
    return {"POST": rule}
