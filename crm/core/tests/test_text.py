"""Cleaning of names and texts. Corpus A of the bad inputs; the test id is the corpus line."""

import pytest

from crm.core.text import (
    BadCell,
    CheckFailed,
    as_text,
    clean_line,
    clean_person_name,
    clean_text,
    count_characters,
    fold_width,
    is_blank,
    looks_alike_warning,
)


def refusal(clean, *args, **kwargs):
    with pytest.raises(CheckFailed) as caught:
        clean(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param("　陕西省电信有限公司　", "陕西省电信有限公司", id="B004"),
        pytest.param("𠮷野家商行", "𠮷野家商行", id="B010"),
        pytest.param("cafe\u0301", "café", id="B016"),
        pytest.param("㈱ﬁ①", "㈱ﬁ①", id="B017"),
        pytest.param("西安\t瑞吉", "西安 瑞吉", id="B022"),
        pytest.param("\ufeff西安瑞吉", "西安瑞吉", id="B028"),
        pytest.param("西安\u200b瑞吉\u2060", "西安瑞吉", id="zero-width"),
        pytest.param("西安　瑞吉\u00a0", "西安 瑞吉", id="inner-wide-space"),
    ],
)
def test_a_line_is_normalised_and_nothing_else_changes(typed, kept):
    assert clean_line(typed, 200) == kept


@pytest.mark.parametrize(
    "word", ["null", "None", "NULL", "undefined", "NaN", "true", "0", "=1+1", "<b>", "%_\\"]
)
def test_b023_words_that_look_like_nothing_are_names(word):
    assert clean_line(word, 200) == word


@pytest.mark.parametrize("typed", ["", " " * 20, "　", "\ufeff", "\t \n", None], ids=repr)
def test_b001_b002_blank_is_empty_and_refused_only_where_required(typed):
    assert is_blank(typed)
    assert clean_line(typed, 200) == ""
    assert refusal(clean_line, typed, 200, required=True).code == "required"


@pytest.mark.parametrize("value", ["0", 0, False, "x", BadCell("merged", "合并单元格")], ids=repr)
def test_what_can_be_read_is_not_blank(value):
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("typed", "code", "named"),
    [
        pytest.param("张三\u202ecod.exe", "direction", "U+202E", id="B013"),
        pytest.param("张三\u2066cod", "direction", "U+2066", id="B013-isolate"),
        pytest.param("张\x00三", "control", "U+0000", id="B014"),
        pytest.param("a\x0bb", "control", "U+000B", id="B029-vt"),
        pytest.param("a\x1b[2J", "control", "U+001B", id="B029-escape"),
        pytest.param("a\x85b", "control", "U+0085", id="B029-c1"),
        pytest.param("a\ud800b", "control", "U+D800", id="lone-surrogate"),
    ],
)
def test_hidden_marks_are_refused_by_name_in_lines_and_texts(typed, code, named):
    for clean in (clean_line, clean_text):
        problem = refusal(clean, typed, 200)
        assert problem.code == code
        assert named in problem.message


def test_b115_a_line_has_no_line_breaks_but_loses_those_at_its_ends():
    assert refusal(clean_line, "张三\r\n2026-01-01 INFO login ok", 200).code == "line_break"
    assert clean_line("\n张三\r\n", 200) == "张三"


def test_b019_too_long_names_the_limit_and_the_present_length():
    problem = refusal(clean_line, "啊" * 10_000, 200)
    assert problem.code == "too_long"
    assert problem.message == "最多 200 个字，现为 10000 个字"


def test_b020_a_remark_of_a_mebibyte_is_refused_without_repeating_it():
    assert len(refusal(clean_text, "x" * 2**20, 5000).message) < 60


def test_the_limit_itself_is_allowed():
    assert clean_line("啊" * 200, 200) == "啊" * 200


def test_a_text_keeps_its_lines_whatever_system_broke_them():
    assert clean_text(" 一\r\n二\r三\u2028四\t五 \n", 50) == "一\n二\n三\n四\t五"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("𠮷野家商行", 5, id="B010"),
        pytest.param("e\u0301", 1, id="accent"),
        pytest.param("👨‍👩‍👧", 1, id="family"),
        pytest.param("👍🏽好", 2, id="skin"),
        pytest.param("🇨🇳🇭🇰", 2, id="flags"),
        pytest.param("葛\U000e0100", 1, id="variant"),
        pytest.param("", 0, id="empty"),
    ],
)
def test_ux28_length_is_counted_as_people_count(text, count):
    assert count_characters(text) == count


def test_signs_of_many_parts_never_overflow_the_column():
    assert refusal(clean_line, "👨‍👩‍👧" * 5, 10).code == "too_long"
    assert clean_line("👨‍👩‍👧", 10) == "👨‍👩‍👧"


@pytest.mark.parametrize("dot", ["·", "•", "．", "・", "･", "‧", "∙", "⋅"])
def test_b007_b008_every_middle_dot_of_a_name_becomes_the_official_one(dot):
    assert clean_person_name(f"买买提{dot}艾力") == "买买提·艾力"


def test_a_full_stop_is_a_middle_dot_only_between_han_characters():
    assert clean_person_name("买买提.艾力") == "买买提·艾力"
    assert clean_person_name("J. Smith Jr.") == "J. Smith Jr."


@pytest.mark.parametrize("name", ["㛃", "䶮", "𫖯", "𬭎"])
def test_b011_rare_name_characters_stay(name):
    assert clean_person_name(f"王{name}") == f"王{name}"


def test_b026_a_cyrillic_letter_in_a_latin_name_is_pointed_out():
    assert "М" in looks_alike_warning("Мicrosoft")
    assert looks_alike_warning("西安АBC")


@pytest.mark.parametrize("name", ["Microsoft", "西安瑞吉", "Москва", "ＡＢＣ商行", "", "K11·优选"])
def test_names_in_one_script_are_not_suspected(name):
    assert looks_alike_warning(name) == ""


def test_ux29_width_is_folded_for_signs_of_the_keyboard_only():
    assert fold_width("ＡＢ１２－（）　！") == "AB12-() !"
    assert fold_width("①㈱") == "①㈱"


@pytest.mark.parametrize(
    ("cell", "text"), [(27.0, "27"), (13800138000.0, "13800138000"), (1.5, "1.5"), (7, "7")]
)
def test_b218_numbers_of_a_sheet_become_the_text_people_see(cell, text):
    assert as_text(cell) == text


@pytest.mark.parametrize("cell", [1.10105e17, 610102199001011234, -1e15])
def test_b217_long_numbers_have_lost_precision_and_are_not_guessed(cell):
    problem = refusal(as_text, cell)
    assert problem.code == "precision_lost"
    assert "已丢失精度" in problem.message


@pytest.mark.parametrize("value", [True, [1], {"a": 1}, float("nan"), float("inf")], ids=repr)
def test_b179_what_is_no_text_is_refused(value):
    assert refusal(as_text, value).code == "not_text"


def test_a_cell_without_a_knowable_value_speaks_for_itself():
    problem = refusal(clean_line, BadCell("formula_error", "公式出错"), 10)
    assert (problem.code, problem.message) == ("formula_error", "公式出错")
