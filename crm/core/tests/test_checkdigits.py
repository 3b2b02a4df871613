"""Numbers with check digits: the vectors of B-32 and B-56 and corpus B of the bad inputs."""

import re
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.core.checkdigits import (
    AccountKind,
    CheckFailed,
    check_bank_account,
    check_licence_no,
    check_resident_id,
    check_uscc,
    customer_code,
    is_customer_code,
    luhn_digit,
)

TODAY = date(2026, 11, 22)


def refusal(check, *args):
    with pytest.raises(CheckFailed) as caught:
        check(*args)
    return caught.value


def resident_number(body):
    """Put the right check digit behind 17 digits, written independently of the code under test."""
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    rest = sum(int(mark) * weight for mark, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[rest]


# --- B-32 customer code


@pytest.mark.parametrize(
    ("city", "serial", "code"),
    [("4401", 1, "44010000000015"), ("6101", 15, "61010000000153")],
)
def test_b_32_vectors_of_the_customer_code(city, serial, code):
    assert customer_code(city, serial) == code
    assert is_customer_code(code)


@settings(deadline=None)
@given(city=st.integers(1000, 9999), serial=st.integers(1, 999_999_999), place=st.integers(0, 13))
def test_b_32_every_code_is_valid_and_one_wrong_digit_is_always_noticed(city, serial, place):
    code = customer_code(str(city), serial)
    assert len(code) == 14
    assert is_customer_code(code)
    other = str((int(code[place]) + 1) % 10)
    assert not is_customer_code(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "44010000000016",
        "4401000000001",
        "440100000000150",
        "4401000000001x",
        "４４０１０００００００１５０",
    ],
)
def test_b065_other_texts_are_no_customer_code(text):
    assert not is_customer_code(text)


@pytest.mark.parametrize(
    ("city", "serial"), [("440", 1), ("44a1", 1), ("4401", 0), ("4401", 10**9)]
)
def test_a_code_cannot_be_made_from_anything_else(city, serial):
    with pytest.raises(ValueError, match=r"four digits|nine digits"):
        customer_code(city, serial)


def test_luhn_works_on_plain_digits_only():
    assert luhn_digit("7992739871") == 3
    with pytest.raises(ValueError, match="plain digits"):
        luhn_digit("79９")


# --- B-56 unified social credit code


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("91350100M000100Y43", id="B-56"),
        pytest.param("９１３５０１００Ｍ０００１００Ｙ４３", id="B037"),
        pytest.param(" 91350100m000100y43 ", id="lower-case"),
        pytest.param("91350100 M000100Y43", id="inner-space"),
    ],
)
def test_a_right_credit_code_is_folded(typed):
    assert check_uscc(typed) == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("typed", "code", "part"),
    [
        pytest.param("91350100M000100Y4Z", "check_digit", "校验位", id="B034"),
        pytest.param("91350100M000100Y44", "check_digit", "校验位", id="wrong-digit"),
        pytest.param("91350100M00O100Y43", "alphabet", "第 12 位", id="B035"),
        pytest.param("91350100M00#100Y43", "alphabet", "第 12 位", id="sign"),
        pytest.param("110105000000001", "legacy_registration", "旧注册号", id="B038"),
        pytest.param("9135010AM000100Y43", "region", "第 3 至 8 位", id="region"),
        pytest.param("", "length", "现为 0 位", id="empty"),
        pytest.param(9.1350100e17, "precision_lost", "已丢失精度", id="number"),
    ],
)
def test_a_wrong_credit_code_says_what_to_do(typed, code, part):
    problem = refusal(check_uscc, typed)
    assert problem.code == code
    assert part in problem.message


def test_ux_23_the_length_is_told_as_the_checklist_words_it():
    problem = refusal(check_uscc, "91350100M000100Y4")
    assert problem.message == "统一社会信用代码应为 18 位，现为 17 位"


# --- B-56 resident id


def test_b_56_vector_of_the_resident_id():
    found = check_resident_id("11010519491231002x", TODAY)
    assert found.number == "11010519491231002X"
    assert found.birth == date(1949, 12, 31)
    assert found.sex == "female"
    assert found.region6 == "110105"
    assert found.age_on(TODAY) == 76
    assert found.age_on(date(2026, 12, 31)) == 77


