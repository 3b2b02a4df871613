"""What the tabs of document 002 show: users with who pays, accounts, certificates, lists."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.masking import mask_address, mask_person
from crm.core.paging import Page, keyset
from crm.core.selectors import dictionary
from crm.identity.models import User
from customers.access import Eyes, certificates_for
from customers.choices import CustomerPerm, Subject
from customers.domains import USER_MOVES, AccountStatus, ListColour, UserStatus
from customers.models import (
    BillingAccount,
    Certificate,
    CertificateCheck,
    Customer,
    ExternalAccount,
    ListEntry,
    PayLink,
    Subscription,
)
from customers.selectors.dossier import FieldView, Reading

SUBTYPES: Final = {ListColour.RED: "red_list", ListColour.BLACK: "black_list"}
"""Which code table holds the subtypes of a colour (B-22)."""
NAMED: Final = 20
"""Users that the card of an account names; the rest stand on the tab of users."""
SOON: Final = 60
"""Days before its end that a certificate comes onto the work list, unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class PayerView:
    """One share of one kind of charge."""

    charge: str
    account: str
    rank: int
    share: int


@dataclass(frozen=True, slots=True)
class UserView:
    """One service instance as the tab shows it; the address comes masked to who only looks."""

    pk: int
    number: str
    service: str
    product: str
    device_no: str
    address: str
    status: str
    status_label: str
    account: str
    payers: list[PayerView]
    starts_on: date
    ends_on: date | None
    is_live: bool


def users_of(customer: Customer, user: User) -> list[UserView]:
    """The customer's users, live ones first. Three queries, however many."""
    links = Prefetch("pay_links", PayLink.objects.live().select_related("account").order_by("rank"))
    rows = (
        Subscription.objects.filter(customer=customer)
        .select_related("account")
        .prefetch_related(links)
    )
    words = dict(dictionary("cable_service", organisation_id=customer.organisation_id))
    is_clear = Eyes(user).on(customer).works
    views = [_user(row, words, is_clear=is_clear) for row in rows.order_by("pk")]
    return sorted(views, key=lambda view: not view.is_live)


def _user(row: Subscription, words: dict[str, str], *, is_clear: bool) -> UserView:
    return UserView(
        pk=row.pk,
        number=row.number,
        service=words.get(row.service, row.service),
        product=row.product,
        device_no=row.device_no,
        address=row.install_address if is_clear else mask_address(row.install_address),
        status=row.status,
        status_label=row.get_status_display(),
        account=str(row.account),
        payers=[
            PayerView(link.get_charge_kind_display(), link.account.number, link.rank, link.share)
            for link in row.pay_links.all()
        ],
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        is_live=row.status != UserStatus.CANCELLED,
    )


def states_after(row: Subscription) -> list[tuple[str, str]]:
    """(value, label) of the states that may follow a user's present one (B-59)."""
    return [(str(s), str(s.label)) for s in UserStatus if s in USER_MOVES[row.status]]


def services_for(customer: Customer) -> list[tuple[str, str]]:
    """(code, label) of the services an operator sells."""
    return dictionary("cable_service", organisation_id=customer.organisation_id)


def live_accounts(customer: Customer) -> list[tuple[int, str]]:
    """(key, name) of the accounts that may pay, the default one first."""
    rows = BillingAccount.objects.live().filter(customer=customer)
    return [(row.pk, str(row)) for row in rows.order_by("-is_default", "pk")]


def live_users(customer: Customer) -> list[tuple[int, str]]:
    """(key, name) of the customer's live users."""
    rows = Subscription.objects.live().filter(customer=customer).order_by("pk")
    return [(row.pk, str(row)) for row in rows]


def accounts_of(customer: Customer, user: User) -> list[Any]:
    """The customer's accounts, live and default ones first: `paid_users` says how many users each
    pays, `paying` holds the first of them; where bills go is masked to who only looks.

    Three queries, however many; `externals` are the live outside accounts, by their last four.
    """
    paid = Count("subscriptions", filter=~Q(subscriptions__status=UserStatus.CANCELLED))
    first = Subscription.objects.live().order_by("pk")[:NAMED]
    rows = (
        BillingAccount.objects.filter(customer=customer)
        .annotate(paid_users=paid)
        .prefetch_related(
            Prefetch("subscriptions", first, to_attr="paying"),
            Prefetch("external_accounts", ExternalAccount.objects.live(), to_attr="externals"),
        )
    )
    is_clear = Eyes(user).on(customer).works
    found: list[Any] = list(rows.order_by("-status", "-is_default", "pk"))
    for row in found:
        row.bills_to = row.invoice_address if is_clear else mask_address(row.invoice_address)
        for one in row.externals:
            one.held_by = one.holder_name if is_clear else mask_person(one.holder_name)
        row.more_users = row.paid_users - len(row.paying)
    return found


def has_choice(accounts: list[Any]) -> bool:
    """Whether more than one of these accounts may pay."""
    return len([row for row in accounts if row.status != AccountStatus.CANCELLED]) > 1


def payers_beside(row: Subscription) -> list[tuple[int, str]]:
    """(key, name) of the accounts that could pay for a user instead of his present one (B-10)."""
    return [(key, name) for key, name in live_accounts(row.customer) if key != row.account_id]


