"""Every route × every persona: what each gets, as one table (D9, trust 4.6).

The table `permissions.csv` was read by people; the run must agree with it cell by cell, and a
route without a row fails. `KEDANG_WRITE=1 pytest …` writes it anew for reading.
"""

import csv
import os
import re
from functools import cache
from pathlib import Path

import pytest
from django.core.cache import caches
from django.template.backends.django import Template
from django.urls import reverse

from crm import policy
from crm.core.policy import Door, Perm
from crm.identity.models import RoleRight, User
from crm.identity.tests.factories import bearer
from crm.tests.personas import World
from customers.models import Customer
from onboarding.views import prints

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TABLE = Path(__file__).with_name("permissions.csv")
CustomerHistory = Customer.history.model
WRITE = os.environ.get("KEDANG_WRITE") == "1"
BACKEND = "django.contrib.auth.backends.ModelBackend"
BUSINESS = re.compile(r"^/(customers|forms|logistics|files|approvals/(steps|cases))/")
ADMINISTRATORS = ("sys", "sec", "aud")
PERSONAS = (
    "anonymous",
    "inactive",
    "no_post",
    "manager",
    "colleague",
    "officer",
    "squad_leader",
    "monopoly_head",
    "licensing",
    "service",
    "delivery",
    "network",
    "deputy",
    "order_centre",
    "repair_manager",
    "repair_colleague",
    "repair_mc",
    "repair_mvp",
    "repair_gm",
    "repair_fin",
    "repair_tm",
    "repair_arc",
    "counter",
    "cable_keeper",
    *ADMINISTRATORS,
    "system",
)


@cache
def lines():
    """Our own routes; the admin's and allauth's pages have tests of their own."""
    return [
        line
        for line in policy.routes()
        if not line.route.startswith(("/admin/", "/accounts/")) and line.name != "metrics"
    ]


def address(world, line):
    names = re.findall(r"<(?:\w+:)?(\w+)>", line.route)
    held = world.arguments(line.name)
    return reverse(line.name, kwargs={name: held[name] for name in names})


def enter(client, world, who):
    """Log the persona in; returns headers for an API call."""
    if who == "system":
        return bearer(world.system)
    if who != "anonymous":
        client.force_login(world.people[who], backend=BACKEND)
    if who == "inactive":
        User.objects.filter(pk=world.people[who].pk).update(is_active=False)
    return {}


def walk(client, world):
    """(route name, persona) → status of GET."""
    found = {}
    for who in PERSONAS:
        client.logout()
        headers = enter(client, world, who)
        for line in lines():
            caches["throttle"].clear()
            answer = client.get(address(world, line), headers=headers)
            found[line.name, who] = answer.status_code
    return found


def written():
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["route"], who): int(row[who]) for row in rows for who in PERSONAS}


def write(found):
    names = sorted({name for name, _who in found})
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["route", *PERSONAS])
        table.writerows([[name, *(found[name, who] for who in PERSONAS)] for name in names])


@pytest.fixture
def unrendered(monkeypatch):
    """Gates are asked before pages are drawn: thousands of calls are cheap without the drawing."""
    monkeypatch.setattr(Template, "render", lambda self, context=None, request=None: "")
    monkeypatch.setattr(prints, "print_registration", lambda sheet, mark: b"%PDF")


@pytest.mark.timeout(900)
def test_every_route_answers_every_persona_as_the_table_says(client, unrendered):
    """Trust 4.6 gates 1 and 2."""
    world = World()
    before = CustomerHistory.objects.count()
    found = walk(client, world)
    if WRITE:
        write(found)
    expected = written()
    assert {name for name, _who in found} == {name for name, _who in expected}
    wrong = {
        key: (expected[key], status) for key, status in found.items() if expected[key] != status
    }
    assert not wrong
    assert CustomerHistory.objects.count() == before


@cache
def rows():
    table = written()
    return {name: {who: table[name, who] for who in PERSONAS} for name, _who in table}


def rules_of(name):
    return next(line.rules for line in lines() if line.name == name)


def test_the_administrators_reach_no_business_row():
    """PM-20, D7: they get what nobody may know of."""
    for line in lines():
        if not BUSINESS.match(line.route) or "<" not in line.route or "GET" not in line.rules:
            continue
        got = {who: rows()[line.name][who] for who in ADMINISTRATORS}
        # Where the password is asked again, it is asked before the gate, of everybody alike.
        unseen = {302} if line.rules["GET"].step_up else {403, 404}
        assert set(got.values()) <= unseen, (line.route, got)


def test_nobody_enters_without_logging_in_but_where_anyone_may():
    for line in lines():
        rule = line.rules.get("GET")
        status = rows()[line.name]["anonymous"]
        if rule is None:
            assert status in (302, 401, 404, 405), line.route
        elif rule.perm != Door.ANYONE:
            assert status in (302, 401), line.route


def test_a_person_switched_off_is_as_one_who_never_logged_in():
    """RF-11."""
    for name, row in rows().items():
        assert row["inactive"] == row["anonymous"], name


def test_a_colleague_is_told_nothing_of_a_foreign_customer():
    """Trust finding 9: 404, the same as for one that never existed."""
    for line in lines():
        rule = line.rules.get("GET")
        if line.route.startswith("/customers/<int:pk>/") and rule and not rule.step_up:
            assert rows()[line.name]["repair_colleague"] == 404, line.route


def test_no_page_breaks():
    assert not [
        name for name, row in rows().items() if max(row.values()) >= 500 and name != "ready"
    ]


def test_every_right_asked_for_is_given_to_somebody():
    """A perm that no cell opens is a dead door; the API's come from tokens."""
    tokens = {
        "inbound_licence",
        "inbound_binding",
        "inbound_echo",
        "inbound_receipt",
        "events",
        "cases",
    }
    cells = set(RoleRight.objects.values_list("object", "action"))
    asked = {
        (rule.object, rule.action)
        for line in policy.routes()
        for rule in line.rules.values()
        if isinstance(rule.perm, Perm) and rule.object not in tokens
    }
    assert not asked - cells
