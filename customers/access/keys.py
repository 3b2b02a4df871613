"""Customers found by a number they bear: telephone, licence, code of another system (UX-02)."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from django.db import connection

from crm.core.sealed import blind_index
from customers.access.asked import TAIL, Asked
from customers.access.reach import ALL_ROWS, NOWHERE, SCOPES, Finder, Sql
from customers.choices import BindingStatus, CustomerStatus
from customers.models.bank import LIVE
from customers.models.phones import EXTENSION, all_digits_sql, main_number_sql

SEALED: Final = "sealed"
"""Found by a whole sealed number: whoever asks like this is written down."""

_CUSTOMERS: Final = "customers_customer"
_ASKED_OF: Final = ", ".join(
    f"c.{name}"
    for name in (*("id", "code", "name_folded", "pinyin", "secrecy", "organisation_id"), *SCOPES)
)
"""What rights and texts ask of a row; all columns would take longer to plan than to read."""
_LIVE: Final = "x.status IN ({})".format(", ".join(f"'{BindingStatus(one)}'" for one in LIVE))
MOST_MOBILE: Final = 11
_WITH_EXTENSION: Final = 8
"""A number of seven digits and the shortest extension: of an extended number only the whole."""


class _Bearer(NamedTuple):
    """A column that holds a number, the rule of its field, what its index needs, its name."""

    column: str
    table: str
    rule: str
    bound: str
    what: str


_HOME: Final = "c.organisation_id = {org}"
_MOBILES: Final = (
    _Bearer("c.mobile", _CUSTOMERS, "customer.mobile", _HOME, "mobile"),
    _Bearer("x.mobile", "customers_contact", "contact.mobile", "x.is_live", "contact"),
)
_PHONES: Final = (
    _Bearer("c.phone", _CUSTOMERS, "customer.phone", _HOME, "phone"),
    _Bearer("x.office_phone", "customers_contact", "contact.office_phone", "x.is_live", "contact"),
)
_SEALED: Final = (
    _Bearer(
        "x.identity_no",
        "customers_retailprofile",
        "retail.identity_no",
        "x.organisation_id = {org}",
        "identity",
    ),
    _Bearer("x.identity_no", "customers_contact", "contact.identity_no", "x.is_live", "identity"),
    _Bearer("x.account_no", "customers_bankbinding", "bank.account_no", _LIVE, "account"),
)

Found = tuple[int, str, str]


def found_by_key(
    finder: Finder,
    asked: Asked,
    *,
    start: Sql,
    size: int,
    backwards: bool = False,
    sealed: bool = False,
    beside: Sequence[Sql] = (),
) -> list[Found]:
    """(id, code, what matched) of the first rows by code that bear the number; one statement.

    `beside` are other questions of the same shape, asked along with it. A masked telephone number
    is found by the four digits its mask shows and no others, a sealed one whole only by whoever
    may see it in clear, and only where `sealed` says that the asking is counted and written down:
    neither can be guessed place by place.
    Rules: UX-02, UX-29, B-34.
    """
    parts = [part for part in _parts(finder, asked, sealed=sealed) if part.text != NOWHERE]
    parts += beside
    if finder.is_lost or not parts:
        return []
    way = "DESC" if backwards else "ASC"
    seen = finder.seen("c") & start
    statements = [
        f"({part.text} AND {seen.text} ORDER BY c.code {way} LIMIT {size:d})" for part in parts
    ]
    values = [value for part in parts for value in (*part.values, *seen.values)]
    union = " UNION ALL ".join(statements)
    statement = f"SELECT * FROM ({union}) found ORDER BY 2 {way}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [(int(pk), str(code), str(what)) for pk, code, what in cursor.fetchall()]


def customers_by(key: Sql, more: Sql = ALL_ROWS, what: str = "") -> Sql:
    """Customers `c` by a condition that an index of their own serves, then by the rest.

    OFFSET 0 keeps the planner to that index: it would rather walk all rows of a person in the
    order of their codes, in the hope that the one number comes soon.
    """
    return _by(_CUSTOMERS, key, more, what)


def _by(table: str, key: Sql, more: Sql, what: str) -> Sql:
    if NOWHERE in (key.text, more.text):
        return Sql(NOWHERE)
    if table == _CUSTOMERS:
        source = f"(SELECT {_ASKED_OF} FROM {table} c WHERE {key.text} OFFSET 0) c"  # noqa: S608
    else:
        source = (
            f"(SELECT x.customer_id FROM {table} x WHERE {key.text} OFFSET 0) x "  # noqa: S608
            f"JOIN {_CUSTOMERS} c ON c.id = x.customer_id"
        )
    text = f"SELECT c.id, c.code, '{what}' FROM {source} WHERE {more.text}"  # noqa: S608
    return Sql(text, (*key.values, *more.values))


def _parts(finder: Finder, asked: Asked, *, sealed: bool) -> Iterator[Sql]:
    home = finder.user.organisation_id or 0
    yield from _codes(finder, asked, home)
    if asked.phone:
        yield from _telephones(finder, asked.phone, home)
    for bearer in _SEALED:
        if asked.last4:
            yield _last4(finder, bearer, home, asked.last4)
        if sealed and asked.sealed:
            yield _whole(finder, bearer, home, asked.sealed)


def _codes(finder: Finder, asked: Asked, home: int) -> Iterator[Sql]:
    """Numbers that are one customer's alone."""
    if asked.full_code:
        yield customers_by(Sql("c.code = %s", (asked.full_code,)), what="code")
    if asked.aliases:
        same = Sql("x.organisation_id = %s AND x.code = ANY(%s)", (home, asked.aliases))
        seen = finder.reading("customer.code", "c", clear=True)
        yield _by("customers_customeralias", same, seen, "alias")
    if asked.licence:
        same = Sql(
            "x.organisation_id = %s AND x.licence_no = %s AND NOT (x.licence_no = '')"
            " AND x.is_live",
            (home, asked.licence),
        )
        seen = finder.reading("retail.licence_no", "c", clear=True)
        yield _by("customers_retailprofile", same, seen, "licence")
    if asked.credit_code:
        same = Sql(
            "c.organisation_id = %s AND c.credit_code = %s AND NOT (c.credit_code = '')"
            " AND NOT (c.status = %s)",
            (home, asked.credit_code, CustomerStatus.CANCELLED),
        )
        seen = finder.reading("customer.credit_code", "c", clear=True)
        yield customers_by(same, seen, "credit_code")


