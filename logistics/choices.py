"""Fixed words of the room: kinds of firm, weekdays, rights."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class FirmKind(models.TextChoices):
    HEAD = "head", _("总部")
    BRANCH = "branch", _("分支")


class Weekday(models.TextChoices):
    """ISO weekdays; a route keeps the digits of its days in order, such as "135"."""

    MONDAY = "1", _("周一")
    TUESDAY = "2", _("周二")
    WEDNESDAY = "3", _("周三")
    THURSDAY = "4", _("周四")
    FRIDAY = "5", _("周五")
    SATURDAY = "6", _("周六")
    SUNDAY = "7", _("周日")


class LogisticsPerm(Perm):
    """The row "logistics firms/branches" of trust 4.3; delivery routes go by the same right."""

    VIEW = "logistics.v"
    CREATE = "logistics.c"
    UPDATE = "logistics.u"
    DELETE = "logistics.d"
