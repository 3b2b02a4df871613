"""The slips between two names (B-14)."""

import pytest

from crm.core.likeness import Slip, corrections, slip_between, without_one
from crm.core.search import same_sound


@pytest.mark.parametrize(
    ("typed", "slip"),
    [
        ("长乐烟酒店", Slip.SAME),
        ("乐长烟酒店", Slip.SWAP),
        ("长乐烟店酒", Slip.SWAP),
        ("长乐乐烟酒店", Slip.DOUBLE),
        ("长长乐烟酒店", Slip.DOUBLE),
        ("长乐烟酒店店", Slip.DOUBLE),
        ("长乐烟酒", Slip.SIGN),
        ("乐烟酒店", Slip.SIGN),
        ("长乐新烟酒店", Slip.SIGN),
        ("常乐烟酒店", Slip.SOUND),
        ("常乐烟久店", Slip.SOUND),
        ("永乐烟酒店", None),
        ("店乐烟酒长", None),
        ("长乐烟", None),
        ("乐烟酒店新", None),
        ("", None),
    ],
)
def test_one_slip_is_named_both_ways_and_two_are_none(typed, slip):
    assert slip_between(typed, "长乐烟酒店") == slip
    assert slip_between("长乐烟酒店", typed) == slip


def test_every_correction_is_one_slip_away():
    """What stands here is looked up by its key: the original of a swap or of a sign too many."""
    found = corrections("甲乙丙丁")
    assert found == {"乙丙丁", "甲丙丁", "甲乙丁", "甲乙丙", "乙甲丙丁", "甲丙乙丁", "甲乙丁丙"}
    assert list(without_one("甲甲乙")) == ["甲乙", "甲甲"]
    assert corrections("") == set()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("电信", "典信", True),
        ("女装", "女庄", True),
        ("绿", "路", False),
        ("电信", "电", False),
        ("㐂A1", "㐂A1", True),
        ("㐂", "喜", False),
        ("", "", True),
    ],
)
def test_signs_sound_alike_whatever_their_tones(one, other, alike):
    assert same_sound(one, other) is alike
