"""The components: with data, without data, with hostile data; how forms look."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone

from crm.core.components import TONES, ago, money_text
from crm.core.icons import icon_body

ROOT = Path(__file__).resolve().parents[3]
EVIL = "</title><script>window.__x=1</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(autouse=True)
def _strict_icons(settings):
    settings.KEDANG_STRICT_ICONS = True
    icon_body.cache_clear()


def render(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# --- each component with hostile values: nothing of them becomes markup (B100 to B109)

ROW = {"label": EVIL, "before": EVIL, "after": EVIL, "field": "f", "mine": EVIL, "theirs": EVIL}
STEP = {"duty": EVIL, "who": EVIL, "state": "waiting", "for_whom": EVIL, "opinion": EVIL}
HOSTILE = {
    "pill": '{% pill e tone="bad" icon="bell" %}',
    "status_pill": "{% status_pill e e %}",
    "badge": "{% badge 3 label=e %}",
    "money": "{% money 3 unit=e %}",
    "person": "{% person e detail=e url=e %}",
    "masked": "{% masked e reveal_url=e label=e %}",
    "revealed": "{% revealed e label=e %}",
    "copy_button": "{% copy_button e label=e %}",
    "icon": '{% icon "bell" label=e %}',
    "ring": "{% ring 50 label=e %}",
    "meter": "{% meter 3 5 label=e tone=e %}",
    "submit": "{% submit e name=e value=e %}",
    "confirm_button": "{% confirm_button e e %}",
    "confirm": "{% confirm e e e e e word=e %}",
    "section": "{% section e hint=e anchor=e count=e url=e url_label=e %}{{ e }}{% endsection %}",
    "datatable": "{% datatable e %}<tr><td>{{ e }}</td></tr>{% enddatatable %}",
    "callout": "{% callout title=e %}{{ e }}{% endcallout %}",
    "bulk_bar": "{% bulk_bar e total=e %}{{ e }}{% endbulk_bar %}",
    "sort_th": '{% sort_th e e "ascending" %}',
    "filter_chips": "{% filter_chips rows e %}",
    "column_chooser": "{% column_chooser chooser %}",
    "cells": "{% cells cells e %}",
    "pick": "{% pick e e e %}",
    "pager": "{% pager 3 total=e previous_url=e next_url=e %}",
    "empty_note": "{% empty_note e url=e url_label=e %}",
    "tabs": "{% tabs rows label=e %}",
    "crumbs": "{% crumbs rows %}",
    "steps": "{% steps rows %}",
    "stat_tiles": "{% stat_tiles rows %}",
    "field_value": '{% field_value e e look="mono copy" mark=mark %}',
    "timeline": "{% timeline rows %}",
    "diff_rows": "{% diff_rows rows %}",
    "conflict_table": "{% conflict_table rows %}",
    "approval_path": "{% approval_path stages %}",
    "lights": "{% lights rows %}",
    "phrases": "{% phrases words e %}",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_component_shows_hostile_text_as_text(source):
    row = {**ROW, "value": EVIL, "url": EVIL, "key": EVIL, "title": EVIL, "text": EVIL, "who": EVIL}
    row |= {"at": timezone.now(), "name": EVIL, "state": "now", "hint": EVIL, "unit": EVIL}
    html = render(
        source,
        e=EVIL,
        rows=[row],
        chooser={
            "url": EVIL,
            "query": EVIL,
            "columns": [{"key": EVIL, "label": EVIL, "width": EVIL}],
            "widths": [(EVIL, EVIL)],
            "density": EVIL,
            "densities": [(EVIL, EVIL)],
        },
        words=[EVIL],
        mark={"at": timezone.now(), "by": EVIL, "form": EVIL},
        cells=[
            SimpleNamespace(look=look, label=EVIL, value=EVIL, tone=EVIL)
            for look in ("code", "name", "mono", "status", "person", "text")
        ],
        stages=[{"title": EVIL, "state": "now", "steps": [STEP, STEP]}],
    )
    assert "&lt;script&gt;" in html or "&lt;img" in html
    assert "<script" not in html
    assert "<img" not in html
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', html))


def test_every_component_is_tried_with_hostile_text():
    source = (ROOT / "crm/core/templatetags/ui.py").read_text(encoding="utf-8")
    tags = set(re.findall(r"^@register\.\w+.*?\ndef (\w+)\(", source, re.MULTILINE))
    takes_forms_or_no_text = {"error_summary", "form_sections", "safe_static", "when"}
    assert tags - takes_forms_or_no_text == set(HOSTILE)


def test_every_component_stands_in_the_list_of_the_module():
    source = (ROOT / "crm/core/templatetags/ui.py").read_text(encoding="utf-8")
    listing = source.split('"""')[1]
    for tag in re.findall(r"^@register\.\w+.*?\ndef (\w+)\(", source, re.MULTILINE):
        assert tag == "safe_static" or f"{{% {tag} " in listing, tag


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{% badge 0 %}", ""),
        ("{% badge None %}", ""),
        ("{% money None %}", "—"),
        ("{% when None %}", "—"),
        ("{% masked None %}", "—"),
        ("{% filter_chips none '#' %}", ""),
        ("{% phrases none 'x' %}", ""),
        ("{% timeline none %}", "还没有记录"),
        ("{% diff_rows none %}", "变更内容 项目 变更前 变更后 没有变更"),
        ("{% pager 0 %}", "本页 0 条"),
        ("{% field_value '电话' None %}", "电话 —"),
        ("{% lights none %}", ""),
        ("{% approval_path none %}", ""),
        ("{% crumbs none %}", ""),
        ("{% steps none %}", ""),
        ("{% stat_tiles none %}", ""),
        ("{% tabs none %}", ""),
    ],
)
def test_a_component_without_data_stays_calm(source, told):
    assert text_of(render(source, none=[])) == told


