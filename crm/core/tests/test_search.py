"""Folding, keys, pinyin initials and tokens (speed.md 1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.core.search import (
    NAME_RANGE,
    PINYIN_RANGE,
    fold,
    loose_key,
    name_tokens,
    pinyin_initials,
    pinyin_tokens,
    strict_key,
    tokens,
)

NAMES = st.text(
    alphabet=st.one_of(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
        st.sampled_from("ABCxyz0123456789（）()·•《》 　-_%ＡｂＣ１㈱①國電陝"),
    ),
    max_size=30,
)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        pytest.param("中国电信（西安）", "中国电信西安", id="B005"),
        pytest.param("ＡＢＣ　Ｃｏ．１", "abcco.1", id="width-and-case"),
        pytest.param("㈱ﬁ①", "株fi1", id="B017"),
        pytest.param("陝西電信", "陕西电信", id="B025"),
        pytest.param("买买提•艾力", "买买提艾力", id="B008"),
        pytest.param("\ufeff西 安\u200b瑞吉", "西安瑞吉", id="B028"),
        pytest.param("cafe\u0301", "café", id="B016"),
        pytest.param("《“A”》【b】〔c〕", "abc", id="brackets"),
        pytest.param("100%_\\", "100%_\\", id="B112"),
        pytest.param("（）", "", id="nothing-left"),
    ],
)
def test_folding(name, folded):
    assert fold(name) == folded


@settings(deadline=None)
@given(NAMES)
def test_folding_twice_is_folding_once(name):
    assert fold(fold(name)) == fold(name)
    assert loose_key(name) == loose_key(fold(name))
    assert strict_key(strict_key(name)) == strict_key(name)


@settings(deadline=None)
@given(NAMES)
def test_names_equal_on_the_strict_key_are_equal_on_every_looser_one(name):
    wide = "".join(chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else mark for mark in name)
    assert strict_key(wide) == strict_key(name)
    assert fold(wide) == fold(name)
    assert loose_key(wide) == loose_key(name)


def test_b005_the_strict_key_takes_brackets_of_either_width_as_equal_but_keeps_them():
    assert strict_key("中国电信（西安）") == strict_key("中国 电信(西安)")
    assert strict_key("中国电信（西安）") != strict_key("中国电信西安")


def test_traditional_characters_clash_only_on_the_loose_key():
    assert strict_key("陝西電信") != strict_key("陕西电信")
    assert loose_key("陝西電信") == loose_key("陕西电信")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中国移动通信集团辽宁有限公司本溪（分公司）", "中国移动通信集团辽宁有限公司本溪分公司"),
        ("西安瑞吉通讯有限责任公司", "西安瑞吉通讯有限公司"),
        ("金达莱物流有限责任公司", "金达莱物流"),
    ],
)
def test_company_words_do_not_count_on_the_loose_key(one, other):
    assert strict_key(one) != strict_key(other)
    assert loose_key(one) == loose_key(other)


def test_a_name_of_company_words_alone_keeps_them():
    assert loose_key("集团有限公司") == "集团有限公司"


def test_different_branches_stay_different_on_the_loose_key():
    assert loose_key("中国联通河北石家庄分公司") != loose_key("中国联通河北分公司")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("重庆长安银行", "cqcayh"),
        ("厦门大厦", "xmds"),
        ("乐清市", "yqs"),
        ("六安", "la"),
        ("川口鑫家烟酒商行", "ckxjyjsh"),
        ("自行车行", "zxch"),
        ("西藏自治区", "xzzzq"),
        ("单县", "sx"),
        ("洪洞县", "htx"),
        ("漯河旅行社", "lhlxs"),
        ("朝阳区", "cyq"),
        ("长子县长安街", "zzxcaj"),
        ("乾县", "qx"),
        ("陝西電信", "sxdx"),
        ("重慶長安", "cqca"),
        ("ABC（西安）123", "abcxa123"),
        ("Ｋ１１优选", "k11yx"),
        ("买买提·艾力", "mmtal"),
        ("㛃䶮", "jy"),
        ("—…！", ""),
    ],
)
def test_pinyin_initials(name, letters):
    assert pinyin_initials(name) == letters


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("单雄信", "sxx"),
        ("仇英", "qy"),
        ("解缙", "xj"),
        ("查良镛", "zly"),
        ("曾国藩", "zgf"),
        ("朴树", "ps"),
        ("盖聂", "gn"),
        ("区寄", "oj"),
        ("尉迟恭", "ycg"),
        ("单于", "cy"),
        ("张三", "zs"),
        ("", ""),
    ],
)
def test_the_start_of_a_person_is_read_as_a_surname(name, letters):
    assert pinyin_initials(name, kind="person") == letters


def test_surnames_are_read_so_for_persons_only():
    assert pinyin_initials("仇英") == "cy"


@settings(deadline=None)
@given(NAMES)
def test_initials_are_plain_letters_and_digits(name):
    for kind in ("name", "person"):
        letters = pinyin_initials(name, kind=kind)
        assert letters == "" or (letters.isascii() and letters.isalnum())
        assert letters == letters.lower()


@settings(deadline=None)
@given(NAMES)
def test_tokens_fit_int4_are_sorted_and_do_not_repeat(name):
    found = tokens(name)
    assert found == sorted(set(found))
    assert all(0 <= token < 2**31 for token in found)


@settings(deadline=None)
@given(name=NAMES, data=st.data())
def test_every_part_of_a_name_finds_it(name, data):
    folded = fold(name)
    start = data.draw(st.integers(0, max(len(folded) - 2, 0)))
    length = data.draw(st.integers(2, 6))
    assert name_tokens(folded[start : start + length]) <= set(tokens(name))


@settings(deadline=None)
@given(name=NAMES, data=st.data())
def test_every_three_initials_in_a_row_find_it(name, data):
    initials = pinyin_initials(name)
    start = data.draw(st.integers(0, max(len(initials) - 3, 0)))
    assert pinyin_tokens(initials[start : start + 3]) <= set(tokens(name))


@settings(deadline=None)
@given(NAMES)
def test_a_bigram_is_never_taken_for_a_trigram_of_initials(name):
    assert all(token in NAME_RANGE for token in name_tokens(fold(name)))
    assert all(token in PINYIN_RANGE for token in pinyin_tokens(pinyin_initials(name)))
    assert not set(NAME_RANGE[:1]) & set(PINYIN_RANGE[:1])


def test_tokens_are_the_same_for_ever():
    """They lie in the database: a changed hash would make every name unfindable."""
    assert tokens("西安瑞吉") == [24555899, 994914537, 1036701390, 1178266423, 1733208588]


def test_short_texts_have_no_tokens():
    assert name_tokens("西") == set()
    assert pinyin_tokens("xa") == set()
    assert tokens("") == []
