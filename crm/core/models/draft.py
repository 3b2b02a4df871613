from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.models.governed import Sealable
from crm.core.sealed import SealedTextField


class Draft(Sealable):
    """What a person has typed and not sent: kept on the server, sealed whole (UX-24, SEC-35).

    One row a person, form and subject; `content` is sealed JSON of the form's fields.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    form = models.CharField(_("表单"), max_length=60)
    subject = models.CharField(_("对象"), max_length=60, blank=True)
    content = SealedTextField()
    saved_at = models.DateTimeField(_("保存时间"))

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "form", "subject"], name="core_draft_one_a_form"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.subject}"
