"""用户: open, change, stop, cancel; who pays for it (B-8 to B-10, B-16, B-17, B-54, B-59)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import InternalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as, sentence_of
from crm.core.numbers import Series, take_number
from crm.core.search import strict_key
from crm.identity.models import User
from customers.access import accounts_for
from customers.boss_values import NewUser, Share, cleaned_service
from customers.choices import CustomerPerm, CustomerStatus, TimelineKind
from customers.domains import USER_MOVES, CertificateKind, CertificateRole, ChargeKind, UserStatus
from customers.errors import WrongState
from customers.models import (
    BillingAccount,
    Certificate,
    Contact,
    Customer,
    PayLink,
    SubscriberProfile,
    Subscription,
)
from customers.selectors.services import services_for
from customers.services._operated import lock_operated, lock_row, settle_shares, tell_service

EDITABLE: Final = frozenset({"product", "device_no", "install_address"})
"""What a change of a user may set; payer and state have services of their own."""


@transaction.atomic
def open_user(*, customer: Customer, data: NewUser, by: User) -> Subscription:
    """Open a service instance: of an identified customer, paid by an account of his own.

    Without a live certificate of his own (or a waiver) and a live contact there is no user; where
    somebody else is served at the same address already, the owner's property certificate is asked
    for. Raises NotFound, WrongState, ValidationError.
    Rules: B-8, B-9, B-10, B-16, B-17, B-54, B-62.
    """
    owner = lock_operated(customer, CustomerPerm.SERVICE_CREATE, by=by)
    if owner.status == CustomerStatus.CANCELLED:
        raise WrongState(_("客户已注销，不能再开通用户"))
    _ensure_identified(owner)
    values = cleaned_service("user", data)
    if values["service"] not in dict(services_for(owner)):
        raise ValidationError({"service": _("请选择在用的业务")})
    key = strict_key(values["install_address"])
    _ensure_address_free(owner, key)
    row = Subscription(
        customer=owner,
        account=_own_account(owner, values.pop("account")),
        number=f"Y{take_number(Series.SUBSCRIPTION):010d}",
        address_key=key,
        starts_on=timezone.localdate(),
        **values,
    )
    save_as(row, by=by, reason=_("开通用户"), expected=None)
    tell_service(row, TimelineKind.USER_OPENED, by=by, part="users")
    return row


@transaction.atomic
def edit_user(
    *, subscription: Subscription, changes: Mapping[str, Any], expected: int, reason: str, by: User
) -> Subscription:
    """Change product, device or address of a user.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-25, B-54, RF-07, PM-10.
    """
    row = lock_row(subscription, CustomerPerm.SERVICE_UPDATE, expected, by=by)
    _ensure_live(row)
    if strange := changes.keys() - EDITABLE:
        raise ValidationError({min(strange): _("此项目不能直接修改")})
    for name, value in cleaned_service("user", changes).items():
        setattr(row, name, value)
    key = strict_key(row.install_address)
    if key != row.address_key:
        _ensure_address_free(row.customer, key)
        row.address_key = key
    save_as(row, by=by, reason=reason, expected=None)
    tell_service(row, TimelineKind.USER_CHANGED, by=by, part="users")
    return row


@transaction.atomic
def change_user_state(
    *, subscription: Subscription, status: UserStatus, expected: int, reason: str, by: User
) -> Subscription:
    """Stop, resume, pre-cancel or cancel a user. A cancelled one is kept, its split payments end.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-13, B-17, B-18, B-59.
    """
    is_end = status == UserStatus.CANCELLED
    perm = CustomerPerm.SERVICE_END if is_end else CustomerPerm.SERVICE_UPDATE
    row = lock_row(subscription, perm, expected, by=by)
    if status not in USER_MOVES[row.status]:
        words = {"now": row.get_status_display(), "then": status.label}
        raise WrongState(_("用户现为“%(now)s”，不能改为“%(then)s”") % words)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写变更原因")})
    before = row.status
    if is_end:
        _end_links(PayLink.objects.live().filter(subscription=row), by=by, reason=reason)
        settle_shares()
        row.ends_on = timezone.localdate()
    row.status = status
    save_as(row, by=by, reason=reason, expected=None, fields=["status", "ends_on"])
    moved = {"before": before, "after": str(status)}
    tell_service(row, TimelineKind.USER_CHANGED, by=by, part="users", values=moved)
    return row


@transaction.atomic
def switch_payer(
    *, subscription: Subscription, account: int, expected: int, reason: str, by: User
) -> Subscription:
    """Let another account of the same customer pay for a user; `account` is its key.

    What is split stays with those who pay it. Raises NotFound, StaleVersion, WrongState,
    ValidationError. Rules: B-10, B-17.
    """
    row = lock_row(subscription, CustomerPerm.SERVICE_UPDATE, expected, by=by)
    _ensure_live(row)
    before, after = row.account, _own_account(row.customer, account)
    if before == after:
        raise ValidationError({"account": _("该用户已由此帐户付费")})
    if not reason.strip():
        raise ValidationError({"reason": _("请填写变更原因")})
    row.account = after
    save_as(row, by=by, reason=reason, expected=None, fields=["account"])
    moved = {"before": before.number, "after": after.number}
    tell_service(row, TimelineKind.PAYMENT_SPLIT, by=by, part="payments", values=moved)
    return row


@transaction.atomic
def split_payment(
    *,
    subscription: Subscription,
    charge_kind: ChargeKind,
    shares: Sequence[Share],
    reason: str,
    by: User,
    expected: int | None = None,
) -> list[PayLink]:
    """Let several accounts pay one kind of charge of a user, in shares that make a hundred for
    each rank; an empty list gives it back to the user's own account.

    An account of another customer may pay where the person reaches that one too. Who pays belongs
    to the user's record, so its version rises; `expected` None is for who has read none of it.
    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-10, RF-07.
    """
    row = lock_row(subscription, CustomerPerm.SERVICE_UPDATE, expected, by=by)
    _ensure_live(row)
    accounts = _reached_accounts(shares, by=by)
    old = PayLink.objects.live().filter(subscription=row, charge_kind=charge_kind)
    _end_links(old, by=by, reason=reason)
    made = []
    for share in shares:
        link = PayLink(
            subscription=row,
            account=accounts[share.account],
            charge_kind=charge_kind,
            rank=share.rank,
            share=share.share,
            starts_on=timezone.localdate(),
        )
        save_as(link, by=by, reason=reason, expected=None)
        made.append(link)
    try:
        with transaction.atomic():
            settle_shares()
    except InternalError as clash:
        raise ValidationError(sentence_of(PayLink, clash)) from clash
    save_as(row, by=by, reason=reason, expected=None, fields=[])
    tell_service(
        row, TimelineKind.PAYMENT_SPLIT, by=by, part="payments", values={"charge": charge_kind}
    )
    return made


def _ensure_live(row: Subscription) -> None:
    if row.status == UserStatus.CANCELLED:
        raise WrongState(_("用户已销户"))


def _own_account(customer: Customer, key: int) -> BillingAccount:
    found = BillingAccount.objects.live().filter(customer=customer, pk=key).first()
    if found is None:
        raise ValidationError({"account": _("请选择该客户在用的帐户")})
    return found


def _reached_accounts(shares: Sequence[Share], *, by: User) -> dict[int, BillingAccount]:
    """The accounts of the shares, all of which the person may charge. Raises ValidationError."""
    wanted = {share.account for share in shares}
    found = accounts_for(by, CustomerPerm.SERVICE_UPDATE).live().in_bulk(list(wanted))
    if len(found) != len(wanted):
        raise ValidationError({"account": _("请选择在用的帐户")})
    return found


def _end_links(links: Any, *, by: User, reason: str) -> None:
    for link in links.select_for_update(of=("self",)):
        link.ends_on = timezone.localdate()
        save_as(link, by=by, reason=reason, expected=None, fields=["ends_on"])


def _ensure_identified(customer: Customer) -> None:
    """At least one contact, and a certificate or the reason why there is none (B-16, B-62)."""
    today = timezone.localdate()
    in_force = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    waived = SubscriberProfile.objects.filter(customer=customer).exclude(certificate_waiver="")
    own = Certificate.objects.own().filter(in_force, customer=customer)
    if not own.exists() and not waived.exists():
        raise WrongState(_("请先登记客户本人有效的证件，或在资料中注明免证件原因"))
    if not Contact.objects.live().filter(customer=customer).exists():
        raise WrongState(_("请先登记至少一位联系人"))


def _ensure_address_free(customer: Customer, key: str) -> None:
    """A second customer at one installation address shows the owner's property certificate."""
    taken = Subscription.objects.live().filter(
        address_key=key, customer__organisation_id=customer.organisation_id
    )
    deeds = Certificate.objects.live().filter(
        customer=customer, role=CertificateRole.OWNER, kind=CertificateKind.PROPERTY
    )
    if taken.exclude(customer=customer).exists() and not deeds.exists():
        raise WrongState(
            _("该安装地址已有其他客户的用户，请先登记产权人的房产证"), field="install_address"
        )
