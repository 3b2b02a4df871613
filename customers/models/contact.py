from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Right
from django.utils.translation import gettext_lazy as _

from crm.core.history import history_of
from crm.core.models import Governed, Sealable
from crm.core.sealed import SealedTextField
from crm.identity.choices import Sex
from customers.choices import ContactRole, Influence, KeyType
from customers.models.customer import Customer
from customers.models.phones import EXTENSION, all_digits, main_number


class ContactQuerySet(models.QuerySet["Contact"]):
    def live(self) -> Self:
        return self.filter(is_live=True)

    def key_persons(self) -> Self:
        return self.live().filter(role=ContactRole.KEY)

    def in_order(self) -> Self:
        """The primary contact first, then the weightier key persons."""
        return self.order_by("-is_live", "-is_primary", "-influence", "pk")


class Contact(Governed, Sealable):
    """A person of the customer: primary contact, related person or key person (R-26, R-34).

    Never deleted: one who leaves is no longer live. `login_code` comes from the web
    authorisation alone and is never typed (R-28, R-36).
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("客户")
    )
    name = models.CharField(_("姓名"), max_length=60)
    role = models.CharField(
        _("人员类别"), max_length=8, choices=ContactRole, default=ContactRole.RELATED
    )
    key_type = models.CharField(_("关键人类型"), max_length=10, choices=KeyType, blank=True)
    is_primary = models.BooleanField(_("客户联系人"), default=False)
    unit = models.CharField(_("所在部门"), max_length=80, blank=True)
    position = models.CharField(_("职务"), max_length=60, blank=True)
    sex = models.CharField(_("性别"), max_length=1, choices=Sex, blank=True)
    age = models.PositiveSmallIntegerField(_("年龄"), null=True, blank=True)
    office_phone = models.CharField(_("办公电话"), max_length=30, blank=True)
    mobile = models.CharField(_("移动电话"), max_length=20, blank=True)
    fax = models.CharField(_("传真"), max_length=30, blank=True)
    email = models.EmailField(_("电子邮箱"), max_length=120, blank=True)
    hobby = models.CharField(_("爱好"), max_length=300, blank=True)
    influence = models.PositiveSmallIntegerField(
        _("影响力"), choices=Influence, default=Influence.UNKNOWN
    )
    remark = models.CharField(_("备注"), max_length=1000, blank=True)
    identity_no = SealedTextField(_("身份证号"), blank=True)
    identity_no_last4 = models.CharField(max_length=4, blank=True, editable=False)
    identity_no_index = models.CharField(max_length=64, blank=True, editable=False)
    login_code = models.CharField(_("登录代码"), max_length=8, blank=True, editable=False)
    is_live = models.BooleanField(_("在用"), default=True)

    objects = ContactQuerySet.as_manager()
    history = history_of(exclude=["identity_no_index"])

    class Meta:
        verbose_name = _("联系人")
        verbose_name_plural = _("联系人")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_primary=True, is_live=True),
                name="customers_contact_one_primary",
                violation_error_message=_("该客户已有一位客户联系人"),
            ),
            models.CheckConstraint(
                condition=Q(key_type="") | Q(role=ContactRole.KEY),
                name="customers_contact_key_type_of_key_person",
                violation_error_message=_("只有关键人才有关键人类型"),
            ),
            models.CheckConstraint(
                condition=Q(age__isnull=True) | Q(age__lt=150),
                name="customers_contact_age_is_human",
                violation_error_message=_("年龄应为 0 至 149 的整数"),
            ),
            models.CheckConstraint(
                condition=Q(is_primary=False) | Q(is_live=True),
                name="customers_contact_primary_is_live",
                violation_error_message=_("停用的联系人不能是客户联系人"),
            ),
            models.UniqueConstraint(
                Lower("login_code"),
                condition=~Q(login_code=""),
                name="customers_contact_login_code_once",
                violation_error_message=_("该登录代码已被使用"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["mobile"], condition=~Q(mobile=""), name="customers_contact_mobile"
            ),
            models.Index(
                Right("mobile", 4), condition=~Q(mobile=""), name="customers_contact_mobile_tail"
            ),
            models.Index(
                Right(main_number("office_phone"), 4),
                condition=~Q(office_phone=""),
                name="customers_contact_main_tail",
            ),
            models.Index(
                Right(all_digits("office_phone"), 4),
                condition=Q(office_phone__regex=EXTENSION),
                name="customers_contact_extension",
            ),
            models.Index(
                fields=["identity_no_last4"],
                condition=~Q(identity_no_last4=""),
                name="customers_contact_last4",
            ),
            models.Index(
                fields=["identity_no_index"],
                condition=~Q(identity_no_index=""),
                name="customers_contact_identity",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)
