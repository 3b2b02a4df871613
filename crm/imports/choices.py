"""Fixed words of the room and its right."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class ImportPerm(Perm):
    """The row "Import job" of trust 4.3; the field set of a cell says what may be imported."""

    CREATE = "import.c"


class BatchStatus(models.TextChoices):
    """Where an import stands."""

    UPLOADED = "uploaded", _("待对应")
    CHECKING = "checking", _("检查中")
    CHECKED = "checked", _("已检查")
    SUBMITTED = "submitted", _("待放行")
    RUNNING = "running", _("导入中")
    DONE = "done", _("已完成")
    CANCELLED = "cancelled", _("已取消")
    FAILED = "failed", _("失败")
    UNDONE = "undone", _("已撤销")


OPEN = (BatchStatus.UPLOADED, BatchStatus.CHECKED)
"""In these the uploader may still change everything."""

BUSY = (BatchStatus.CHECKING, BatchStatus.RUNNING)
"""In these a worker has it."""

ENDED = (BatchStatus.DONE, BatchStatus.CANCELLED, BatchStatus.FAILED)


class RowState(models.TextChoices):
    """What became of one row."""

    READY = "ready", _("可导入")
    WRONG = "wrong", _("有误")
    MADE = "made", _("新建")
    CHANGED = "changed", _("更新")
    SAME = "same", _("无变化")
    REFUSED = "refused", _("未导入")
    UNDONE = "undone", _("已撤销")