# --- what single components promise


def test_a_status_is_told_by_word_and_tone():
    assert TONES["suspended"] == "warn"
    html = render("{% status_pill 'suspended' '暂停' %}")
    assert 'class="pill pill--warn"' in html
    assert text_of(html) == "暂停"


def test_money_has_separators_two_decimals_and_the_unit():
    assert money_text(Decimal("1234567.5")) == "1,234,567.50"
    assert money_text("-0.005") == "-0.01"
    assert text_of(render("{% money 1234.5 %}")) == "1,234.50 元"


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "刚刚"),
        (timedelta(minutes=3), "3 分钟前"),
        (timedelta(hours=5), "5 小时前"),
    ],
)
def test_a_near_moment_is_told_in_words(passed, words):
    assert ago(timezone.now() - passed) == words


@pytest.mark.parametrize("passed", [timedelta(days=2), timedelta(days=-2)])
def test_a_far_moment_is_told_as_a_date(passed):
    moment = timezone.localtime(timezone.now() - passed)
    assert ago(moment) == f"{moment:%Y-%m-%d %H:%M}"


def test_a_moment_is_told_in_shanghai_and_has_its_absolute_time_on_hover():
    moment = datetime.fromisoformat("2025-03-08T06:05:30+00:00")
    html = render(
        "{% when m %}{% when m 'relative' %}{% when m 'time' %}{% when d %}",
        m=moment,
        d=moment.date(),
    )
    assert text_of(html) == "2025-03-08 14:05 2025-03-08 14:05 14:05 2025-03-08"
    assert html.count('title="2025-03-08 14:05:30"') == 3


def test_the_ring_draws_by_attributes_and_stays_between_nought_and_hundred():
    assert 'stroke-dasharray="73 100"' in render("{% ring 73 %}")
    assert text_of(render("{% ring 140 %}")) == "100%"
    assert text_of(render("{% ring -3 %}")) == "0%"


def test_a_sorted_column_says_so():
    assert 'aria-sort="descending"' in render("{% sort_th '名称' '#' 'descending' %}")
    assert "aria-sort" not in render("{% sort_th '名称' '#' %}")


def test_only_changed_rows_show_unless_all_are_asked_for():
    rows = [
        {"label": "名称", "before": 0, "after": 1, "changed": True},
        {"label": "地址", "before": "甲", "after": "甲", "changed": False},
    ]
    few = text_of(render("{% diff_rows rows %}", rows=rows))
    assert few.endswith("名称 − 0 + 1")
    assert text_of(render("{% diff_rows rows show_all=True %}", rows=rows)).endswith("地址 甲 甲")


