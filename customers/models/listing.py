from datetime import date
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed
from customers.domains import CheckChannel, ListColour, ListObject
from customers.models.customer import Customer
from customers.models.service import BillingAccount, Subscription


class IdRange(Func):
    """A key as a range of one: without contrib, exclusion constraints know ranges only (D1)."""

    function = "INT8RANGE"


class Days(Func):
    """Two days as a closed range; without the second it has no end."""

    function = "DATERANGE"


def _never_twice(name: str, column: str, condition: Q) -> ExclusionConstraint:
    """One object stands on a list of one colour once at a time."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            (IdRange(F(column), F(column), Value("[]")), "&&"),
            (IdRange(F("colour"), F("colour"), Value("[]")), "&&"),
            (Days(F("starts_on"), F("ends_on"), Value("[]")), "&&"),
        ],
        condition=condition & Q(is_void=False),
        violation_error_message=_("同一对象在同一名单上的有效期不能重叠"),
    )


class ListEntryQuerySet(models.QuerySet["ListEntry"]):
    def in_force(self, day: date) -> Self:
        """Entries that count on a day."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day, is_void=False
        )


class ListEntry(Governed):
    """An entry of the red or the black list (B-22): of a customer, an account or a user.

    `customer` is always whose it is; an ended entry stays, one made by mistake is void.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="list_entries", verbose_name=_("客户")
    )
    object_type = models.CharField(
        _("对象类型"), max_length=8, choices=ListObject, default=ListObject.CUSTOMER
    )
    account = models.ForeignKey(
        BillingAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="list_entries",
        verbose_name=_("帐户"),
    )
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="list_entries",
        verbose_name=_("用户"),
    )
    colour = models.PositiveSmallIntegerField(_("名单"), choices=ListColour)
    subtype = models.CharField(_("子类"), max_length=40)
    reason = models.CharField(_("原因"), max_length=300)
    channel = models.CharField(
        _("产生渠道"), max_length=8, choices=CheckChannel, default=CheckChannel.COUNTER
    )
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("发起部门"),
    )
    starts_on = models.DateField(_("生效日期"))
    ends_on = models.DateField(_("失效日期"), null=True, blank=True)
    is_void = models.BooleanField(_("已作废"), default=False)

    objects = ListEntryQuerySet.as_manager()
    history = history_of()

    class Meta:
        verbose_name = _("红黑名单")
        verbose_name_plural = _("红黑名单")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    object_type=ListObject.CUSTOMER,
                    account__isnull=True,
                    subscription__isnull=True,
                )
                | Q(
                    object_type=ListObject.ACCOUNT,
                    account__isnull=False,
                    subscription__isnull=True,
                )
                | Q(object_type=ListObject.USER, account__isnull=True, subscription__isnull=False),
                name="customers_listentry_names_its_object",
                violation_error_message=_("请选择与对象类型相符的对象"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="customers_listentry_days_in_order",
                violation_error_message=_("失效日期不能早于生效日期"),
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(subtype=""),
                name="customers_listentry_has_reason",
                violation_error_message=_("请填写子类和原因"),
            ),
            _never_twice(
                "customers_listentry_customer_once",
                "customer",
                Q(object_type=ListObject.CUSTOMER),
            ),
            _never_twice(
                "customers_listentry_account_once", "account", Q(object_type=ListObject.ACCOUNT)
            ),
            _never_twice(
                "customers_listentry_user_once", "subscription", Q(object_type=ListObject.USER)
            ),
        ]
        indexes = [
            models.Index(
                fields=["colour", "customer"],
                condition=Q(is_void=False),
                name="customers_listentry_marks",
            ),
            models.Index(fields=["customer"], name="customers_listentry_of"),
        ]

    def __str__(self) -> str:
        return f"{self.get_colour_display()} {self.customer}"