@dataclass(frozen=True, slots=True)
class PaperView:
    """One certificate with what of it shows and its last checks."""

    pk: int
    kind: str
    role: str
    is_live: bool
    is_expired: bool
    is_soon: bool
    is_real_name: bool
    fields: list[FieldView]
    checks: list[CertificateCheck]


def papers_of(customer: Customer, reading: Reading) -> list[PaperView]:
    """The customer's certificates, live ones first, masked for the reader (B-55)."""
    checks = Prefetch("checks", CertificateCheck.objects.select_related("by").order_by("-at"))
    rows = (
        Certificate.objects.filter(customer=customer)
        .select_related("checked_by")
        .prefetch_related(checks)
    )
    rules = reading.rules_for(Subject.CERTIFICATE)
    return [_paper(row, reading.fields(row, rules)) for row in rows.order_by("-is_live", "pk")]


def _paper(row: Certificate, fields: list[FieldView]) -> PaperView:
    today = timezone.localdate()
    ends = row.valid_to
    return PaperView(
        pk=row.pk,
        kind=row.get_kind_display(),
        role=row.get_role_display(),
        is_live=row.is_live,
        is_expired=ends is not None and ends < today,
        is_soon=ends is not None and today <= ends <= today + timedelta(days=SOON),
        is_real_name=row.is_real_name,
        fields=[field for field in fields if field.value and field.key not in _IN_TITLE],
        checks=list(row.checks.all()),
    )


_IN_TITLE: Final = frozenset({"cert.kind", "cert.role", "cert.is_live", "cert.is_real_name"})


@dataclass(frozen=True, slots=True)
class ExpiringView:
    """One line of the work list; the name comes masked to who only looks."""

    customer_id: int
    name: str
    code: str
    kind: str
    role: str
    valid_to: date | None
    is_over: bool


def expiring_page(user: User, *, days: int, token: str) -> tuple[Page[Certificate], list[Any]]:
    """Live certificates of the person's customers that have ended or end within `days`, by day,
    and the lines that show them. Rules: B-55, B-52.
    """
    until = timezone.localdate() + timedelta(days=days)
    rows = certificates_for(user, CustomerPerm.CERTIFICATE_VIEW).live().filter(valid_to__lte=until)
    page, eyes = keyset(rows, order=("valid_to", "pk"), token=token), Eyes(user)
    return page, [_expiring(row, eyes) for row in page.rows]


def _expiring(row: Certificate, eyes: Eyes) -> ExpiringView:
    customer = row.customer
    name = customer.name if eyes.on(customer).works else mask_person(customer.name)
    return ExpiringView(
        customer_id=customer.pk,
        name=name,
        code=customer.code,
        kind=row.get_kind_display(),
        role=row.get_role_display(),
        valid_to=row.valid_to,
        is_over=row.valid_to is not None and row.valid_to < timezone.localdate(),
    )


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry of a list as the tab shows it."""

    pk: int
    colour: int
    colour_label: str
    subtype: str
    target: str
    reason: str
    channel: str
    department: str
    starts_on: date
    ends_on: date | None
    is_in_force: bool
    is_over: bool
    state: str


def entries_of(customer: Customer) -> list[EntryView]:
    """Every entry there ever was about the customer, his accounts and users, newest first."""
    home = customer.organisation_id
    words = {
        colour: dict(dictionary(kind, organisation_id=home)) for colour, kind in SUBTYPES.items()
    }
    rows = ListEntry.objects.filter(customer=customer)
    rows = rows.select_related("account", "subscription", "department").order_by("-pk")
    return [_entry(row, words[ListColour(row.colour)]) for row in rows]


def _entry(row: ListEntry, words: dict[str, str]) -> EntryView:
    today = timezone.localdate()
    is_over = row.is_void or (row.ends_on is not None and row.ends_on < today)
    waits = row.starts_on > today
    state = _("已作废") if row.is_void else _("已失效") if is_over else _("待生效")
    return EntryView(
        pk=row.pk,
        colour=row.colour,
        colour_label=row.get_colour_display(),
        subtype=words.get(row.subtype, row.subtype),
        target=str(row.subscription or row.account or row.get_object_type_display()),
        reason=row.reason,
        channel=row.get_channel_display(),
        department=row.department.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        is_in_force=not is_over and not waits,
        is_over=is_over,
        state=_("生效中") if not is_over and not waits else state,
    )


@dataclass(frozen=True, slots=True)
class HeadMark:
    """A word in the head of a customer that nobody at the counter may overlook."""

    label: str
    tone: str


def marks_of(customer: Customer, colours: frozenset[str]) -> list[HeadMark]:
    """Lists in force (as far as `notes_of` was asked for them), own certificate required,
    telephone delegation, special care.

    Rules: B-21, B-22, B-61.
    """
    marks = [
        HeadMark(str(colour.label), tone)
        for colour, tone in ((ListColour.BLACK, "bad"), (ListColour.RED, "good"))
        if str(colour.value) in colours
    ]
    profile = getattr(customer, "subscriber", None)
    if profile is None:
        return marks
    if profile.special_class:
        marks.append(HeadMark(profile.get_special_class_display(), "info"))
    if profile.own_certificate_required:
        marks.append(HeadMark(_("限本人持证办理"), "warn"))
    if profile.phone_delegation:
        marks.append(HeadMark(_("已授权电话办理"), "info"))
    return marks
