from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """One accepted POST of one caller, inserted before its effect in the same transaction (D10).

    `reference` names what was made (a code or number): the answer is built from it anew when the
    call is repeated, so no personal value lies here.
    """

    caller_id = models.BigIntegerField(_("调用方"))
    key = models.CharField(_("幂等键"), max_length=255)
    body_hash = models.CharField(max_length=64)
    reference = models.CharField(_("结果"), max_length=80, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("幂等键")
        verbose_name_plural = _("幂等键")
        constraints = [
            models.UniqueConstraint(fields=["caller_id", "key"], name="core_idempotency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.caller_id}:{self.key}"
