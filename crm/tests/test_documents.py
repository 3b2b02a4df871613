"""The documents say what is there: links, commands, settings, routes, codes, screen names."""

import csv
import re
import time
from functools import cache

import pytest
from django.conf import settings
from django.core.management import get_commands

from crm import policy
from crm.core.errors import DomainError
from crm.demo.logins import TODO
from crm.demo.staff import PASSWORD
from crm.identity.choices import Duty
from crm.outbox.choices import ROUTES, Topic
from crm.outbox.formulas import sign
from crm.tests.test_architecture import FULL_ROOMS

ROOT = settings.BASE_DIR
MADE = {"node_modules", "var", "vendor", "test-results"}
TEXTS = {".md", ".py", ".sh", ".toml", ".ini", ".html", ".js", ".css", ".yaml", ".example", ".po"}
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SCOPE = re.compile(r"`([a-z_]+\.[a-zE])`")
LAUNCHERS = {"DJANGO_SETTINGS_MODULE", "DATABASE_OWNER_URL", "KEDANG_PORT"}
REFUSED = {"DEBUG"}
"""Read only to be refused."""
DRF = {
    "invalid",
    "parse_error",
    "not_authenticated",
    "authentication_failed",
    "method_not_allowed",
    "throttled",
    "unavailable",
}


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def files():
    """Everything we wrote, in git or about to be."""
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file()
        and is_ours(path.relative_to(ROOT).parts)
        and (path.suffix in TEXTS or path.name in {"Makefile", "run"})
    ]


def is_ours(parts):
    *folders, _name = parts
    hidden = [folder for folder in folders if folder[0] == "." and folder != ".ci"]
    return not hidden and MADE.isdisjoint(parts)


def pages():
    return [path for path in files() if path.suffix == ".md"]