def test_a_conflict_wants_a_choice_for_each_field():
    html = render("{% conflict_table rows %}", rows=[{**ROW, "field": "name"}])
    assert html.count('name="keep_name"') == 2
    assert html.count(" required") == 2


def test_a_late_signature_is_told_in_words():
    step = {"duty": "配送中心", "state": "waiting", "since": timezone.now(), "late": True}
    html = render("{% approval_path s %}", s=[{"title": "会签", "state": "now", "steps": [step]}])
    assert "已超时" in text_of(html)
    assert 'aria-label="待审批"' in html


def test_a_masked_value_links_to_its_own_page_and_holds_nothing_else():
    html = render("{% masked '138****8000' '/reveal/1/' '手机' %}")
    assert 'href="/reveal/1/"' in html
    assert text_of(html) == "138****8000 显示 手机"


def test_a_dialog_posts_with_its_token_and_wants_the_word():
    html = render("{% confirm 'c' 't' 'x' '/end/' '注销' word='KH1' %}", csrf_token="tok")
    assert 'value="tok"' in html
    assert 'data-must-equal="KH1"' in html


# --- forms


class SmallForm(forms.Form):
    sections = (("一、身份", ("name", "size")),)
    name = forms.CharField(label="名称", max_length=40, help_text="与执照一致")
    size = forms.ChoiceField(label="规模", choices=[("s", "小")], widget=forms.RadioSelect)
    opened_on = forms.DateField(label="开业日期", required=False)
    token = forms.CharField(widget=forms.HiddenInput)
    remark = forms.CharField(label="备注", widget=forms.Textarea, max_length=300, required=False)
    chain = forms.BooleanField(label="连锁", required=False)


def test_a_field_has_label_required_word_help_and_counter():
    html = str(SmallForm()["name"].as_field_group())
    assert (
        '<label class="field__label" for="id_name">名称<span class="field__required">必填' in html
    )
    assert 'class="form-control"' in html
    assert 'aria-describedby="id_name_helptext"' in html
    assert 'id="id_name_helptext">与执照一致' in html
    assert 'data-counter-most="40"' in html
    assert " maxlength=" not in html


def test_an_error_is_tied_to_its_field_once():
    html = str(SmallForm({"name": ""})["name"].as_field_group())
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert html.count('id="id_name_error"') == 1
    assert 'aria-invalid="true"' in html


def test_a_date_uses_the_picker_of_the_browser_in_its_own_format():
    form = SmallForm(initial={"opened_on": datetime.fromisoformat("2024-02-09").date()})
    html = str(form["opened_on"])
    assert 'type="date"' in html
    assert 'value="2024-02-09"' in html
    assert html.count("type=") == 1
    typed = SmallForm({"opened_on": "2024-02-09"})
    typed.full_clean()
    assert "opened_on" not in typed.errors


def test_dressing_one_form_leaves_the_class_alone():
    str(SmallForm())
    assert SmallForm.base_fields["name"].widget.attrs["maxlength"] == "40"
    assert "class" not in SmallForm.base_fields["name"].widget.attrs


def test_the_summary_names_all_errors_and_jumps_to_the_first_box_of_a_group():
    form = SmallForm({"name": "甲"})
    html = str(form)
    assert 'role="alert"' in html
    assert 'href="#id_size_0"' in html
    assert 'id="id_size_0"' in html
    assert "错误：请先改正下列各项" in html
    assert html.count("data-error-summary") == 1


def test_an_error_of_a_hidden_field_is_told_on_top():
    form = SmallForm({"name": "甲", "size": "s"})
    html = str(form)
    assert html.count(f"<li>{form.errors['token'][0]}</li>") == 1


def test_a_form_without_errors_has_no_summary():
    assert "data-error-summary" not in str(SmallForm())


def test_sections_hold_their_fields_and_the_rest_comes_last():
    html = render("{% form_sections form %}", form=SmallForm())
    assert html.index("一、身份") < html.index('name="name"') < html.index('name="opened_on"')
    for name in SmallForm.base_fields:
        assert html.count(f'data-field="{name}"') == (0 if name == "token" else 1)
    assert html.count('name="token"') == 1
