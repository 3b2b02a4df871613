"""What every row under history has in common."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class Governed(models.Model):
    """A row that only `save_as` writes (rule 11).

    `version` counts every accepted write (D10); `field_marks` says of each field when, by whom
    and on which form it was last set: {field: {"at": iso, "by": user pk, "form": number}}.
    """

    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    field_marks = models.JSONField(default=dict, editable=False, encoder=DjangoJSONEncoder)

    class Meta:
        abstract = True


class Sealable(models.Model):
    """A row with sealed fields: `seal_id` binds a ciphertext to its row and its history (D6)."""

    seal_id = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True
