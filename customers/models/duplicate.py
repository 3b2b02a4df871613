from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.domains import DuplicateReason
from customers.models.customer import Customer


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    def for_list(self) -> Self:
        """With both archives and who answers for them."""
        return self.select_related("first__manager", "second__manager")


class DuplicatePair(models.Model):
    """Two customers of one organisation whose names are nearly the same, by the last run (B-14).

    `first` is the older archive; `score` is of a hundred. Every run writes the table anew, so
    nothing else points here, and its keys are not checked row by row: customers never go.
    """

    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("单位"),
    )
    first = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("先建档案"),
    )
    second = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("后建档案"),
    )
    score = models.PositiveSmallIntegerField(_("相似度"))
    reason = models.CharField(_("相似之处"), max_length=6, choices=DuplicateReason)
    found_at = models.DateTimeField(_("查出时间"), default=timezone.now)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = _("疑似重复")
        verbose_name_plural = _("疑似重复")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="customers_duplicate_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="customers_duplicate_older_first"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-score", "id"], name="customers_duplicate_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}: {self.score}"


class DistinctPair(Governed):
    """Somebody looked at two archives and said that they are not the same; runs respect it."""

    first = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("先建档案")
    )
    second = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("后建档案")
    )
    reason = models.CharField(_("理由"), max_length=300)

    history = history_of()

    class Meta:
        verbose_name = _("确认不重复")
        verbose_name_plural = _("确认不重复")
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                name="customers_distinct_once",
                violation_error_message=_("这两个档案已确认不是同一客户"),
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")),
                name="customers_distinct_older_first",
                violation_error_message=_("先建档案应排在前面"),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="customers_distinct_has_reason",
                violation_error_message=_("请填写理由"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
