"""Masks of trust 2.6, and that a masked value posted back is known again (B049)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.core.masking import (
    is_masked,
    mask_account,
    mask_address,
    mask_email,
    mask_mobile,
    mask_person,
    mask_phone,
    mask_resident_id,
)

MASKS = [
    (mask_mobile, "13800138000", "138****8000"),
    (mask_mobile, "029-88881234", "029-****1234"),
    (mask_phone, "13800138000", "138****8000"),
    (mask_phone, "029-88881234", "029-****1234"),
    (mask_phone, "029-88881234-802", "029-****1234-***"),
    (mask_phone, "400-050-0827", "****0827"),
    (mask_phone, "400-050-0827-12", "****0827-***"),
    (mask_phone, "95598", "****98"),
    (mask_resident_id, "610102199001010018", "610***********0018"),
    (mask_resident_id, "11010519491231002X", "110***********002X"),
    (mask_resident_id, "E12345678", "E****5678"),
    (mask_resident_id, "E1234", "E****"),
    (mask_account, "6222020000000000000", "**** **** **** 0000"),
    (mask_account, "0000", "**** **** **** 0000"),
    (mask_person, "张三丰", "张*"),
    (mask_person, "𠮷野", "𠮷*"),
    (mask_email, "zhang@example.cn", "z***@example.cn"),
    (mask_address, "陕西省延安市宝塔区川口镇北街253号", "陕西省延安市宝塔区***"),
    (mask_address, "延安市宝塔区川口镇北街253号", "延安市宝塔区***"),
    (mask_address, "上海市浦东新区张江路1号", "上海市浦东新区***"),
    (mask_address, "内蒙古自治区乌兰察布市中山路83号", "内蒙古自治区乌兰察布市***"),
    (mask_address, "重庆市石柱土家族自治县南宾镇1号", "重庆市石柱土家族自治县***"),
    (mask_address, "货运站1号", "***"),
]
FUNCTIONS = sorted({mask for mask, _value, _shown in MASKS}, key=lambda mask: mask.__name__)


@pytest.mark.parametrize(("mask", "value", "shown"), MASKS)
def test_masks_show_what_the_table_of_data_classes_allows(mask, value, shown):
    assert mask(value) == shown


@pytest.mark.parametrize(("mask", "value", "shown"), MASKS)
def test_b049_a_mask_posted_back_is_known_again(mask, value, shown):
    assert is_masked(shown)
    assert is_masked(f" {shown.replace('*', '＊')} ")
    assert not is_masked(value)


@pytest.mark.parametrize("mask", FUNCTIONS)
def test_nothing_stays_nothing(mask):
    assert mask("") == ""


@pytest.mark.parametrize("text", ["", "*", "**", "13*00138000", "五星*级商店", "a*b@c.cn", "138"])
def test_a_star_alone_makes_no_mask(text):
    assert not is_masked(text)


@settings(deadline=None)
@given(st.text(alphabet="0123456789", min_size=11, max_size=30))
def test_never_more_than_seven_digits_of_a_number_are_shown(number):
    for mask in (mask_mobile, mask_phone, mask_resident_id, mask_account):
        assert sum(mark.isdigit() for mark in mask(number)) <= 7


@settings(deadline=None)
@given(st.text(min_size=2, max_size=60).filter(lambda text: "*" not in text))
def test_any_text_can_be_masked_and_loses_its_end(text):
    for mask in FUNCTIONS:
        assert "*" in mask(text)
    assert mask_person(text) == f"{text[0]}*"
