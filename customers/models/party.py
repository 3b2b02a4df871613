from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.domains import PartyKind
from customers.models.customer import Customer


class Party(Governed):
    """参与人: the one person or organisation behind several customer records (B-11).

    The records stay what they are, each with its own code; a party only reads them as one.
    """

    organisation = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("单位")
    )
    kind = models.CharField(
        _("参与人性质"), max_length=8, choices=PartyKind, default=PartyKind.PERSON
    )
    name = models.CharField(_("参与人名称"), max_length=120)
    remark = models.CharField(_("备注"), max_length=300, blank=True)

    history = history_of()

    class Meta:
        verbose_name = _("参与人")
        verbose_name_plural = _("参与人")
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="customers_party_has_name",
                violation_error_message=_("参与人名称不能为空"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class PartyLinkQuerySet(models.QuerySet["PartyLink"]):
    def live(self) -> Self:
        return self.filter(is_live=True)


class PartyLink(Governed):
    """A customer record belongs to a party, to one at a time (B-11).

    A trigger holds that both are of one organisation.
    """

    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="links", verbose_name=_("参与人")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="party_links", verbose_name=_("客户")
    )
    is_live = models.BooleanField(_("在用"), default=True)

    objects = PartyLinkQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("参与人归属")
        verbose_name_plural = _("参与人归属")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_live=True),
                name="customers_partylink_one_party",
                violation_error_message=_("该客户已归入一个参与人"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.customer}"
