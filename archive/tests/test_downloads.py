"""How bytes are answered (SEC-15; B250, B253)."""

import pytest

from archive.downloads import disposition_of, file_answer, wanted_range


def answer(header=""):
    return file_answer(
        b"0123456789", name="表.pdf", media_type="application/pdf", range_header=header
    )


def test_b250_a_chinese_name_travels_beside_a_plain_one():
    assert disposition_of("登记表 2026.pdf") == (
        "attachment; filename=\"2026.pdf\"; filename*=UTF-8''%E7%99%BB%E8%AE%B0%E8%A1%A8%202026.pdf"
    )
    assert disposition_of("𠮷.pdf") == (
        "attachment; filename=\"file.pdf\"; filename*=UTF-8''%F0%A0%AE%B7.pdf"
    )


def test_a_name_cannot_break_out_of_its_header():
    said = disposition_of('a"; x=y\r\nSet-Cookie: a.pdf')
    assert "\r" not in said
    assert said.count('"') == 2
    assert "Set-Cookie:" not in said


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-3", (0, 3)),
        ("bytes=4-", (4, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-99", (0, 9)),
        ("bytes=8-999999", (8, 9)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("items=0-3", None),
        ("bytes=" + ",".join(f"{n}-9" for n in range(1000)), None),
        ("bytes=0-" + "9" * 5000, None),
        ("bytes=a-b", None),
    ],
)
def test_b253_one_range_is_understood_and_everything_else_is_the_whole_file(header, wanted):
    assert wanted_range(header, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=999-1000", "bytes=-0"])
def test_b253_a_range_beyond_the_end_is_416(header):
    response = answer(header)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */10"
    assert response.content == b""


def test_a_part_says_which_part_it_is():
    response = answer("bytes=2-4")
    assert (response.status_code, response.content) == (206, b"234")
    assert response["Content-Range"] == "bytes 2-4/10"


def test_a_file_is_saved_never_shown_and_kept_by_no_cache():
    response = answer()
    assert (response.status_code, response.content) == (200, b"0123456789")
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    )
