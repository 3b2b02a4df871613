"""Reading CSV: encodings, delimiters, ragged lines. Corpus H of the bad inputs."""

import pytest

from crm.core.sheets import SheetRefused
from crm.core.tests.workbooks import read, refusal, values


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le-bom", "utf-16-be-bom"]
)
def test_b220_encodings_are_recognised(encoding):
    text = "客户名称,电话\r\n西安瑞吉,029-88888881\r\n延安商店,13800138000\r\n"
    boms = {
        "utf-16-le-bom": (b"\xff\xfe", "utf-16-le"),
        "utf-16-be-bom": (b"\xfe\xff", "utf-16-be"),
    }
    bom, codec = boms.get(encoding, (b"", encoding))
    (sheet,) = read(bom + text.encode(codec), "客户.csv")
    assert sheet.name == "客户"
    assert sheet.header == ("客户名称", "电话")
    assert values(sheet) == [("西安瑞吉", "029-88888881"), ("延安商店", "13800138000")]


def test_b220_rare_characters_survive_gb18030():
    (sheet,) = read("姓名,注\n王㐂䶮,𠮷€\n".encode("gb18030"), "a.csv")
    assert values(sheet) == [("王㐂䶮", "𠮷€")]


def test_b220_a_person_can_switch_the_encoding():
    raw = "名称,注\n涓枃,x\n".encode("gb18030")
    assert values(read(raw, "a.csv", encoding="gb18030")[0]) == [("涓枃", "x")]
    assert refusal(raw, "a.csv", encoding="utf-8-sig") == "encoding"
    assert refusal(raw, "a.csv", encoding="rot13") == "encoding"


def test_b221_mixed_encodings_are_refused_with_the_first_bad_line():
    lines = ["名称,注", "西安瑞吉通讯,x"]
    raw = "\n".join(lines).encode() + b"\n" + "延安,y".encode("gbk") + b"\n"
    with pytest.raises(SheetRefused, match="第 3 行"):
        read(raw, "a.csv")


def test_b221_bytes_that_fit_no_encoding_are_refused_with_their_line():
    with pytest.raises(SheetRefused, match="第 2 行"):
        read(b"a,b\n\xff\xff\xff,c\n", "a.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_are_recognised(delimiter):
    (sheet,) = read(delimiter.join("ab").encode() + b"\n" + delimiter.join("12").encode(), "a.csv")
    assert (sheet.header, values(sheet)) == (("a", "b"), [("1", "2")])


def test_ragged_lines_are_filled_and_longer_ones_are_not_cut():
    (sheet,) = read(b"a,b\n1\n1,2,3\n\n", "a.csv")
    assert sheet.header == ("a", "b", "")
    assert values(sheet) == [("1", "", ""), ("1", "2", "3")]


def test_b236_the_quote_of_our_own_export_is_taken_back():
    (sheet,) = read(b"a,b\n'=1+1,'tis\n'-5,'+86\n", "a.csv")
    assert values(sheet) == [("=1+1", "'tis"), ("-5", "+86")]


def test_a_quoted_line_break_stays_in_its_cell_and_an_endless_field_is_refused():
    assert values(read(b'a,b\n"x\ny",2\n', "a.csv")[0]) == [("x\ny", "2")]
    assert refusal(b"a,b\n" + b"x" * 200_000, "a.csv") == "broken"
