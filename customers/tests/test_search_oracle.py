"""Search and list beside an oracle of plain SQL: 500 random questions as every role (UX-02, D9).

The oracle shares no code with search: the scope of each role is written out by hand, the text is
compared by LIKE over the whole table, and what a role may find by is a table of words.
"""

import random

import pytest
from django.db import connection

from crm.core.search import fold, pinyin_initials
from crm.identity.choices import Duty
from crm.identity.tests.factories import DepartmentFactory
from customers.access import CustomerFilters, customers_page, search
from customers.choices import CustomerPerm
from customers.models import Customer, CustomerAlias
from customers.services.search_statistics import refresh_search_statistics
from customers.tests.factories import (
    BankBindingFactory,
    Bureau,
    ContactFactory,
    RetailProfileFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
QUESTIONS = 500
WORDS = (
    *("长安", "宝塔", "未央", "便民", "福满", "恒昌", "永兴", "烟酒店", "超市"),
    *("商行", "百货", "便利店", "KTV", "365", "（东）", "二店"),
)
NOWHERE = ("%", "_", "百%", "塔宝安", "zzz", "9999", "　福满　", "３６５")
SCOPES = {
    Duty.AM: "c.manager_id = %(me)s",
    Duty.LO: "c.area_id = %(squad)s",
    Duty.REP: "c.area_id = %(squad)s",
    Duty.SL: "c.area_id = %(squad)s",
    **dict.fromkeys(
        (Duty.LH, Duty.CSC, Duty.DC, Duty.NET, Duty.DSM, Duty.OC, Duty.LIC, Duty.ARC, Duty.GM),
        "c.organisation_id = %(org)s",
    ),
    **dict.fromkeys((Duty.TM, Duty.FIN, Duty.MVP), "c.organisation_id = %(org)s"),
    **dict.fromkeys((Duty.SYS, Duty.SEC, Duty.AUD), "FALSE"),
}
# By what else than name, initials, code and foreign code a role finds. `mobile`: whole, else only
# by the four digits of the mask; `people`: the same of contacts.
EVERYTHING = {"mobile", "mask", "phone", "office", "people", "faces", "credit", "licence", "id"}
LOOKING = {"mask", "phone", "office", "faces", "credit", "licence", "id"}
KEEPS_OUT = {"office", "faces", "people"}
FINDS_BY = {
    **dict.fromkeys((Duty.AM, Duty.ARC, Duty.NET), EVERYTHING | {"account"}),
    **dict.fromkeys((Duty.LO, Duty.REP), EVERYTHING),
    **dict.fromkeys((Duty.LH, Duty.DSM, Duty.GM), LOOKING | {"account"}),
    **dict.fromkeys((Duty.SL, Duty.CSC, Duty.MVP), LOOKING),
    **dict.fromkeys((Duty.FIN, Duty.LIC), LOOKING - KEEPS_OUT),
    Duty.DC: {"mobile", "mask", "phone", "office", "people", "faces", "licence"},
    Duty.TM: {"phone", "credit", "licence"},
    Duty.OC: {"licence"},
}
MATCH = """
SELECT c.id FROM customers_customer c
LEFT JOIN customers_retailprofile r ON r.customer_id = c.id
WHERE c.organisation_id = %(org)s AND c.secrecy = 0 AND ({scope}) AND (
    (%(name)s <> '' AND length(%(name)s) > 1 AND strpos(c.name_folded, %(name)s) > 0)
    OR (length(%(name)s) = 1 AND left(c.name_folded, 1) = %(name)s)
    OR (%(letters)s <> '' AND length(%(letters)s) > 2 AND strpos(c.pinyin, %(letters)s) > 0)
    OR (%(letters)s <> '' AND left(c.pinyin, length(%(letters)s)) = %(letters)s)
    OR (length(%(digits)s) BETWEEN 4 AND 14 AND left(c.code, length(%(digits)s)) = %(digits)s)
    OR EXISTS (SELECT FROM customers_customeralias a
               WHERE a.customer_id = c.id AND upper(a.code) = upper(%(typed)s))
    OR (%(licence)s AND r.licence_no = %(digits)s AND %(digits)s <> '')
    OR (%(credit)s AND c.credit_code = upper(%(typed)s) AND %(typed)s <> '')
    OR (length(%(digits)s) >= 4 AND (
        (%(mobile)s AND c.mobile LIKE '%%' || %(digits)s)
        OR (%(mask)s AND length(%(digits)s) = 4 AND right(c.mobile, 4) = %(digits)s)
        OR (%(phone)s AND (
            split_part(c.phone, '-', 1) || split_part(c.phone, '-', 2) LIKE '%%' || %(digits)s
            OR length(%(digits)s) > 7 AND replace(c.phone, '-', '') LIKE '%%' || %(digits)s))
        OR EXISTS (SELECT FROM customers_contact p WHERE p.customer_id = c.id AND p.is_live AND (
            (%(people)s AND p.mobile LIKE '%%' || %(digits)s)
            OR (%(faces)s AND length(%(digits)s) = 4 AND right(p.mobile, 4) = %(digits)s)
            OR (%(office)s AND (split_part(p.office_phone, '-', 1)
                || split_part(p.office_phone, '-', 2) LIKE '%%' || %(digits)s
                OR length(%(digits)s) > 7
                AND replace(p.office_phone, '-', '') LIKE '%%' || %(digits)s))))
    ))
    OR (%(id)s AND length(%(typed)s) = 4 AND r.identity_no_last4 = upper(%(typed)s))
    OR (%(account)s AND EXISTS (SELECT FROM customers_bankbinding b WHERE b.customer_id = c.id
        AND b.status IN ('pending', 'bound') AND b.account_no_last4 = %(typed)s))
)
"""


class Town:
    """A bureau of 120 shops with two squads and three managers, and a twin full of canaries."""

    def __init__(self, dice):
        self.dice = dice
        self.bureau, self.twin = Bureau("tobacco"), Bureau("tobacco")
        self.squads = [DepartmentFactory(parent=self.bureau.org) for _n in range(2)]
        self.people = {duty: self.bureau.person(duty, department=self.squads[0]) for duty in SCOPES}
        colleague = self.bureau.person(Duty.AM)
        stranger = self.twin.person(Duty.AM)
        for number in range(120):
            owner = dice.choice([self.people[Duty.AM], colleague, None])
            values = self.values(number)
            self.shop(self.bureau, owner, number, area=dice.choice(self.squads), **values)
            if number % 3 == 0:
                self.shop(self.twin, stranger, number, **values)

    def values(self, number):
        dice = self.dice
        return {
            "name": "".join(dice.choices(WORDS, k=dice.randint(2, 4))) + str(number),
            "mobile": f"139{dice.randint(0, 99):04d}{dice.randint(0, 40):04d}",
            "phone": f"029-8{dice.randint(0, 999):03d}{dice.randint(0, 40):04d}"
            + dice.choice(["", "", f"-{dice.randint(0, 40)}"]),
            "secrecy": int(dice.random() < 0.05),
        }

    def shop(self, bureau, owner, number, **values):
        row = bureau.customer(owner, credit_code=f"92610000MA6X{number:06d}", **values)
        if number % 2:
            RetailProfileFactory(
                customer=row,
                licence_no=f"6101{number:08d}",
                identity_no=f"61010119900101{number % 7:04d}",
            )
            BankBindingFactory(customer=row, account_no=f"62220000000{number % 9:04d}")
        if number % 4 == 0:
            ContactFactory(
                customer=row,
                mobile=f"137{self.dice.randint(0, 99):04d}{self.dice.randint(0, 40):04d}",
                office_phone=f"0917-3{self.dice.randint(0, 99):02d}{self.dice.randint(0, 40):04d}"
                + self.dice.choice(["", "-802"]),
                is_live=number % 8 == 0,
            )
        CustomerAlias.objects.create(
            customer=row, organisation=bureau.org, system="zm", code=f"ZM{number % 50:03d}X{number}"
        )


def questions(town, dice):
    """Parts of what is there, as people would type them, and a few that are nowhere."""
    rows = list(Customer.objects.filter(organisation=town.bureau.org).order_by("pk"))
    for _n in range(QUESTIONS):
        yield dice.choice(KINDS)(dice.choice(rows), dice)


KINDS = (
    lambda row, dice: part(dice, row.name),
    lambda row, dice: part(dice, row.name),
    lambda row, dice: part(dice, pinyin_initials(row.name)),
    lambda row, dice: part(dice, pinyin_initials(row.name)).upper(),
    lambda row, dice: row.code[: dice.randint(4, 13)],
    lambda row, dice: row.mobile[-dice.randint(4, 11) :],
    lambda row, dice: row.phone.replace("-", "")[-dice.randint(4, 11) :],
    lambda row, dice: f"{dice.randint(0, 40):04d}",
    lambda row, dice: row.credit_code,
    lambda row, dice: f"6101{dice.randint(0, 130):08d}",
    lambda row, dice: row.aliases.get().code,
    lambda row, dice: dice.choice(NOWHERE),
)


def part(dice, text):
    begin = dice.randrange(len(text))
    return text[begin : begin + dice.randint(1, 5)]


def oracle(town, duty, typed):
    folded = fold(typed)
    digits = folded if folded.isdigit() else ""
    letters = folded if folded.isascii() and folded.isalnum() and not digits else ""
    values = {
        "org": town.bureau.org.pk,
        "me": town.people[duty].pk,
        "squad": town.squads[0].pk,
        "name": folded,
        "letters": letters,
        "digits": digits,
        "typed": typed,
        **{key: key in FINDS_BY.get(duty, ()) for key in (*EVERYTHING, "account")},
    }
    with connection.cursor() as cursor:
        cursor.execute(MATCH.format(scope=SCOPES[duty]), values)
        return {pk for (pk,) in cursor.fetchall()}


def listed(user, typed, order="code", **cuts):
    """Keys by the list's pages."""
    filters, after, ids = CustomerFilters(text=typed, equal=cuts), "", []
    while True:
        page = customers_page(
            user, CustomerPerm.VIEW, filters=filters, after=after, size=40, order=order
        )
        ids += [row.pk for row in page.rows]
        after = page.next
        if not after:
            return ids


WAYS = (
    {"SMALL": 30_000},
    {"SMALL": 0, "_BUDGETS": (5_000, 5_000)},
    {"SMALL": 0, "_BUDGETS": (0, 0)},
)
"""Everything read, a walk with a budget, tokens: what search chooses between."""


@pytest.mark.timeout(1800)
def test_search_and_list_name_the_rows_of_the_oracle(monkeypatch):
    """Every question as every role, each by one of the ways that search may choose."""
    dice = random.Random(20261122)  # noqa: S311  (repeatable on purpose)
    town = Town(dice)
    refresh_search_statistics()
    met = dict.fromkeys(SCOPES, 0)
    for number, typed in enumerate(questions(town, dice)):
        for name, value in WAYS[number % len(WAYS)].items():
            monkeypatch.setattr(search, name, value)
        answers = {}
        for duty, scope in SCOPES.items():
            kind = (scope, frozenset(FINDS_BY.get(duty, ())))
            if kind not in answers:
                answers[kind] = oracle(town, duty, typed)
            wanted, user = answers[kind], town.people[duty]
            found = search.search_keys(user, typed, search.Span(size=500)).ids
            assert (set(found), len(found)) == (wanted, len(wanted)), (duty, typed)
            if number % 10 == 0:
                assert listed(user, typed) == found, (duty, typed)
                squad = town.squads[0].pk
                rows = Customer.objects.filter(pk__in=wanted, area_id=squad)
                in_order = rows.order_by("-pinyin", "-code").values_list("pk", flat=True)
                monkeypatch.setattr(search, "MOST_SORTED", number % 20 * 100)
                assert listed(user, typed, "-name", area=squad) == list(in_order), (duty, typed)
            met[duty] += len(wanted)
    seeing = {duty for duty, scope in SCOPES.items() if scope != "FALSE"}
    assert {duty for duty, rows in met.items() if rows} == seeing
