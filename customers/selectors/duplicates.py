"""Is this customer here already? Asked before every creation (B-14, RF-09)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm.core.parsing import parse_phone
from crm.core.search import fold, loose_key, strict_key
from crm.core.text import CheckFailed, looks_alike_warning
from crm.identity.models import User
from customers.access import customers_for
from customers.choices import CustomerPerm
from customers.models import Customer, RetailProfile
from customers.selectors.near import Part, Tokens, nearest, rows_by, ways_to

MOST: Final = 10
_SAME: Final = "!"
"""Behind what two archives share: it decides that they are one."""
_UNTOLD: Final = ("search_tokens", "field_marks", "remark", "name_key_strict")
_ALIKE: Final[dict[str, Promise]] = {
    "credit_code": gettext_lazy("统一社会信用代码相同"),
    "licence_no": gettext_lazy("许可证号相同"),
    "name": gettext_lazy("名称相同或相近"),
    "near": gettext_lazy("名称相近"),
    "sound": gettext_lazy("名称读音相同"),
    "mobile": gettext_lazy("移动电话相同"),
    "phone": gettext_lazy("办公电话相同"),
}


def alike(what: str) -> str:
    """What two archives have in common, in words."""
    return str(_ALIKE.get(what, what))


@dataclass(frozen=True, slots=True)
class StrongKeys:
    """What decides that two archives are one. `name` only where legal names are unique (R-23)."""

    credit_code: str = ""
    licence_no: str = ""
    name: str = ""

    def items(self) -> list[tuple[str, str]]:
        """(what, value) of the keys that are filled."""
        found = [
            ("credit_code", self.credit_code),
            ("licence_no", self.licence_no),
            ("name", strict_key(self.name)[:300]),
        ]
        return [(what, value) for what, value in found if value]


def holder_of(organisation_id: int, keys: StrongKeys) -> tuple[Customer, str] | None:
    """The live customer that has one of the keys already, and which key it is."""
    rows = Customer.objects.living().filter(organisation_id=organisation_id)
    for what, value in keys.items():
        for found in rows.filter(_same(organisation_id, what, value))[:1]:
            return found, what
    return None


def taken_keys(organisation_id: int, wanted: Iterable[StrongKeys]) -> set[tuple[str, str]]:
    """Which of many strong keys live customers have already: one query a kind of key."""
    asked: dict[str, set[str]] = {"credit_code": set(), "licence_no": set(), "name": set()}
    for keys in wanted:
        for what, value in keys.items():
            asked[what].add(value)
    rows = Customer.objects.living().filter(organisation_id=organisation_id)
    licences = RetailProfile.objects.filter(organisation_id=organisation_id, is_live=True)
    codes = rows.exclude(credit_code="").filter(credit_code__in=asked["credit_code"])
    shops = licences.exclude(licence_no="").filter(licence_no__in=asked["licence_no"])
    names = rows.filter(unique_name=True, name_key_strict__in=asked["name"])
    found = {
        "credit_code": codes.values_list("credit_code"),
        "licence_no": shops.values_list("licence_no"),
        "name": names.values_list("name_key_strict"),
    }
    return {(what, value) for what in asked if asked[what] for (value,) in found[what]}


def _same(organisation_id: int, what: str, value: str) -> Q:
    """One strong key as the unique index that holds it says it: else the table is scanned."""
    if what == "licence_no":
        shops = RetailProfile.objects.filter(
            organisation_id=organisation_id, licence_no=value, is_live=True
        )
        return Q(pk__in=list(shops.values_list("customer_id", flat=True)))
    if what == "name":
        return Q(unique_name=True, name_key_strict=value)
    return ~Q(credit_code="") & Q(credit_code=value)


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a form so far."""

    name: str = ""
    credit_code: str = ""
    licence_no: str = ""
    phone: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be the same. Out of sight it is only told that an archive exists: then
    `pk`, `code`, `name` and `manager` are empty. `is_same` means it will be refused.
    """

    matched: str
    is_same: bool
    pk: int | None = None
    code: str = ""
    name: str = ""
    manager: str = ""

    @property
    def is_visible(self) -> bool:
        return self.pk is not None

    @property
    def words(self) -> str:
        """What is alike, as the form says it."""
        return alike(self.matched)


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate before sight is asked: for services that must log it."""

    customer: Customer
    matched: str
    is_same: bool


def hits_for(organisation_id: int, typed: Typed, *, unique_names: bool) -> list[Hit]:
    """Rows that share a key, a folded name or a telephone number, surest first; then those whose
    name is nearly the same. At most ten, by three statements.
    """
    ways = [*_keys(typed, unique_names=unique_names), *ways_to(typed.name)]
    rows = rows_by(organisation_id, ways, Tokens.of(typed.name))
    first = {row.pk: row.what for row in reversed(rows) if not row.is_guess}
    keyed = list(dict.fromkeys(row.pk for row in rows if not row.is_guess))
    near = [row for row in rows if row.pk not in first]
    for one in nearest(typed.name, near, most=max(MOST - len(keyed), 0)):
        first[one.pk] = "sound" if one.by_sound else "near"
        keyed.append(one.pk)
    found = Customer.objects.select_related("manager").defer(*_UNTOLD).in_bulk(keyed[:MOST])
    return [
        Hit(found[pk], first[pk].removesuffix(_SAME), is_same=first[pk].endswith(_SAME))
        for pk in keyed[:MOST]
        if pk in found
    ]


def _keys(typed: Typed, *, unique_names: bool) -> list[Part]:
    """What decides, then what is only shared, each as the index that serves it says it."""
    strict, folded = strict_key(typed.name)[:300], fold(typed.name)[:300]
    legal = f"name{_SAME}" if unique_names else "name"
    licence = (
        "id IN (SELECT customer_id FROM customers_retailprofile"
        " WHERE organisation_id = customers_customer.organisation_id"
        " AND licence_no = %s AND is_live)"
    )
    asked = [
        (f"credit_code{_SAME}", "credit_code = %s AND NOT (credit_code = '')", typed.credit_code),
        (f"licence_no{_SAME}", licence, typed.licence_no),
        (legal, "name_folded = %s AND name_key_strict = %s", folded),
        ("name", "name_folded = %s", folded),
        ("name", "name_key_loose = %s", loose_key(typed.name)[:300]),
        ("mobile", "mobile = %s", typed.mobile),
        ("phone", "phone = %s", typed.phone),
    ]
    return [
        Part(what, where, (value, strict) if "strict" in where else (value,), MOST)
        for what, where, value in asked
        if value
    ]


def candidates_among(hits: Sequence[Hit], user: User) -> list[Candidate]:
    """What `user` may be told of the hits: full rows of his scope, else only that one exists."""
    ids = [hit.customer.pk for hit in hits]
    seen = set(
        customers_for(user, CustomerPerm.VIEW).filter(pk__in=ids).values_list("pk", flat=True)
    )
    told = [
        Candidate(
            hit.matched,
            hit.is_same,
            hit.customer.pk,
            hit.customer.code,
            hit.customer.name,
            str(hit.customer.manager or ""),
        )
        if hit.customer.pk in seen
        else Candidate(hit.matched, hit.is_same)
        for hit in hits
    ]
    return list(dict.fromkeys(told))


def doubts_of(typed: Typed) -> list[str]:
    """What is odd about the typed values though it may be right (B026, B059)."""
    found = [looks_alike_warning(typed.name)]
    for number in (typed.phone, typed.mobile):
        try:
            found += [doubt.message for doubt in parse_phone(number).warnings] if number else []
        except CheckFailed:
            continue
    return [text for text in found if text]
