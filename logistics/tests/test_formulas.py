"""Names of branches and days of routes (R-46, T-39)."""

import pytest

from logistics.formulas import join_branch_name, split_branch_name, weekdays_text


@pytest.mark.parametrize(
    ("name", "short_name", "city", "is_whole"),
    [
        ("金达莱-西安", "金达莱", "西安", True),
        (" 金达莱 - 西安 ", "金达莱", "西安", True),
        ("金达莱－西安", "金达莱", "西安", True),
        ("金达莱—西安", "金达莱", "西安", True),
        ("金达莱西安", "金达莱西安", "", False),
        ("金达莱-", "金达莱", "", False),
        ("-西安", "", "西安", False),
        ("金-达-莱", "", "", False),
        ("", "", "", False),
    ],
)
def test_r46_a_branch_name_is_short_name_and_city(name, short_name, city, is_whole):
    found = split_branch_name(name)
    assert (found.short_name, found.city, found.is_whole) == (short_name, city, is_whole)


def test_r46_the_two_halves_make_the_name_again():
    assert join_branch_name("金达莱", "西安") == "金达莱-西安"


def test_weekdays_are_kept_in_order_and_once():
    assert weekdays_text(["5", "1", "3", "1"]) == "135"
    assert weekdays_text([]) == ""
