"""REST: who reads and writes what, versions, one error shape, how many queries it costs."""

import pytest

from crm.identity.choices import Duty, SourceSystem
from crm.identity.tests.factories import ApiClientFactory, UserFactory
from customers.choices import AliasKind
from customers.models import Contact, Customer, CustomerAlias, RepairProfile
from customers.services.details import edit_customer
from customers.tests.factories import (
    CREDIT_CODE,
    ContactFactory,
    CustomerFactory,
    RepairProfileFactory,
)
from customers.tests.outside import ALL, JSON, Outside

pytestmark = pytest.mark.django_db
URL = "/api/v1/customers/"
BODY = {
    "name": "陕西省电信有限公司延安分公司",
    "province": "610000",
    "city": "610600",
    "phone": "0911-2112345",
    "credit_code": CREDIT_CODE,
    "contacts": [{"name": "刘静", "is_primary": True, "mobile": "+86 138-0013-8000"}],
    "aliases": [{"system": "erp", "code": "E-001"}],
    "repair": {"main_business": "传输设备维修"},
}


@pytest.fixture
def erp(repair):
    return Outside(repair, ALL)


def at(customer, rest=""):
    return f"{URL}{customer.code}/{rest}"


def test_without_a_token_nobody_learns_anything(erp, customer):
    """B155 of the corpus: the same body whatever is wrong."""
    told = set()
    for headers in ({}, {"Authorization": "Token kd_nonsense"}, {"Authorization": "Bearer x"}):
        response = erp.client.get(URL, headers=headers)
        assert response.status_code == 401
        told.add((response.json()["code"], tuple(response.json()["errors"])))
    erp.card.is_live = False
    erp.card.save(update_fields=["is_live"])
    response = erp.get(URL)
    assert response.status_code == 401
    assert customer.name not in response.content.decode()


def test_the_list_shows_the_clients_own_organisation_page_by_page(erp, repair, tobacco, manager):
    CustomerFactory.create_batch(52, department=repair.market, created_by=manager)
    tobacco.customer(name="何记烟酒", serial=990001)
    first = erp.get(URL).json()
    second = erp.get(f"{URL}?page={first['next']}").json()
    assert len(first["results"]) == 50
    assert len(second["results"]) == 2
    assert second["next"] == ""
    codes = [row["code"] for row in first["results"] + second["results"]]
    assert codes == sorted(codes)
    assert "何记烟酒" not in {row["name"] for row in first["results"] + second["results"]}


def test_a_client_of_one_region_sees_only_that(repair, manager):
    repair.customer(manager, name="延安电信", city_id="610600")
    repair.customer(manager, name="西安电信")
    near = Outside(repair, ["customer.v"], region_prefix="610600")
    assert [row["name"] for row in near.get(URL).json()["results"]] == ["延安电信"]
    wide = Outside(repair, ["customer.v"], region_prefix="")
    assert len(wide.get(URL).json()["results"]) == 2


def test_a_token_without_the_scope_is_refused(repair, customer):
    blind = Outside(repair, ["contact.v"])
    assert blind.get(URL).status_code == 403
    assert blind.get(at(customer)).status_code == 404
    assert Outside(repair, ["customer.v"]).post(URL, BODY).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "id_number__startswith=6101",
        "fields=password",
        "expand=history",
        "user__password__startswith=p",
        "page_size=1000000",
        "status=nonsense",
        "sort=mobile",
        "page=abc",
        "page=-1",
        "city=%27%20OR%201",
        "q=%00",
    ],
)
def test_a_question_that_is_not_understood_is_400(erp, customer, query):
    """B098, B181, B190, B191, B203 of the corpus."""
    response = erp.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert set(response.json()) == {"code", "message", "errors", "request_id"}
    assert customer.name not in response.content.decode()


def test_filters_and_search_are_those_of_the_page(erp, repair, manager):
    row = repair.customer(manager, name="延安电信", temporal_class="past")
    repair.customer(manager, name="西安电信")
    CustomerAlias.objects.create(
        customer=row, organisation=repair.org, system="erp", kind="customer", code="E-9"
    )
    for query in ("temporal=past", "q=延安", "q=yadx", "q=E-9", f"q={row.code}"):
        names = [found["name"] for found in erp.get(f"{URL}?{query}").json()["results"]]
        assert names == ["延安电信"], query


def test_what_the_token_may_not_see_in_clear_comes_masked(repair, customer):
    customer.mobile = "13891234567"
    customer.save(update_fields=["mobile"])
    blind = Outside(repair, ["customer.v"])
    assert blind.get(at(customer)).json()["mobile"] == "138****4567"
    assert blind.get(URL).json()["results"][0]["mobile"] == "138****4567"
    assert Outside(repair, ALL).get(at(customer)).json()["mobile"] == "13891234567"


