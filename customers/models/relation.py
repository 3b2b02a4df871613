from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.choices import RelationKind
from customers.models.contact import Contact


class ContactRelationQuerySet(models.QuerySet["ContactRelation"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def of_people(self, ids: list[int]) -> Self:
        """Live relations in which any of these people stands, on either side."""
        return self.live().filter(Q(person_id__in=ids) | Q(other_id__in=ids))


class ContactRelation(Governed):
    """What one key person is to another, in the same customer or across two (B-38).

    `other` is the superior, or whoever introduced `person`; the other kinds hold both ways. A
    trigger holds that both stand in the archives of one organisation.
    """

    person = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="relations", verbose_name=_("人员")
    )
    other = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="relations_from", verbose_name=_("对方")
    )
    kind = models.CharField(_("关系"), max_length=10, choices=RelationKind)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    is_live = models.BooleanField(_("在用"), default=True)

    objects = ContactRelationQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("人员关系")
        verbose_name_plural = _("人员关系")
        constraints = [
            models.UniqueConstraint(
                Least("person", "other"),
                Greatest("person", "other"),
                "kind",
                condition=Q(is_live=True),
                name="customers_relation_once",
                violation_error_message=_("这两人之间已有同样的关系"),
            ),
            models.CheckConstraint(
                condition=~Q(person=F("other")),
                name="customers_relation_not_himself",
                violation_error_message=_("不能与本人建立关系"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.kind} {self.other}"
