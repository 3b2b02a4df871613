"""When there is a demo at all, its sources, and the story that a newcomer may start."""

import json
import os
import socket
import subprocess
import sys
from contextlib import nullcontext
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crm import supervisor
from crm.demo.seed import Size
from crm.demo.sources import Sources, sources_in
from crm.demo.story import director
from crm.demo.story.page import Page
from crm.demo.story.stage import Stage
from crm.identity.models import Department
from crm.places import ROOT


def test_without_the_demo_nothing_is_seeded_or_told(db, settings):
    """D15."""
    settings.KEDANG_DEMO = False
    with pytest.raises(CommandError, match="KEDANG_DEMO"):
        call_command("seed_demo")
    told = StringIO()
    call_command("demo_logins", stdout=told)
    assert (told.getvalue(), Department.objects.count()) == ("", 0)


def test_before_it_is_seeded_no_log_in_is_told(db, settings):
    settings.KEDANG_DEMO = True
    told = StringIO()
    call_command("demo_logins", stdout=told)
    assert told.getvalue() == ""


@pytest.mark.parametrize(("demo", "names"), [("1", ["neighbours"]), ("0", []), ("", [])])
def test_the_neighbours_are_the_fourth_child_of_a_demo_only(monkeypatch, demo, names):
    monkeypatch.setenv("KEDANG_DEMO", demo)
    children = [child.name for child in supervisor.full_group().children]
    assert children == ["web", "worker", "beat", *names]


# --- sources


def test_the_built_in_set_is_used_where_no_workbooks_are(tmp_path):
    assert sources_in(None, near=tmp_path / "project").folder is None
    assert sources_in(tmp_path / "nowhere", near=tmp_path).folder is None
    assert sources_in(tmp_path, near=tmp_path).folder == tmp_path
    assert len(Sources(tmp_path).retailers(5)) == 5


def test_the_built_in_rows_are_sound_and_name_people_who_exist():
    sources = Sources(None)
    people = {record["姓名"] for record in sources.people()}
    rows = sources.retailers(100)
    assert len(rows) == 30
    assert {row["专管员"] for row in rows} | {row["客户经理"] for row in rows} <= people
    managers = {record["姓名"] for record in sources.managers()}
    assert {row["客户经理"] for row in sources.operators(100)} <= managers


def test_the_size_of_the_full_demo():
    assert Size() == Size(retailers=200, units=200, firms=20)


# --- the story, as a newcomer starts it


PAGE = """
<form action="/forms/1/submit/?x=1" method="post"><input type="hidden" name="t" value="1">
<input type="checkbox" name="days" value="1" checked><input type="checkbox" name="days" value="2">
<select name="area"><option value="">请选择</option>
<option value="7" selected>城区中队</option></select>
<textarea name="opinion">同意</textarea><button name="verdict" value="approve">同意</button></form>
<p class="message message--error"><span>尚未完成</span></p>
<ul><li class="light light--green"><span class="light__name">银行</span></li></ul>
<a href="/forms/steps/3/sign/">审批 川口店</a>
"""


def test_a_page_is_read_as_a_person_reads_it():
    page = Page(200, "/forms/1/", PAGE)
    form = page.form_to("submit")
    assert (form.action, form.method) == ("/forms/1/submit/", "post")
    assert form.fields == [("t", "1"), ("days", "1"), ("area", "7"), ("opinion", "同意")]
    assert form.choices["area"] == {"请选择": "", "城区中队": "7"}
    assert (page.lights, page.alerts) == ({"银行": "green"}, ["尚未完成"])
    assert page.link_to("/sign/", near="川口") == "/forms/steps/3/sign/"
    for absent in (lambda: page.form_to("withdraw"), lambda: page.link_to("/sign/", near="李渠")):
        with pytest.raises(LookupError, match="尚未完成"):
            absent()


def test_a_story_that_goes_another_way_says_where_and_ends_with_an_error(monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        stage = Stage(f"http://127.0.0.1:{nobody.getsockname()[1]}", "", "token", 0.0)
        monkeypatch.setattr(director, "built_stage", lambda _data: nullcontext(stage))
        told = StringIO()
        with pytest.raises(CommandError, match="another way than expected") as refusal:
            call_command("story", "net-entry", "--rows", "1", stdout=told)
    assert refusal.value.returncode == 1
    assert "DIFFERENT" in told.getvalue()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_story_of_three_retailers_through_http_alone(tmp_path):
    """Issue 2 section 10: on its own database, against the neighbours."""
    env = {k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "KEDANG_KEYRING")}
    env |= {"DJANGO_SETTINGS_MODULE": "crm.settings.dev", "KEDANG_VAR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "manage.py", "story", "net-entry", "--rows", "3", "--json"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    steps = [json.loads(line) for line in told.stdout.splitlines()]
    assert {step["row"] for step in steps} == {1, 2, 3}
    assert len({step["customer"] for step in steps if step["customer"]}) == 3
    last = [step for step in steps if step["act"] == "sees him in force"]
    assert [step["stage"] for step in last] == ["active"] * 3
