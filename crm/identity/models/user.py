from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import Secrecy, UserKind


class UserQuerySet(models.QuerySet["User"]):
    def acting(self) -> Self:
        """People whose account works."""
        return self.filter(is_active=True)

    def unconfirmed(self) -> Self:
        """Accounts the system administrator made and nobody confirmed yet (PM-21)."""
        return self.filter(confirmed_at__isnull=True, left_on__isnull=True)

    def in_state(self, state: str) -> Self:
        """`active`, `waiting` or `left`; anything else is everybody."""
        if state == "waiting":
            return self.unconfirmed()
        if state == "left":
            return self.filter(left_on__isnull=False)
        return self.filter(is_active=True) if state == "active" else self

    def named(self, text: str) -> Self:
        """Whose name or user name has `text` in it."""
        wanted = text.strip()
        if not wanted:
            return self
        return self.filter(Q(name__icontains=wanted) | Q(username__icontains=wanted))


PeopleManager = UserManager.from_queryset(UserQuerySet)
PeopleManager.use_in_migrations = False


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox names its own manager
    """Anybody who acts: a member of staff, a portal customer, an outside system.

    An account is active only after the security administrator confirmed it. There is no
    `scope` here: rights are posts (D9). `is_superuser` opens nothing in our gates.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=60)
    is_active = models.BooleanField(_("启用"), default=False)
    kind = models.CharField(_("类型"), max_length=8, choices=UserKind, default=UserKind.STAFF)
    organisation = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("单位"),
    )
    department = models.ForeignKey(
        "identity.Department",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("部门"),
    )
    mobile = models.CharField(_("移动电话"), max_length=20, blank=True)
    clearance = models.PositiveSmallIntegerField(
        _("涉密等级"), choices=Secrecy, default=Secrecy.NORMAL
    )
    must_change_password = models.BooleanField(_("首次登录须改密"), default=True)
    password_changed_at = models.DateTimeField(_("改密时间"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, blank=True)
    left_on = models.DateField(_("离岗日期"), null=True, blank=True)

    objects = PeopleManager()  # type: ignore[misc]

    # Plain attributes of one request's instance, never stored and never shared (access.py).
    token_scopes: frozenset[str] = frozenset()
    posts_read: tuple[Any, ...] | None = None

    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(confirmed_at__isnull=False),
                name="identity_user_active_is_confirmed",
                violation_error_message=_("账号须经安全管理员确认后才能启用"),
            ),
            models.CheckConstraint(
                condition=Q(created_by__isnull=True)
                | Q(confirmed_by__isnull=True)
                | ~Q(created_by=models.F("confirmed_by")),
                name="identity_user_two_people",
                violation_error_message=_("建立账号与确认账号不能是同一人"),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class PasswordRecord(models.Model):
    """A former password's hash, so that the last five are not used again (trust 2.1)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="former_passwords"
    )
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField()

    class Meta:
        verbose_name = _("历史密码")
        verbose_name_plural = _("历史密码")
        indexes = [models.Index(fields=["user", "-set_at"], name="identity_password_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.set_at:%F}"


class ActivationCode(models.Model):
    """How a person gets in for the first time or after a reset: one code, 72 hours, once.

    Only the digest is stored; issuing another makes the former worthless (trust 2.1, B261).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="activation_code"
    )
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(_("失效时间"))
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("激活码")
        verbose_name_plural = _("激活码")

    def __str__(self) -> str:
        return f"{self.user_id} {self.expires_at:%F %T}"


class UserSession(models.Model):
    """One log-in: binds a person to a session, so that all of his sessions can be ended at once.

    Rules: PM-30, B269, B277.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions"
    )
    session_key = models.CharField(max_length=40, unique=True)
    created_at = models.DateTimeField(_("登录时间"))
    ip = models.GenericIPAddressField(_("来源地址"), null=True)

    class Meta:
        verbose_name = _("登录会话")
        verbose_name_plural = _("登录会话")
        indexes = [models.Index(fields=["user", "-created_at"], name="identity_session_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%F %T}"