def test_one_customer_comes_with_his_part_and_a_tag(erp, customer, manager):
    RepairProfileFactory(customer=customer, main_business="传输设备维修")
    response = erp.get(at(customer))
    body = response.json()
    assert response["ETag"] == '"v1"'
    assert (body["code"], body["version"]) == (customer.code, 1)
    assert (body["manager"], body["city"]) == (manager.username, "610100")
    assert body["repair"]["main_business"] == "传输设备维修"
    assert "id" not in body
    assert "secrecy" not in body


@pytest.mark.parametrize("code", ["0", "-1", "abc", "1e3", "99999999999999999999", "%00", "1;2"])
def test_a_code_that_is_none_is_404(erp, customer, code):
    """B167 of the corpus."""
    response = erp.get(f"{URL}{code}/")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_customer_is_made_with_people_codes_and_part(erp, repair, manager):
    response = erp.post(URL, BODY | {"manager": manager.username})
    row = Customer.objects.get()
    assert response.status_code == 201
    assert response["ETag"] == '"v1"'
    assert response.json()["code"] == row.code
    assert (row.organisation, row.manager) == (repair.org, manager)
    assert Contact.objects.get().mobile == "13800138000"
    alias = CustomerAlias.objects.get()
    assert (alias.system, alias.kind, alias.code) == (
        SourceSystem.ERP,
        AliasKind.CUSTOMER,
        "E-001",
    )
    assert RepairProfile.objects.get().main_business == "传输设备维修"


def test_every_wrong_field_is_named_and_nothing_is_written(erp):
    bad = BODY | {"postcode": "71600", "name": " ", "contacts": [{"name": "", "mobile": "123"}]}
    response = erp.post(URL, bad)
    body = response.json()
    fields = {error["field"]: error["code"] for error in body["errors"]}
    assert response.status_code == 400
    assert body["code"] == "invalid"
    assert fields["postcode"] == "length"
    assert fields["name"] == "required"
    assert fields["contacts.0.mobile"] == "length"
    assert all(error["message"] for error in body["errors"])
    assert body["request_id"] == response["X-Request-ID"]
    assert not Customer.objects.exists()


def test_the_second_one_learns_that_it_exists_and_nothing_more(erp, repair, manager):
    assert erp.post(URL, BODY).status_code == 201
    response = Outside(repair, ALL).post(URL, BODY)
    text = response.content.decode()
    assert response.status_code == 409
    assert response.json()["code"] == "already_exists"
    assert response.json()["errors"][0]["field"] == "credit_code"
    assert Customer.objects.get().code not in text
    assert Customer.objects.count() == 1


def test_a_tobacco_bureaus_shops_do_not_enter_by_this_door(tobacco):
    response = Outside(tobacco, ALL).post(URL, BODY)
    assert response.status_code == 403
    assert response.json()["code"] == "not_within_authority"
    assert not Customer.objects.exists()


def test_a_manager_who_is_none_is_refused(erp, repair):
    clerk = repair.person(Duty.MC)
    response = erp.post(URL, BODY | {"manager": clerk.username})
    assert response.status_code == 409
    assert response.json()["errors"][0]["field"] == "manager"
    assert not Customer.objects.exists()


def test_a_change_wants_the_tag_of_the_last_reading(erp, customer):
    """B169 of the corpus."""
    sent = {"address": "西安市科技路 33 号"}
    for tag, status in (
        (None, 428),
        ("*", 428),
        ('W/"v1"', 412),
        ("v1", 400),
        ('"v99999999999"', 400),
        ('"v9"', 412),
    ):
        response = erp.patch(at(customer), sent, match=tag)
        assert response.status_code == status, tag
    customer.refresh_from_db()
    assert customer.address == ""
    done = erp.patch(at(customer), sent | {"repair": {"main_business": "维修"}}, match='"v1"')
    assert done.status_code == 200
    assert done["ETag"] == '"v2"'
    assert done.json()["address"] == "西安市科技路 33 号"
    assert done.json()["repair"]["main_business"] == "维修"
    assert erp.patch(at(customer), sent, match='"v1"').status_code == 412


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "code",
        "version",
        "owner",
        "created_by",
        "created_at",
        "organisation",
        "secrecy",
        "control_level",
        "balance",
        "is_staff",
        "name_key_strict",
        "entered_on",
        "__proto__",
    ],
)
def test_a_field_that_is_not_written_is_named_and_stays(erp, customer, field):
    """B163 of the corpus."""
    before = Customer.objects.filter(pk=customer.pk).values().get()
    response = erp.patch(at(customer), {field: "1"}, match='"v1"')
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert response.json()["errors"][0]["code"] == "read_only"
    assert Customer.objects.filter(pk=customer.pk).values().get() == before


