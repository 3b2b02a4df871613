"""What printing needs is said at start (libs 3.9)."""

import subprocess

import pytest

from archive import checks


def test_a_machine_with_pango_and_a_chinese_font_has_nothing_to_hear(monkeypatch):
    monkeypatch.setattr(checks, "find_library", lambda name: "libpango-1.0.so.0")
    monkeypatch.setattr(checks, "has_chinese_font", lambda: True)
    assert checks.check_printing(app_configs=None) == []


def test_what_is_missing_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(checks, "find_library", lambda name: None)
    monkeypatch.setattr(checks, "has_chinese_font", lambda: False)
    found = checks.check_printing(app_configs=None)
    assert [message.id for message in found] == ["archive.W002", "archive.W001"]
    assert all("fonts-wqy-zenhei" in message.hint for message in found)


@pytest.mark.parametrize(("listed", "wanted"), [(b"Noto Serif CJK SC\n", True), (b"\n", False)])
def test_a_font_is_known_by_fontconfig(monkeypatch, listed, wanted):
    monkeypatch.setattr(checks.shutil, "which", lambda name: "/usr/bin/fc-list")
    done = subprocess.CompletedProcess([], 0, stdout=listed)
    monkeypatch.setattr(checks.subprocess, "run", lambda *args, **kwargs: done)
    assert checks.has_chinese_font() is wanted


def test_without_fontconfig_there_is_no_font(monkeypatch):
    monkeypatch.setattr(checks.shutil, "which", lambda name: None)
    assert checks.has_chinese_font() is False


def test_a_lister_that_hangs_counts_as_no_font(monkeypatch):
    def hang(*args, **kwargs):
        raise subprocess.TimeoutExpired("fc-list", 10)

    monkeypatch.setattr(checks.shutil, "which", lambda name: "/usr/bin/fc-list")
    monkeypatch.setattr(checks.subprocess, "run", hang)
    assert checks.has_chinese_font() is False
