"""Cells to values: corpus B (phones, mail) and C (dates, numbers) of the bad inputs."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.core.parsing import (
    clean_age,
    parse_date,
    parse_decimal,
    parse_email,
    parse_int,
    parse_mobile,
    parse_phone,
    parse_postcode,
)
from crm.core.text import BadCell, CheckFailed

LEAP_DAY = date(2024, 2, 29)
PARSERS = [
    parse_date,
    parse_mobile,
    parse_phone,
    parse_postcode,
    parse_email,
    parse_decimal,
    parse_int,
    clean_age,
]


def refusal(parse, *args, **kwargs):
    with pytest.raises(CheckFailed) as caught:
        parse(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("value", ["", "  ", "　", None], ids=repr)
def test_blank_is_refused_as_required(parse, value):
    assert refusal(parse, value).code == "required"


@pytest.mark.parametrize("parse", PARSERS)
def test_b215_a_broken_cell_is_refused_with_its_own_reason(parse):
    assert refusal(parse, BadCell("formula_error", "公式出错")).message == "公式出错"


@pytest.mark.parametrize("parse", PARSERS)
@settings(deadline=None)
@given(value=st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.booleans(), st.none()))
def test_whatever_stands_in_a_cell_is_parsed_or_refused_never_a_crash(parse, value):
    with suppress(CheckFailed):
        assert parse(value) is not None


# --- dates


@pytest.mark.parametrize(
    "typed",
    ["2024-02-29", "2024/2/29", "2024.2.29", "2024年2月29日", "2024年2月29号", "20240229",
     "２０２４－０２－２９", " 2024 - 2 - 29 ", 20240229.0, LEAP_DAY,
     datetime.fromisoformat("2024-02-29 08:30")],
    ids=repr,
)  # fmt: skip
def test_b076_a_date_may_be_written_in_all_these_ways(typed):
    assert parse_date(typed) == LEAP_DAY


@pytest.mark.parametrize("typed", ["24-2-9", "02/03/04", "2/9/2024", "24.2.9", "24年2月9日"])
def test_b077_an_ambiguous_date_is_refused(typed):
    assert refusal(parse_date, typed).code == "ambiguous"


@pytest.mark.parametrize("typed", ["45351", 45351, 45351.0, "45351.5"], ids=repr)
def test_b079_an_excel_serial_is_refused_with_the_day_it_may_be(typed):
    problem = refusal(parse_date, typed)
    assert problem.code == "excel_serial"
    assert "像 Excel 序号" in problem.message
    assert "2024-02-29" in problem.message


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2025-01-01T00:00:00+14:00", date(2024, 12, 31)),
        ("2024-12-31T16:00:00Z", date(2025, 1, 1)),
        ("2024-12-31T23:00:00", date(2024, 12, 31)),
        (datetime(2024, 12, 31, 16, tzinfo=UTC), date(2025, 1, 1)),
        (datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=14))), date(2024, 12, 31)),
    ],
)
def test_b082_a_moment_is_taken_to_shanghai_first(typed, day):
    assert parse_date(typed) == day


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("2023-02-29", "not_a_date"),
        ("2024-13-01", "not_a_date"),
        ("2024-02", "not_a_date"),
        ("明天", "not_a_date"),
        ("0001-01-01", "year"),
        ("9999-12-31", "year"),
        ("0001-01-01T00:00:00+08:00", "year"),
        ("2024-02-30T00:00:00Z", "not_a_date"),
        (date(1899, 12, 31), "year"),
        ("٢٠٢٤-٠٢-٢٩", "not_a_date"),
        (True, "not_text"),
    ],
)
def test_other_dates_are_refused(typed, code):
    assert refusal(parse_date, typed).code == code


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_survives_being_written_and_read(day):
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day.year}年{day.month}月{day.day}日") == day


# --- phones


@pytest.mark.parametrize(
    "typed",
    ["+86 138-0013-8000", "１３８００１３８０００", "138 0013 8000", "8613800138000",
     "008613800138000", 13800138000.0, 13800138000],
    ids=repr,
)  # fmt: skip
def test_b056_b218_a_mobile_number_is_eleven_plain_digits(typed):
    assert parse_mobile(typed) == "13800138000"


@pytest.mark.parametrize(
    ("typed", "code", "part"),
    [
        ("1380013800", "length", "应为 11 位，现为 10 位"),
        ("138001380000", "length", "现为 12 位"),
        ("12800138000", "format", "13 至 19"),
        ("138o0138000", "format", "数字"),
        ("138****8000", "format", "数字"),
        (1.38e16, "precision_lost", "已丢失精度"),
    ],
)
def test_other_mobile_numbers_are_refused(typed, code, part):
    problem = refusal(parse_mobile, typed)
    assert problem.code == code
    assert part in problem.message


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        pytest.param("029-88888888-802", "029-88888888-802", id="B058-extension"),
        pytest.param("0371－66666666", "0371-66666666", id="B058-width"),
        pytest.param("400-050-0827", "400-050-0827", id="B058-400"),
        pytest.param("4000500827", "400-050-0827", id="400-bare"),
        pytest.param("+86 138-0013-8000", "13800138000", id="B056"),
        pytest.param("(029)88888881", "029-88888881", id="brackets"),
        pytest.param("（0371）66666661转802", "0371-66666661-802", id="wide-brackets"),
        pytest.param("02988888881", "029-88888881", id="bare"),
        pytest.param("037166666661", "0371-66666661", id="bare-four"),
        pytest.param("+86-29-88888881", "029-88888881", id="country-code"),
        pytest.param("0086 400 050 0827", "400-050-0827", id="country-code-400"),
        pytest.param("059-80938905", "059-80938905", id="shape-not-area-code"),
        pytest.param("029—88888881", "029-88888881", id="dash"),
    ],
)
def test_a_phone_number_is_normalised(typed, value):
    assert parse_phone(typed).value == value


@pytest.mark.parametrize("typed", ["029-88888881", "13800138000", "400-050-0827"])
def test_usual_numbers_raise_no_doubt(typed):
    assert parse_phone(typed).warnings == ()


@pytest.mark.parametrize(
    ("typed", "doubt"),
    [
        pytest.param("110", "short_code", id="B059-110"),
        pytest.param("00000000", "suspicious", id="B059-zeros"),
        pytest.param("95598", "short_code", id="short"),
        pytest.param("88888881", "no_area_code", id="local"),
        pytest.param("+852 2345 6789", "foreign", id="abroad"),
    ],
)
def test_b059_odd_numbers_pass_with_a_doubt(typed, doubt):
    found = parse_phone(typed)
    assert [one.code for one in found.warnings] == [doubt]
    assert found.warnings[0].message


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("029-88888888/13800138000", "several_numbers"),
        ("02988888881、02988888882", "several_numbers"),
        ("电话不详", "format"),
        ("12", "format"),
        ("1380013800", "format"),
        ("0298888", "format"),
        ("029-****8888", "format"),
    ],
)
def test_other_phone_numbers_are_refused(typed, code):
    assert refusal(parse_phone, typed).code == code


# --- postcode and mail


@pytest.mark.parametrize("typed", ["710068", "７１００６８", "710 068", 710068.0, 710068], ids=repr)
def test_a_postcode_has_six_digits(typed):
    assert parse_postcode(typed) == "710068"


def test_b218_a_postcode_that_lost_its_zero_is_not_guessed():
    problem = refusal(parse_postcode, 10000.0)
    assert problem.message == "邮政编码应为 6 位，现为 5 位，可能丢了开头的 0"
    assert refusal(parse_postcode, "7100688").message == "邮政编码应为 6 位，现为 7 位"
    assert refusal(parse_postcode, "71006O").code == "format"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("u0@example.com.cn", "u0@example.com.cn"),
        ("Zhang.San+a@Example.CN", "Zhang.San+a@example.cn"),
        ("ｕ０＠example.cn", "u0@example.cn"),
        pytest.param("zhang@例子.中国", "zhang@例子.中国", id="B061-domain"),
    ],
)
def test_mail_addresses_are_kept_with_a_small_domain(typed, kept):
    assert parse_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("a@b.cn\nBcc: x@y.cn", id="B062"),
        pytest.param("a@b.cn\r\n\r\nx", id="B062-body"),
        pytest.param("a@b.cn\x0bBcc", id="B062-control"),
        pytest.param("张三@例子.中国", id="B061-local"),
        *[
            "not-an-email",
            "a@b",
            "a@@b.cn",
            "a@b..cn",
            "a@-b.cn",
            ".a@b.cn",
            "a.@b.cn",
            "a..b@c.cn",
        ],
        *["a b@c.cn", "a@b.cn,c@d.cn", "<a@b.cn>", "z***@example"],
    ],
)
def test_other_mail_addresses_are_refused(typed):
    assert refusal(parse_email, typed).code in {"format", "line_break", "control"}


# --- numbers


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("￥1,234.50元", "1234.50"),
        ("１２３４．５０", "1234.50"),
        ("+5", "5.00"),
        ("-3.1", "-3.10"),
        (0.1, "0.10"),
        (167000.0, "167000.00"),
        (0.1 + 0.2, "0.30"),
        (Decimal("12.30"), "12.30"),
        (7, "7.00"),
        ("1.2300", "1.23"),
    ],
)
def test_amounts_are_exact_to_the_cent(typed, value):
    assert str(parse_decimal(typed)) == value


@pytest.mark.parametrize("typed", ["-0", "-0.00", -0.0], ids=repr)
def test_b083_minus_nought_is_nought(typed):
    assert str(parse_decimal(typed)) == "0.00"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *[
            pytest.param(text, "format", id=f"B083-{text}")
            for text in [
                "1e400",
                "Infinity",
                "-inf",
                "NaN",
                "0x10",
                "1_000",
                "1,23",
                "--1",
                "1.",
                "٣",
            ]
        ],
        pytest.param(Decimal("NaN"), "format", id="B083-decimal-nan"),
        pytest.param(float("inf"), "not_text", id="B083-float-inf"),
        pytest.param("壹仟贰佰叁拾肆元伍角陆分", "capitals", id="B085"),
        pytest.param("1.234", "places", id="places"),
        pytest.param("1." + "0" * 30 + "1", "places", id="places-far"),
        pytest.param("9" * 16, "too_large", id="too-large"),
        pytest.param("9" * 500, "too_large", id="huge"),
        pytest.param(1e15, "precision_lost", id="B217"),
    ],
)
def test_other_amounts_are_refused(typed, code):
    assert refusal(parse_decimal, typed).code == code


def test_b086_the_limits_are_named():
    assert refusal(parse_decimal, "-1", minimum=Decimal(0)).message == "不能小于 0"
    assert refusal(parse_decimal, "101", maximum=Decimal(100)).message == "不能大于 100"
    assert refusal(parse_int, "0", minimum=1).code == "minimum"


@settings(deadline=None)
@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_b089_every_amount_survives_being_written_and_read(amount):
    assert parse_decimal(str(amount)) == amount
    assert parse_decimal(f"{amount:,}") == amount


def test_b089_splits_summed_ten_thousand_times_stay_exact():
    assert sum(parse_decimal(0.1) + parse_decimal(0.2) for _time in range(10_000)) == Decimal(3000)


@pytest.mark.parametrize(("typed", "value"), [("27", 27), (27.0, 27), ("1,000", 1000), ("-0", 0)])
def test_whole_numbers(typed, value):
    assert parse_int(typed) == value


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("3.5", "not_whole", id="B091"),
        pytest.param(3.5, "not_whole", id="B091-float"),
        pytest.param("9223372036854775808", "maximum", id="B088"),
        pytest.param("9" * 5000, "format", id="huge"),
        pytest.param("二百", "format", id="words"),
        pytest.param(True, "not_text", id="B166-bool"),
    ],
)
def test_other_whole_numbers_are_refused(typed, code):
    assert refusal(parse_int, typed).code == code


def test_b088_the_greatest_bigint_still_passes():
    assert parse_int("9223372036854775807") == 2**63 - 1


@pytest.mark.parametrize(
    ("typed", "age"), [(27.0, 27), ("27", 27), ("２７岁", 27), (0, 0), (149, 149)]
)
def test_ages(typed, age):
    assert clean_age(typed) == age


@pytest.mark.parametrize("typed", ["二百", 150, -1, "27.5", "abc"])
def test_other_ages_are_refused_in_one_sentence(typed):
    problem = refusal(clean_age, typed)
    assert (problem.code, problem.message) == ("age", "年龄应为 0 至 149 的整数")