@pytest.mark.parametrize("field", ["manager", "account_manager", "status", "department"])
def test_what_has_a_service_of_its_own_is_403(erp, customer, colleague, field):
    """B131, B164 of the corpus."""
    response = erp.patch(at(customer), {field: colleague.username}, match='"v1"')
    assert response.status_code == 403
    assert response.json()["code"] == "not_within_authority"
    customer.refresh_from_db()
    assert customer.manager != colleague
    assert customer.version == 1


def test_a_client_that_only_reads_changes_nothing(repair, customer):
    reader = Outside(repair, ["customer.v"])
    assert reader.patch(at(customer), {"address": "x"}, match='"v1"').status_code == 403
    customer.refresh_from_db()
    assert customer.version == 1


def test_history_needs_its_scope_and_masks(repair, customer, manager):
    customer.refresh_from_db()
    edit_customer(
        customer=customer,
        changes={"mobile": "13891234567"},
        expected=customer.version,
        reason="补充",
        by=manager,
    )
    assert Outside(repair, ["customer.v"]).get(at(customer, "history/")).status_code == 403
    entry = Outside(repair, ["customer.v", "customer.h"]).get(at(customer, "history/")).json()[0]
    assert (entry["by"], entry["reason"], entry["version"]) == ("唐超", "补充", 2)
    assert entry["changes"] == [
        {"field": "mobile", "label": "移动电话", "before": "", "after": "138****4567"}
    ]
    clear = Outside(repair, ALL).get(at(customer, "history/")).json()[0]["changes"]
    assert clear[0]["after"] == "13891234567"


def test_a_post_with_a_key_acts_once(erp, repair):
    """B170 of the corpus, RF-45."""
    key = {"Idempotency-Key": "登记-1".encode().hex()}
    first = erp.post(URL, BODY, headers=key)
    again = erp.post(URL, BODY, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Customer.objects.count() == 1
    other = erp.post(URL, BODY | {"name": "另一家"}, headers=key)
    assert other.status_code == 422
    twin = Outside(repair, ALL).post(
        URL, {"name": "别家", "province": "610000", "city": "610600"}, headers=key
    )
    assert twin.status_code == 201
    assert Customer.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_out_of_shape_is_400(erp, key):
    response = erp.post(URL, BODY, headers={"Idempotency-Key": key})
    assert response.status_code == 400
    assert not Customer.objects.exists()


def test_a_refused_post_keeps_no_key(erp):
    key = {"Idempotency-Key": "k1"}
    assert erp.post(URL, BODY | {"postcode": "1"}, headers=key).status_code == 400
    assert erp.post(URL, BODY, headers=key).status_code == 201


def test_other_methods_and_formats_are_refused(erp, customer):
    """B158, B172, B182 of the corpus."""
    assert erp.client.put(at(customer), headers=erp.headers).status_code == 405
    assert erp.client.delete(at(customer), headers=erp.headers).status_code == 405
    told = erp.client.options(URL, headers=erp.headers)
    assert (told.status_code, told.content) == (204, b"")
    form = erp.client.post(URL, {"name": "x"}, headers=erp.headers)
    assert form.status_code == 415
    page = erp.client.get(URL, headers=erp.headers | {"Accept": "text/html"})
    assert page.status_code == 406 or page["Content-Type"].startswith(JSON)


@pytest.mark.parametrize("number", [2, 45])
def test_the_list_asks_at_most_six_questions_whatever_the_rows(
    erp, repair, manager, number, django_assert_max_num_queries
):
    CustomerFactory.create_batch(
        number, department=repair.market, manager=manager, created_by=manager
    )
    erp.get(URL)
    with django_assert_max_num_queries(6):
        assert len(erp.get(URL).json()["results"]) == number


def test_one_customer_asks_as_many_questions_for_nine_contacts_as_for_one(
    erp, customer, django_assert_max_num_queries
):
    ContactFactory.create_batch(9, customer=customer)
    erp.get(at(customer))
    with django_assert_max_num_queries(10):
        erp.get(at(customer))
    with django_assert_max_num_queries(8):
        assert len(erp.get(at(customer, "contacts/")).json()) == 9


def test_the_browser_session_of_a_person_opens_no_api(repair, manager, customer, client):
    client.force_login(manager)
    assert client.get(URL).status_code == 401


def test_a_person_who_is_no_client_has_no_token(repair):
    stray = ApiClientFactory(user=UserFactory(organisation=repair.org, kind="system"), scopes=ALL)
    stray.user.is_active = False
    stray.user.save(update_fields=["is_active"])
    assert Outside(repair, [], card=stray).get(URL).status_code == 401
