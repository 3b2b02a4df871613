"""REST for cable customers: what a client reads, and free attributes both ways (B-26, D10)."""

from dataclasses import replace

import pytest

from crm.identity.choices import Duty
from customers.models import AttributeDefinition, CustomerAttributes
from customers.services.register import register_customer, register_customers
from customers.tests.factories_boss import (
    AttributeFactory,
    ListEntryFactory,
    PayLinkFactory,
    SubscriptionFactory,
)
from customers.tests.outside import ALL, Outside
from customers.tests.test_pages_admin import administrator
from customers.values import NewCustomer

pytestmark = pytest.mark.django_db
SERVICES = ["service.v", "certificate.v", "listed.v"]
PERSON = NewCustomer(
    name="黄娟", province="440000", city="440100", customer_kind="person", extra={"rooms": "3"}
)


@pytest.fixture
def billing(boss):
    return Outside(boss, [*ALL, *SERVICES])


@pytest.fixture
def rooms(boss):
    return AttributeFactory(organisation=boss.org, code="rooms", value_kind="number")


def at(customer, rest=""):
    return f"/api/v1/customers/{customer.code}/{rest}"


def test_a_client_reads_users_accounts_certificates_and_lists(billing, identified):
    """B-8, B-10, B-22, B-27, B-55: numbers of persons by their last four."""
    user = SubscriptionFactory(account__customer=identified)
    PayLinkFactory(subscription=user)
    ListEntryFactory(customer=identified)
    (told,) = billing.get(at(identified, "users/")).json()
    assert (told["number"], told["account"]) == (user.number, user.account.number)
    assert told["payers"] == [
        {"account": user.account.number, "charge_kind": "broadband", "rank": 1, "share": 100}
    ]
    (account,) = billing.get(at(identified, "accounts/")).json()
    assert account["number"] == user.account.number
    (paper,) = billing.get(at(identified, "certificates/")).json()
    assert (paper["kind"], paper["number"]) == ("resident", "*" * 14 + "002X")
    (entry,) = billing.get(at(identified, "listed/")).json()
    assert (entry["colour"], entry["subtype"]) == ("black", "arrears")


@pytest.mark.parametrize("part", ["users/", "accounts/", "certificates/", "listed/"])
def test_a_client_without_the_scope_is_barred(boss, identified, part):
    """Trust 4.3 c."""
    outside = Outside(boss, ALL)
    assert outside.get(at(identified, part)).status_code == 403


@pytest.mark.parametrize("part", ["users/", "certificates/"])
def test_a_client_of_another_organisation_finds_nothing(repair, identified, part):
    """D9b."""
    outside = Outside(repair, [*ALL, *SERVICES])
    assert outside.get(at(identified, part)).status_code == 404


def test_free_attributes_are_read_and_written_by_code(billing, identified, rooms):
    """B-26, D10: typed, versioned, checked by the definition."""
    assert billing.get(at(identified)).json()["extra"] == {"rooms": None}
    answer = billing.patch(at(identified), {"extra": {"rooms": 3}}, match='"v1"')
    assert (answer.status_code, answer.json()["extra"]) == (200, {"rooms": 3})
    stale = billing.patch(at(identified), {"extra": {"rooms": 4}}, match='"v1"')
    assert stale.status_code == 412
    wrong = billing.patch(at(identified), {"extra": {"rooms": "三"}}, match='"v2"')
    assert [(e["field"], e["message"]) for e in wrong.json()["errors"]] == [
        ("extra.rooms", "请填写数字，例如 1234.50")
    ]
    strange = billing.patch(at(identified), {"extra": {"cars": 1}}, match='"v2"')
    assert strange.status_code == 403
    assert CustomerAttributes.objects.get().content == {"rooms": 3}


def test_special_care_is_read_and_written(billing, identified):
    """B-21, B-61."""
    body = {"subscriber": {"special_class": "elderly", "own_certificate_required": True}}
    answer = billing.patch(at(identified), body, match='"v1"')
    assert answer.json()["subscriber"]["special_class"] == "elderly"


def test_one_registration_and_many_take_the_same_attributes(boss, keeper, rooms):
    """B-26, D13: row and history alike, by service and by bulk."""
    one = register_customer(organisation=boss.org, data=PERSON, by=keeper)
    many = register_customers(
        organisation=boss.org,
        rows=[
            replace(PERSON, name="杜桂", extra={"rooms": "4"}),
            replace(PERSON, name="许桂", extra={"rooms": "四"}),
            replace(PERSON, name="黄桂", extra={"cars": "1"}),
            replace(PERSON, name="肖英红", extra={}),
        ],
        by=keeper,
    )
    assert CustomerAttributes.objects.get(customer=one).content == {"rooms": 3}
    assert [(r.index, r.field) for r in many.refused] == [(1, "extra.rooms"), (2, "extra.cars")]
    bulk = CustomerAttributes.objects.get(customer__code=many.codes[0])
    assert (bulk.content, bulk.history.get().content) == ({"rooms": 4}, {"rooms": 4})
    assert len(many.codes) == 2


def test_administrators_define_attributes_of_their_own_organisation(boss, repair, rooms):
    """B-26, D7, PM-33: a code once, never class S, and what is fixed stays."""
    client = administrator(boss, Duty.SYS)
    foreign = AttributeFactory(organisation=repair.org, code="foreign", label="别家的")
    url = "/admin/customers/attributedefinition/"
    listed = client.get(url).content.decode()
    assert rooms.label in listed
    assert foreign.label not in listed
    assert client.get(f"{url}{foreign.pk}/change/").status_code == 302
    new = {"code": "grid", "label": "所属网格", "value_kind": "text", "authority": "local"}
    new |= {"data_class": "I", "weight": 0, "position": 9, "valid_from": "2026-01-01"}
    assert client.post(f"{url}add/", new).status_code == 302
    assert AttributeDefinition.objects.get(code="grid").organisation == boss.org
    for wrong in (new, new | {"code": "id_no", "data_class": "S"}, new | {"code": "Grid2"}):
        assert client.post(f"{url}add/", wrong).status_code == 200
    change = new | {"label": "网格", "value_kind": "number", "code": "other", "expected": 1}
    grid = AttributeDefinition.objects.get(code="grid")
    assert (
        "请填写变更原因"
        in client.post(f"{url}{grid.pk}/change/", change, follow=True).content.decode()
    )
    told = change | {"reason": "名称太长"}
    assert client.post(f"{url}{grid.pk}/change/", told).status_code == 302
    grid.refresh_from_db()
    assert (grid.code, grid.value_kind, grid.label) == ("grid", "text", "网格")
    kept = grid.history.order_by("history_id").values_list("label", "history_change_reason")
    assert list(kept) == [("所属网格", "定义扩展属性"), ("网格", "名称太长")]
    page = client.get(f"{url}{grid.pk}/change/").content.decode()
    assert "所属网格 → 网格" in page
    assert AttributeDefinition.objects.filter(organisation=boss.org).count() == 2


@pytest.mark.parametrize("duty", [Duty.SEC, Duty.AUD])
def test_only_the_system_administrator_defines_attributes(boss, duty):
    """Trust 4.3 c."""
    client = administrator(boss, duty)
    assert client.get("/admin/customers/attributedefinition/add/").status_code == 403