def _telephones(finder: Finder, number: str, home: int) -> Iterator[Sql]:
    """Of an office number the main part ends like that or, with its extension, the whole of it."""
    is_long = len(number) > TAIL
    for bearer in (*_MOBILES, *_PHONES) if len(number) <= MOST_MOBILE else _PHONES:
        seen = finder.reading(bearer.rule, "c", clear=is_long)
        bound = bearer.bound.format(org=home)
        is_office = bearer in _PHONES
        main = main_number_sql(bearer.column) if is_office else bearer.column
        held = Sql(f"{bound} AND NOT ({bearer.column} = '')") & _ends(main, number)
        yield _by(bearer.table, held, seen, bearer.what)
        if is_office and len(number) >= _WITH_EXTENSION:
            extended = Sql(f"{bound} AND {bearer.column}::text ~ '{EXTENSION}'")
            held = extended & _ends(all_digits_sql(bearer.column), number)
            yield _by(bearer.table, held, seen, bearer.what)


def _ends(spelt: str, number: str) -> Sql:
    """The last four by their index; what stands before them is read on the row."""
    tail = Sql(f"right({spelt}, 4) = %s", (number[-TAIL:],))
    if len(number) == TAIL:
        return tail
    return tail & Sql(f"{all_digits_sql(spelt)} LIKE %s", (f"%{number}",))


def _last4(finder: Finder, bearer: _Bearer, home: int, last4: str) -> Sql:
    column = f"{bearer.column}_last4"
    same = Sql(
        f"{bearer.bound.format(org=home)} AND {column} = %s AND NOT ({column} = '')", (last4,)
    )
    return _by(bearer.table, same, finder.reading(bearer.rule, "c", clear=False), bearer.what)


def _whole(finder: Finder, bearer: _Bearer, home: int, number: str) -> Sql:
    column = f"{bearer.column}_index"
    same = Sql(
        f"{bearer.bound.format(org=home)} AND {column} = %s AND NOT ({column} = '')",
        (blind_index(number),),
    )
    return _by(bearer.table, same, finder.reading(bearer.rule, "c", clear=True), SEALED)
