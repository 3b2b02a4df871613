from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import SourceSystem
from customers.choices import AliasKind
from customers.models.customer import Customer


class CustomerAlias(models.Model):
    """The code of the same customer in another system, or one it had before a merge (B-34)."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="aliases", verbose_name=_("客户")
    )
    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    system = models.CharField(_("系统"), max_length=20, choices=SourceSystem)
    kind = models.CharField(
        _("代码类别"), max_length=10, choices=AliasKind, default=AliasKind.CUSTOMER
    )
    code = models.CharField(_("代码"), max_length=60, db_collation="C")

    class Meta:
        verbose_name = _("外部代码")
        verbose_name_plural = _("外部代码")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "system", "kind", "code"],
                name="customers_alias_code_once",
                violation_error_message=_("该外部代码已属于另一客户"),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "code"], name="customers_alias_code")]

    def __str__(self) -> str:
        return f"{self.get_system_display()} {self.code}"
