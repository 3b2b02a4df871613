from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AccessKind(models.TextChoices):
    VIEW = "view", _("查看")
    REVEAL = "reveal", _("显示敏感信息")
    EXPORT = "export", _("导出")
    PRINT = "print", _("打印")
    DOWNLOAD = "download", _("下载")
    SEARCH = "search", _("查重")
    DENIED = "denied", _("拒绝")


class AccessLog(models.Model):
    """Who looked at, exported or printed what (R-2, B-29, B-151).

    Append-only by trigger. Ids without foreign keys: the log outlives what it speaks of and may
    be partitioned by month one day (speed 9).
    """

    at = models.DateTimeField(_("时间"), default=timezone.now, db_index=True)
    user_id = models.BigIntegerField(_("用户"), null=True)
    username = models.CharField(_("用户名"), max_length=150, blank=True)
    kind = models.CharField(_("操作"), max_length=10, choices=AccessKind)
    object_type = models.CharField(_("对象"), max_length=60)
    object_key = models.CharField(_("对象标识"), max_length=80, blank=True)
    customer_id = models.BigIntegerField(_("客户"), null=True)
    fields = models.JSONField(_("字段"), default=list)
    reason = models.CharField(_("事由"), max_length=300, blank=True)
    ip = models.GenericIPAddressField(_("来源地址"), null=True)
    request_id = models.CharField(_("请求编号"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("访问日志")
        verbose_name_plural = _("访问日志")
        indexes = [
            models.Index(fields=["customer_id", "-at"], name="core_access_log_customer"),
            models.Index(fields=["user_id", "-at"], name="core_access_log_user"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.username} {self.kind} {self.object_type} {self.object_key}"
