from django.db import models
from django.utils.translation import gettext_lazy as _


class GramShare(models.Model):
    """How common one search token is: so many in a million customers (speed.md 1).

    An estimate from a sample, renewed every night. Search chooses its way by it and is exact
    whatever stands here. Tokens rarer than one in ten thousand are left out.
    """

    token = models.IntegerField(_("记号"), primary_key=True)
    per_million = models.PositiveIntegerField(_("每百万户"))

    class Meta:
        verbose_name = _("检索记号频率")
        verbose_name_plural = _("检索记号频率")

    def __str__(self) -> str:
        return f"{self.token}: {self.per_million}"


class ScopeSize(models.Model):
    """About how many customers have one value in a column that rights go by.

    `column` is `organisation_id`, `department_id` or `area_id`; empty stands for all customers
    there are.
    """

    column = models.CharField(_("列"), max_length=20, blank=True)
    value = models.BigIntegerField(_("值"))
    size = models.BigIntegerField(_("户数"))

    class Meta:
        verbose_name = _("范围规模")
        verbose_name_plural = _("范围规模")
        constraints = [
            models.UniqueConstraint(
                fields=["column", "value"],
                name="customers_scopesize_once",
                violation_error_message=_("该范围已有规模"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} {self.value}: {self.size}"
