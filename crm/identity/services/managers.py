"""Manager cards, kept by the marketing clerk (R-30, R-44)."""

from dataclasses import asdict, dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.core.text import CheckFailed, clean_line
from crm.identity.access import ensure_may
from crm.identity.choices import Duty, IdentityPerm
from crm.identity.errors import AlreadyDone, NotOurs
from crm.identity.models import AccountManager, Post, User

FIELDS = (
    "sex",
    "position",
    "mobile",
    "office_phone",
    "home_address",
    "postcode",
    "capacity_weight",
)


@dataclass(frozen=True, slots=True)
class ManagerCard:
    """The fields of R-44 beside the name, which is the person's own."""

    position: str
    mobile: str
    sex: str = ""
    office_phone: str = ""
    home_address: str = ""
    postcode: str = ""
    capacity_weight: Decimal = Decimal(1)


@transaction.atomic
def record_manager(*, user: User, card: ManagerCard, by: User) -> AccountManager:
    """Open the card of a person who holds the duty of a customer manager.

    Raises NotOurs, ValidationError. Rules: R-30, R-44, R-13, PM-07.
    """
    ensure_may(by, IdentityPerm.MANAGERS_CREATE)
    if user.organisation_id != by.organisation_id:
        raise NotOurs(_("只能办理本单位的人员和部门"))
    today = timezone.localdate()
    if not Post.objects.held_by(user.pk, today).filter(duty=Duty.AM).exists():
        raise ValidationError({"user": _("该人员没有客户经理岗位")})
    row = AccountManager(user=user)
    _write(row, card)
    save_as(row, by=by, reason=_("建立客户经理记录"), expected=None)
    return row


@transaction.atomic
def edit_manager(
    *, manager: AccountManager, card: ManagerCard, expected: int, by: User
) -> AccountManager:
    """Correct a card. Raises StaleVersion, ValidationError. Rules: R-30, R-44, RF-06."""
    ensure_may(by, IdentityPerm.MANAGERS_UPDATE)
    _write(manager, card)
    save_as(manager, by=by, reason=_("修改客户经理记录"), expected=expected, fields=FIELDS)
    return manager


@transaction.atomic
def retire_manager(*, manager: AccountManager, reason: str, by: User) -> AccountManager:
    """Take a manager off duty; his customers are reassigned by the room that holds them.

    Raises AlreadyDone. Rules: R-30, R-18.
    """
    ensure_may(by, IdentityPerm.MANAGERS_DELETE)
    row = AccountManager.objects.select_for_update(of=("self",)).get(pk=manager.pk)
    if not row.is_live:
        raise AlreadyDone(_("该客户经理已离岗"))
    row.is_live = False
    save_as(row, by=by, reason=reason, expected=None, fields=["is_live"])
    return row


def _write(row: AccountManager, card: ManagerCard) -> None:
    for name, value in asdict(card).items():
        most = getattr(AccountManager._meta.get_field(name), "max_length", None)
        try:
            clean = clean_line(value, most) if isinstance(value, str) and most else value
        except CheckFailed as wrong:
            raise ValidationError({name: wrong.message}, code=wrong.code) from wrong
        setattr(row, name, clean)
