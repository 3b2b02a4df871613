"""Pure arithmetic, and the vectors of domain 7 that this room uses."""

from datetime import date
from decimal import Decimal

import pytest

from crm.core.checkdigits import check_resident_id, check_uscc, customer_code, is_customer_code
from customers.formulas import (
    Load,
    Weighed,
    completeness_of,
    mean_percent,
    suggest_manager,
)
from customers.selectors.fields import MODELS
from customers.values import CELLS, BankAccount, cleaned


@pytest.mark.parametrize(
    ("city", "serial", "code"), [("4401", 1, "44010000000015"), ("6101", 15, "61010000000153")]
)
def test_the_code_vectors(city, serial, code):
    assert customer_code(city, serial) == code
    assert is_customer_code(code)


def test_the_certificate_vectors():
    day = date(2026, 11, 22)
    assert check_resident_id("11010519491231002X", day).number == "11010519491231002X"
    assert check_uscc("91350100M000100Y43") == "91350100M000100Y43"


def test_completeness_is_filled_weight_over_total_weight():
    """B-30."""
    parts = [
        Weighed("a", "甲", 10, is_filled=True),
        Weighed("b", "乙", 5, is_filled=False),
        Weighed("c", "丙", 20, is_filled=False),
        Weighed("d", "丁", 0, is_filled=False),
    ]
    score = completeness_of(parts)
    assert (score.percent, score.filled, score.total) == (28, 10, 35)
    assert [part.key for part in score.missing] == ["c", "b"]


def test_nothing_to_weigh_is_nil_and_only_full_is_a_hundred():
    assert completeness_of([]).percent == 0
    almost = [Weighed("a", "甲", 999, is_filled=True), Weighed("b", "乙", 1, is_filled=False)]
    assert completeness_of(almost).percent == 99


def test_a_rate_is_the_mean_with_one_decimal():
    assert mean_percent([]) == Decimal("0.0")
    assert mean_percent([100, 50, 50]) == Decimal("66.7")


@pytest.mark.parametrize(
    ("loads", "chosen"),
    [
        ([], None),
        ([Load(1, 5, Decimal(0))], None),
        ([Load(1, 4, Decimal(1)), Load(2, 6, Decimal(2))], 2),
        ([Load(2, 4, Decimal(1)), Load(1, 4, Decimal(1))], 1),
        ([Load(1, 0, Decimal(0)), Load(2, 9, Decimal(1))], 2),
    ],
)
def test_the_next_customer_goes_to_whoever_carries_least(loads, chosen):
    assert suggest_manager(loads) == chosen


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("customer.name", "　陕西省电信有限公司　", "陕西省电信有限公司"),
        ("customer.name", "𠮷野家商行", "𠮷野家商行"),
        ("customer.name", "null", "null"),
        ("customer.postcode", "７１００７５", "710075"),
        ("customer.phone", "029-8888 8888 转 802", "029-88888888-802"),
        ("customer.credit_code", "91350100m000100y43", "91350100M000100Y43"),
        ("customer.email", "", ""),
        ("contact.age", "38岁", 38),
        ("contact.age", "", None),
        ("retail.licence_no", "6106 1032 7428", "610610327428"),
        ("customer.status", "normal", "normal"),
    ],
)
def test_cells_are_folded_the_same_at_every_door(key, typed, kept):
    subject, _, name = key.partition(".")
    assert cleaned(subject, {name: typed}) == {name: kept}


def test_every_cell_names_a_field_that_exists():
    for key in CELLS:
        subject, _dot, name = key.partition(".")
        MODELS[subject]._meta.get_field(name)


def test_an_account_hides_its_number_in_words():
    account = BankAccount(bank="陕西信合", holder_name="何然雨", account_no="6222020200112233446")
    assert "62220202" not in f"{account} {account!r}"
