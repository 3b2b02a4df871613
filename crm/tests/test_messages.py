"""The scripts behind `make messages` and `make messages-check`, on a small house of their own."""

import gettext
import importlib.util
import re
import sys
from pathlib import Path

import polib
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
PAGE = """{% load i18n %}
<main>
    <h1>{% translate "客户列表" %}</h1>
  {% blocktranslate count number=n trimmed %}
      共 {{ number }} 位客户
    {% plural %}
      共 {{ number }} 位客户们
  {% endblocktranslate %}
  <p title="{{ _("电话")|lower }}">纯文字</p>
</main>
"""
CODE = """
from django.utils.translation import gettext_lazy as _, pgettext
LABEL = _("客户代码")
LONG = _("请先填写"
         "客户名称 %(name)s")
CLASS = pgettext("class", "级")
"""


def load(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def extract(tmp_path, monkeypatch):
    module = load("extract_messages")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOCALE", tmp_path / "locale")
    for place, text in {
        "customers/forms.py": CODE,
        "customers/tests/test_forms.py": 'from x import _\n_("只在测试里")\n',
        "customers/migrations/0001_initial.py": 'from x import _\n_("只在迁移里")\n',
        "templates/customers/list.html": PAGE,
        "locale/zh_Hans/LC_MESSAGES/django.po": 'msgid "Locked Out"\nmsgstr "锁定状态"\n',
    }.items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return module


def english(tmp_path):
    return polib.pofile(str(tmp_path / "locale/en/LC_MESSAGES/django.po"))


def translate_all(tmp_path):
    catalogue = english(tmp_path)
    for entry in catalogue:
        text = "Please give %(name)s" if "%(name)s" in entry.msgid else "Customers"
        if entry.msgid_plural:
            entry.msgstr_plural = {0: "one customer", 1: "%(number)s customers"}
        else:
            entry.msgstr = text
    catalogue.save()


def test_python_and_templates_are_read_tests_and_migrations_are_not(extract, tmp_path):
    assert extract.main([]) == 0

    entries = {(entry.msgctxt, entry.msgid): entry for entry in english(tmp_path)}
    assert set(entries) == {
        (None, "客户代码"),
        (None, "请先填写客户名称 %(name)s"),
        ("class", "级"),
        (None, "客户列表"),
        (None, "共 %(number)s 位客户"),
        (None, "电话"),
    }
    assert entries[None, "共 %(number)s 位客户"].msgid_plural == "共 %(number)s 位客户们"
    assert entries[None, "客户列表"].occurrences == [("templates/customers/list.html", "")]


def test_a_second_extraction_keeps_translations_and_changes_nothing(extract, tmp_path):
    extract.main([])
    translate_all(tmp_path)
    before = english(tmp_path)

    extract.main([])

    assert [(entry.msgid, entry.msgstr) for entry in english(tmp_path)] == [
        (entry.msgid, entry.msgstr) for entry in before
    ]
    assert extract.main(["--check"]) == 0


def test_the_chinese_file_written_by_hand_is_left_alone(extract, tmp_path):
    path = tmp_path / "locale/zh_Hans/LC_MESSAGES/django.po"
    before = path.read_bytes()
    extract.main([])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda entry: setattr(entry, "msgstr", ""), "no translation: 客户代码"),
        (lambda entry: entry.flags.append("fuzzy"), "fuzzy: 客户代码"),
        (lambda entry: setattr(entry, "msgid", "别的"), "missing: 客户代码"),
        (lambda entry: setattr(entry, "msgid", "别的"), "left over: 别的"),
        (lambda entry: setattr(entry, "msgstr", "%(code)s"), "placeholders differ: 客户代码"),
    ],
)
def test_the_check_names_each_fault(extract, tmp_path, capsys, spoil, complaint):
    extract.main([])
    translate_all(tmp_path)
    catalogue = english(tmp_path)
    spoil(next(entry for entry in catalogue if entry.msgid == "客户代码"))
    catalogue.save()

    assert extract.main(["--check"]) == 1
    assert complaint in capsys.readouterr().err


def test_a_text_that_is_gone_leaves_the_catalogue(extract, tmp_path):
    extract.main([])
    translate_all(tmp_path)
    (tmp_path / "customers/forms.py").write_text(CODE.replace("客户代码", "客户编号"))
    assert extract.main(["--check"]) == 1

    extract.main([])

    texts = {entry.msgid: entry.msgstr for entry in english(tmp_path)}
    assert "客户代码" not in texts
    assert texts["客户编号"] == ""
    assert texts["客户列表"] == "Customers"


def test_compiled_catalogues_speak_and_are_made_once(tmp_path, monkeypatch, capsys):
    compile_messages = load("compile_messages")
    monkeypatch.setattr(compile_messages, "ROOT", tmp_path)
    folder = tmp_path / "locale/en/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "客户"\nmsgstr "Customer"\n'
    )

    assert compile_messages.main() == 0
    assert compile_messages.main() == 0

    assert capsys.readouterr().out == "compiled locale/en/LC_MESSAGES/django.po\n"
    speak = gettext.translation("django", tmp_path / "locale", ["en"]).gettext
    assert speak("客户") == "Customer"


HAN = "[\u4e00-\u9fff]"
HALF_WIDTH = re.compile(
    rf"(?:{HAN}|[）》”]|%\(\w+\)s)[,;:!](?!//)|[,;:!](?:{HAN}|[“《（])|{HAN}\(|\){HAN}"
)
CATALOGUE = Path(__file__).resolve().parents[2] / "locale/en/LC_MESSAGES/django.po"


def half_width(texts):
    """Chinese sentences that a half-width comma, semicolon, colon or bracket runs through."""
    return [text for text in texts if re.search(HAN, text) and HALF_WIDTH.search(text)]


def test_no_chinese_sentence_has_half_width_punctuation():
    """UX-67."""
    texts = [
        text for entry in polib.pofile(str(CATALOGUE)) for text in (entry.msgid, entry.msgid_plural)
    ]
    assert len(texts) > 2000  # msgid and plural of each entry
    assert half_width(texts) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("已处理,请刷新", True),
        ("该事项已办结(已通过)", True),
        ("名称:空", True),
        ("用户名和 . _ -,以字母开头", True),
        ("已处理，请刷新", False),
        ("按 ? 查看，Ctrl+Enter 提交", False),
        ("请见 https://kedang.test", False),
        ("plain, English: text", False),
    ],
)
def test_what_counts_as_half_width(text, wrong):
    """The negative control of the scan."""
    assert (half_width([text]) == [text]) is wrong
