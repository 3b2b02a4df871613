"""Sorting by any column that is read: gaps last, ties by code, paging exact (UX-09, UX-18)."""

from datetime import date
from functools import partial
from itertools import pairwise

import pytest
from django.urls import reverse

from crm.identity.choices import Duty
from customers.access import LIMITED_ORDERS, ORDERS, count_for, customers_page, keys_for
from customers.choices import CustomerPerm, CustomerStatus
from customers.models import Customer
from customers.selectors.listing import COLUMNS
from customers.tests.browser import enter, text_of
from customers.tests.factories import RetailProfileFactory, region

pytestmark = pytest.mark.django_db
LIST = "/customers/"
SIZE = 2


@pytest.fixture
def few(repair, manager):
    """Seven customers with equal values, and values that some have not."""
    told = [
        {"address": "延安市宝塔区", "phone": "0911-2", "status": CustomerStatus.SUSPENDED},
        {"address": "", "phone": "", "city": region("610600")},
        {"address": "安塞区", "phone": "0911-2", "status": CustomerStatus.CANCELLED},
        {"address": "延安市宝塔区", "phone": "0911-1"},
        {"address": "", "phone": "0911-3", "customer_class": "b"},
        {"address": "宝鸡市", "phone": "0911-2", "customer_class": "a"},
        {"address": "安塞区", "phone": "", "customer_class": "b"},
    ]
    return [
        repair.customer(manager, name=f"第{at}户", may_order=False, **own)
        for at, own in enumerate(told)
    ]


def pages_of(user, order):
    """Keys page by page to the end, and back again from there."""
    ask = partial(customers_page, user, CustomerPerm.VIEW, order=order, size=SIZE)
    forth = [page := ask()]
    while page.next:
        forth.append(page := ask(after=page.next))
    back = [page]
    while page.previous:
        back.append(page := ask(after=page.previous))
    return [[[row.pk for row in one.rows] for one in way] for way in (forth, back[::-1])]


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("duty", [Duty.AM, Duty.MVP])
def test_every_order_pages_over_each_row_once_forth_and_back(repair, manager, few, duty, way):
    user = manager if duty == Duty.AM else repair.person(duty)
    for name in (*ORDERS, *LIMITED_ORDERS):
        order = f"{way}{name.removeprefix('-')}"
        forth, back = pages_of(user, order)
        rows = [pk for page in forth for pk in page]
        assert sorted(rows) == sorted(row.pk for row in few), order
        assert forth == back, order
        assert rows == keys_for(user, CustomerPerm.VIEW, order=order, most=50), order


def values_by(user, order, name):
    forth, _back = pages_of(user, order)
    by_key = Customer.objects.in_bulk()
    return [getattr(by_key[pk], name) for page in forth for pk in page]


def test_texts_stand_by_their_sound_and_empty_ones_last_both_ways(manager, few):
    up = values_by(manager, "address", "address")
    assert up == ["安塞区"] * 2 + ["宝鸡市"] + ["延安市宝塔区"] * 2 + [""] * 2
    down = values_by(manager, "-address", "address")
    assert down == ["延安市宝塔区"] * 2 + ["宝鸡市"] + ["安塞区"] * 2 + [""] * 2


def test_choices_stand_in_their_declared_order_and_equal_ones_by_code(manager, few):
    places = CustomerStatus.values
    up = values_by(manager, "status", "status")
    assert up == sorted(up, key=places.index)
    codes = values_by(manager, "status", "code")
    assert codes == [code for _s, code in sorted(zip(map(places.index, up), codes, strict=True))]


def test_a_date_that_a_customer_has_not_comes_last(tobacco):
    rows = [tobacco.customer(name=f"第{at}店") for at in range(4)]
    RetailProfileFactory(customer=rows[0], licence_valid_to=date(2027, 3, 1))
    RetailProfileFactory(customer=rows[1], licence_valid_to=None)
    RetailProfileFactory(customer=rows[2], licence_valid_to=date(2026, 3, 1))
    forth, _back = pages_of(tobacco.person(Duty.NET), "licence_valid_to")
    assert [pk for page in forth for pk in page] == [rows[at].pk for at in (2, 0, 1, 3)]


def test_every_column_of_the_list_has_an_order():
    assert {column.key for column in COLUMNS} <= {*ORDERS, *LIMITED_ORDERS}


def test_the_heading_says_which_way_and_turns_it(manager, few):
    client = enter(manager)
    client.post("/lists/customers/look/", {"columns": ["code", "name", "address"]})
    page = client.get(f"{LIST}?sort=address")
    assert 'aria-sort="ascending"' in text_of(page)
    heading = page.context["headings"][2]
    assert heading["url"] == "/customers/?sort=-address"


def test_too_many_rows_stand_by_code_and_the_page_says_so(manager, few, monkeypatch):
    """speed.md 3: no index serves this order, so it is not promised for more than a capped set."""
    client = enter(manager)
    asked = client.get(f"{LIST}?sort=address").context["page"]
    monkeypatch.setattr("customers.access.pages.count_for", partial(count_for, cap=5))
    page = client.get(f"{LIST}?sort=address")
    assert "不能按此列排序" in text_of(page)
    assert [row.pk for row in page.context["page"].rows] == sorted(row.pk for row in asked.rows)
    assert "aria-sort" in text_of(page)


def test_nobody_sorts_by_what_he_sees_masked(repair, few):
    client = enter(repair.person(Duty.MVP))
    client.post("/lists/customers/look/", {"columns": ["code", "name", "mobile"]})
    assert [bool(h["url"]) for h in client.get(LIST).context["headings"]] == [True, True, False]
    assert client.get(f"{LIST}?sort=mobile").status_code == 400


def test_the_next_customer_is_the_next_of_that_order(manager, few):
    """UX-18."""
    forth, _back = pages_of(manager, "-address")
    keys = [pk for page in forth for pk in page]
    client = enter(manager)
    for here, there in pairwise(keys):
        step = reverse("customers:step", args=[here, "next"])
        assert client.get(f"{step}?in=sort%3D-address").url.startswith(f"/customers/{there}/")
        step = reverse("customers:step", args=[there, "previous"])
        assert client.get(f"{step}?in=sort%3D-address").url.startswith(f"/customers/{here}/")