def slug(heading):
    """A heading's anchor as the usual viewers make it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {slug(found) for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("document", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_picture_of_ours_exists(document):
    broken = []
    for target in LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _hash, anchor = target.partition("#")
        there = document.parent / name if name else document
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def test_every_picture_is_shown_somewhere():
    shown = "".join(page.read_text(encoding="utf-8") for page in pages())
    lone = [path.name for path in (ROOT / "docs" / "img").glob("*") if path.name not in shown]
    assert lone == []


def test_every_make_command_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    for page in pages():
        said = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M))
        assert said <= targets, page.name


def test_the_two_commands_stand_at_the_top_of_the_readme():
    first = FENCE.search(text_of("README.md")).group(0)
    assert re.findall(r"^make (\w+)", first, re.MULTILINE) == ["run", "test"]


def test_every_management_command_exists():
    known = set(get_commands())
    for page in pages():
        said = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text(encoding="utf-8")))
        assert said <= known, page.name


def settings_read():
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', text_of("crm/settings/env.py")))


def settings_offered():
    return set(re.findall(r"^#? ?([A-Z_]{4,})=", text_of(".env.example"), re.MULTILINE))


def test_every_setting_stands_in_the_example_and_no_other():
    assert (settings_read() - REFUSED) | LAUNCHERS == settings_offered()


def test_every_setting_is_explained_in_the_runbook():
    explained = set(re.findall(r"`([A-Z_]{4,})`", text_of("docs/runbook.md")))
    assert settings_offered() | REFUSED <= explained


def routes_of_the_api():
    return {
        (method, re.sub(r"<\w+:(\w+)>", r"<\1>", line.route))
        for line in policy.routes()
        if line.route.startswith("/api/v1/") and line.name != "api-unknown"
        for method in line.rules
    }


def test_every_route_of_the_api_is_told_and_every_told_route_exists():
    told = re.findall(r"`([A-Z]{3,6}) (/api/v1/[^`?]*)[`?]", text_of("docs/api.md"))
    assert set(told) == routes_of_the_api()


def test_the_scopes_we_name_can_be_given_but_for_those_we_say_cannot():
    page = text_of("docs/api.md").partition("## Who calls what")[2].partition("\n## ")[0]
    table = {scope for row in re.findall(r"^\|.*\|$", page, re.M) for scope in SCOPE.findall(row)}
    told = page.partition("Not listed today:")[2].partition(" So ")[0]
    cells = csv.DictReader(text_of("crm/identity/data/rights.csv").splitlines())
    given = {f"{cell['object']}.{cell['action']}" for cell in cells if cell["duty"] == Duty.API}
    assert table - given == set(SCOPE.findall(told))


def test_every_code_in_the_table_of_refusals_exists():
    def below(kind):
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    known = {kind.code for kind in below(DomainError)} | DRF
    section = text_of("docs/api.md").partition("## Refusals")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \d{3} \| ([^|]+) \|", section, re.MULTILINE)
    said = {code for cell in rows for code in re.findall(r"`(\w+)`", cell)}
    assert said
    assert said <= known, said - known


def test_every_topic_is_told_and_every_webhook_names_its_system():
    page = text_of("docs/api.md")
    assert set(
        re.findall(r"`((?:identity|customers|approvals|onboarding|imports|core)\.\w+)`", page)
    ) == {topic.value for topic in Topic}
    table = page.partition("## Who calls what")[2].partition("\n## ")[0]
    heard = {topic.value for topic, route in ROUTES.items() if route.systems}
    assert set(re.findall(r"`(onboarding\.\w+)`", table)) == heard


def test_the_signature_check_we_hand_out_works():
    block = re.search(r"```python\n(import hashlib.*?)```", text_of("docs/api.md"), re.DOTALL)
    room = {}
    exec(block.group(1), room)  # noqa: S102  (our own page)
    body, now = "客档".encode(), int(time.time())
    assert room["is_genuine"]("geheim", sign("geheim", body, now=now), body)
    assert not room["is_genuine"]("anders", sign("geheim", body, now=now), body)
    assert not room["is_genuine"]("geheim", sign("geheim", body, now=now - 400), body)
    assert not room["is_genuine"]("geheim", sign("geheim", body, now=now), body + b"!")


def test_the_readme_names_every_room_and_only_people_of_the_demo():
    page = text_of("README.md")
    assert {f"| `{room.replace('.', '/')}` |" for room in FULL_ROOMS} <= set(
        re.findall(r"^\| `[a-z/]+` \|", page, re.MULTILINE)
    )
    table = page.partition("## Log in as")[2].partition("\n## ")[0]
    said = {name for row in re.findall(r"^\| (`[^|]+) \|", table, re.M) for name in row.split("`")}
    names = {name for name in said if re.fullmatch(r"[a-z][a-z0-9-]+", name)} - {"then"}
    assert names <= {name for people in TODO.values() for name in people}
    assert f"`{PASSWORD}`" in page


def test_decision_records_are_numbered_without_a_gap():
    found = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in found] == list(range(1, len(found) + 1))
    for path in found:
        first, *_rest = path.read_text(encoding="utf-8").splitlines()
        assert first.startswith(f"# {int(path.name[:4])}. "), path.name


def test_the_soak_finds_its_place_in_the_reliability_page():
    page = text_of("docs/reliability.md")
    begin, end = "<!-- figures: written by make soak -->", "<!-- end of figures -->"
    assert page.count(begin) == page.count(end) == 1
    assert page.index(begin) < page.index(end)


WIDE = str.maketrans(dict(zip(",():;", "，（）：；", strict=True)))


@cache
def screens():
    """All words the program can show, in one text."""
    shown = [
        path.read_text(encoding="utf-8")
        for path in files()
        if path.suffix in {".py", ".html"} and "tests" not in path.parts
    ]
    return "\n".join(shown).translate(WIDE)


@pytest.mark.parametrize(
    "document", sorted((ROOT / "docs" / "handbook").glob("*.md")), ids=lambda path: path.stem
)
def test_what_the_handbook_quotes_stands_on_a_screen(document):
    """“…” quotes the screen; an ellipsis stands for what changes."""
    text = document.read_text(encoding="utf-8").translate(WIDE)
    unknown = [
        quoted
        for quoted in re.findall("“([^”]+)”", text)
        if not all(part.strip() in screens() for part in quoted.split("…"))
    ]
    assert unknown == []


def test_nothing_names_this_machine_or_a_package_index():
    hosts = ["pypi", "npmjs", "pythonhosted"]
    machine = r"(?<![\w.])/(work|root|home)/\w|/tmp/k\b"
    strange = re.compile(machine + r"|\b(" + "|".join(hosts) + r")\.(org|com)\b")
    found = [
        f"{path.relative_to(ROOT)}: {hit.group(0)}"
        for path in files()
        if path.name != "test_documents.py"
        for hit in [strange.search(path.read_text(encoding="utf-8"))]
        if hit
    ]
    assert found == []