@pytest.mark.parametrize(
    "typed",
    ["110105 19491231 002X", "110105-19491231-002x", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_b046_spaces_and_hyphens_and_width_are_folded(typed):
    assert check_resident_id(typed, TODAY).number == "11010519491231002X"


@pytest.mark.parametrize(
    "region",
    ["450181", "659011", "500157", "653228", "330113", "500105", "110000", "810000", "820000",
     "830000", "911156"],
)  # fmt: skip
def test_g3_no_county_is_ever_refused_nor_residence_permits_nor_foreign_cards(region):
    assert check_resident_id(resident_number(f"{region}19900101001"), TODAY).region6 == region


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("110105194912310021", "check_digit", id="B040"),
        pytest.param("110101190002290011", "birth_date", id="B041"),
        pytest.param(resident_number("11010520261123001"), "birth_date", id="B043-tomorrow"),
        pytest.param(resident_number("11010518761122001"), "birth_date", id="B043-150"),
        pytest.param(resident_number("10010519900101001"), "region", id="B044-10"),
        pytest.param("999999199001010016", "region", id="B044"),
        pytest.param("E12345678", "other_document", id="B047-passport"),
        pytest.param("H12345678", "other_document", id="B047-hong-kong"),
        pytest.param("12345678", "other_document", id="B047-taiwan"),
        pytest.param("110105491231002", "length", id="old-15"),
        pytest.param("1101051949123100XX", "format", id="x-inside"),
        pytest.param(1.10105e17, "precision_lost", id="B217"),
    ],
)
def test_a_wrong_resident_id_is_refused(typed, code):
    assert refusal(check_resident_id, typed, TODAY).code == code


def test_b043_the_oldest_that_passes_is_149_and_born_today_passes():
    assert check_resident_id(resident_number("11010518761123001"), TODAY).age_on(TODAY) == 149
    assert check_resident_id(resident_number("11010520261122001"), TODAY).age_on(TODAY) == 0


def test_b047_the_message_names_the_document_to_choose():
    assert "“护照”" in refusal(check_resident_id, "E12345678", TODAY).message
    assert "“港澳居民来往内地通行证”" in refusal(check_resident_id, "H12345678", TODAY).message


def test_a_message_never_repeats_the_number():
    for typed in ("110105194912310021", "110101190002290011", "1101051949123100XX"):
        assert typed[:6] not in refusal(check_resident_id, typed, TODAY).message


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_either_a_resident_id_or_a_refusal(text):
    with suppress(CheckFailed):
        assert re.fullmatch("[0-9]{17}[0-9X]", check_resident_id(text, TODAY).number)


# --- bank accounts and licences


def test_b050_a_personal_card_with_a_right_luhn_digit_passes():
    assert check_bank_account("6222020000000000000", "personal") == "6222020000000000000"
    assert check_bank_account("6222 0200-0000 0000 000", "personal") == "6222020000000000000"


def test_b052_a_corporate_account_need_not_follow_luhn():
    assert check_bank_account("3700012345678901235", AccountKind.CORPORATE)
    problem = refusal(check_bank_account, "3700012345678901235", AccountKind.PERSONAL)
    assert problem.code == "check_digit"


@pytest.mark.parametrize("kind", list(AccountKind))
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("6222o20000000000", "format", id="B053-letters"),
        pytest.param("6222020", "length", id="B053-7"),
        pytest.param("6" * 31, "length", id="B053-31"),
        pytest.param("", "length", id="empty"),
        pytest.param("**** **** **** 0000", "format", id="masked"),
        pytest.param(6.22202e18, "precision_lost", id="number"),
    ],
)
def test_b053_other_accounts_are_refused(typed, code, kind):
    assert refusal(check_bank_account, typed, kind).code == code


def test_eight_and_thirty_digits_are_the_ends_of_the_range():
    assert check_bank_account("12345678", "corporate") == "12345678"
    assert check_bank_account("1" * 30, "corporate") == "1" * 30


def test_an_unknown_kind_of_account_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="AccountKind"):
        check_bank_account("12345678", "other")


@pytest.mark.parametrize("typed", ["610610327428", " ６１０６１０３２７４２８ ", 610610327428.0])
def test_a_licence_number_has_twelve_digits(typed):
    assert check_licence_no(typed) == "610610327428"


@pytest.mark.parametrize(("typed", "code"), [("61061032742", "length"), ("6106103274XX", "format")])
def test_other_licence_numbers_are_refused(typed, code):
    assert refusal(check_licence_no, typed).code == code
