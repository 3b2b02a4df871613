"""The list: who sees which rows and cells, what the URL may say, how many queries it costs."""

import re
from functools import partial

import pytest
from django.urls import reverse

from crm.identity.choices import Duty
from crm.identity.tests.factories import DepartmentFactory
from customers.access import count_for
from customers.choices import CustomerStatus, TemporalClass
from customers.models import CustomerAlias
from customers.tests.browser import enter, text_of
from customers.tests.factories import CustomerFactory, region

pytestmark = pytest.mark.django_db
LIST = "/customers/"


def names_in(response):
    return re.findall(r'class="row-name" href="[^"]+">([^<]+)<', text_of(response))


def test_a_manager_sees_his_own_customers_and_no_other(repair, manager, colleague):
    """R-9."""
    repair.customer(manager, name="延安电信")
    repair.customer(colleague, name="宝鸡移动")
    assert names_in(enter(manager).get(LIST)) == ["延安电信"]
    assert names_in(enter(colleague).get(LIST)) == ["宝鸡移动"]


def test_the_market_head_sees_the_whole_company_and_another_company_nothing(
    repair, tobacco, manager
):
    repair.customer(manager, name="延安电信")
    assert names_in(enter(repair.person(Duty.MVP)).get(LIST)) == ["延安电信"]
    assert names_in(enter(tobacco.person(Duty.DSM)).get(LIST)) == []


@pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
def test_an_administrator_sees_no_row_and_is_told_why(repair, customer, duty):
    person = repair.person(duty)
    client = enter(person)
    session = client.session
    session["kedang_factor"] = True
    session.save()
    response = client.get(LIST)
    assert names_in(response) == []
    assert "您没有查看客户档案的权限" in text_of(response)


def test_somebody_switched_off_is_sent_to_the_log_in(repair, customer, manager):
    client = enter(manager)
    manager.is_active = False
    manager.save(update_fields=["is_active"])
    response = client.get(LIST)
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")


def test_an_empty_list_says_why_and_what_to_do_next(repair, manager, customer):
    nobody = enter(repair.person(Duty.AM)).get(LIST)
    assert "还没有客户。建档后会出现在这里。" in text_of(nobody)
    assert reverse("customers:register") in text_of(nobody)
    narrowed = enter(manager).get(f"{LIST}?status=cancelled")
    assert "没有符合条件的客户" in text_of(narrowed)
    assert "清除筛选" in text_of(narrowed)


def test_filters_stand_in_the_url_and_each_can_be_taken_off(repair, manager):
    repair.customer(manager, name="延安电信", status=CustomerStatus.SUSPENDED, may_order=False)
    repair.customer(manager, name="西安电信", temporal_class=TemporalClass.PAST)
    client = enter(manager)
    assert names_in(client.get(f"{LIST}?status=suspended")) == ["延安电信"]
    assert names_in(client.get(f"{LIST}?temporal=past")) == ["西安电信"]
    both = client.get(f"{LIST}?status=suspended&q=延安&sort=-name")
    assert names_in(both) == ["延安电信"]
    chips = {str(chip["label"]): chip["url"] for chip in both.context["chips"]}
    assert chips == {
        "名称、代码或外部编号": "/customers/?status=suspended&sort=-name",
        "状态": "/customers/?q=%E5%BB%B6%E5%AE%89&sort=-name",
    }


def test_cities_and_managers_cut_the_list(repair, manager, colleague):
    repair.customer(manager, name="延安电信", city=region("610600"))
    repair.customer(colleague, name="西安电信")
    head = enter(repair.person(Duty.MVP))
    assert names_in(head.get(f"{LIST}?city=610600")) == ["延安电信"]
    assert names_in(head.get(f"{LIST}?manager={colleague.pk}")) == ["西安电信"]


def test_a_manager_is_not_offered_his_colleagues_as_a_filter(repair, manager, colleague, customer):
    client = enter(manager)
    assert colleague.name not in text_of(client.get(LIST))
    assert client.get(f"{LIST}?manager={colleague.pk}").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("user__password__startswith=p", 404),
        ("_connector=OR+1%3D1", 404),
        ("fields=mobile", 404),
        ("status=nonsense", 400),
        ("sort=remark", 400),
        ("city=999999", 400),
        ("q=%00", 400),
        ("page=abc", 400),
        ("page=-1", 400),
    ],
)
def test_a_question_nobody_understands_gets_a_plain_page(manager, customer, query, status):
    """B098, B190, B191, B203 of the corpus."""
    response = enter(manager).get(f"{LIST}?{query}")
    assert response.status_code == status
    assert "Traceback" not in text_of(response)
    assert customer.name not in text_of(response)


def test_the_exact_code_leads_to_the_customer_and_a_foreign_one_to_nothing(
    manager, colleague, customer
):
    found = enter(manager).get(f"{LIST}?q={customer.code}")
    assert found.status_code == 302
    assert found.url == f"/customers/{customer.pk}/"
    foreign = enter(colleague).get(f"{LIST}?q={customer.code}")
    assert foreign.status_code == 200
    assert names_in(foreign) == []


def test_a_foreign_code_the_start_of_the_name_and_its_initials_find_him(repair, manager):
    row = repair.customer(manager, name="延安电信")
    repair.customer(manager, name="宝鸡移动")
    CustomerAlias.objects.create(
        customer=row, organisation=repair.org, system="erp", kind="customer", code="E-001"
    )
    client = enter(manager)
    for typed in ("E-001", "延安", "yadx", "ＹＡＤＸ"):
        assert names_in(client.get(LIST, {"q": typed})) == ["延安电信"], typed


@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%%%", "(a+)+$" * 20, "' OR '1'='1"])
def test_signs_of_a_pattern_are_only_signs(manager, customer, typed):
    """B110, B112, B113 of the corpus."""
    response = enter(manager).get(LIST, {"q": typed})
    assert response.status_code == 200
    assert names_in(response) == []


def test_pages_by_key_go_on_and_back_over_the_same_rows(repair, manager):
    CustomerFactory.create_batch(53, department=repair.market, manager=manager, created_by=manager)
    client = enter(manager)
    first = client.get(f"{LIST}?sort=-code")
    second = client.get(first.context["next_url"])
    back = client.get(second.context["previous_url"])
    assert len(names_in(first)) == 50
    assert len(names_in(second)) == 3
    assert names_in(back) == names_in(first)
    assert str(second.context["page"].total) == "53"


def test_a_count_beyond_the_cap_says_so(repair, manager, monkeypatch):
    CustomerFactory.create_batch(52, department=repair.market, manager=manager, created_by=manager)
    capped = partial(count_for, cap=50)
    monkeypatch.setattr("customers.selectors.listing.count_for", capped)
    assert "我可见的 50+ 户" in text_of(enter(manager).get(LIST))


LOOK = "/lists/customers/look/"


def headings_in(response):
    return [str(heading["label"]) for heading in response.context["headings"]]


def test_the_chosen_columns_are_kept_in_their_order_and_the_locked_ones_stay(manager, customer):
    """UX-06: at the server, so the next browser has them too."""
    client = enter(manager)
    sent = {"columns": ["address", "name", "address", "nonsense"], "query": "sort=-name&page=x"}
    chosen = client.post(LOOK, sent)
    assert chosen.status_code == 302
    assert chosen.url == "/customers/?sort=-name"
    assert headings_in(enter(manager).get(LIST)) == ["客户代码", "地址", "客户名称"]
    client.post(LOOK, {"reset": "1"})
    assert len(headings_in(client.get(LIST))) == 7


def test_width_and_density_are_kept_for_the_person_alone(repair, manager, colleague, customer):
    repair.customer(colleague)
    client = enter(manager)
    client.post(
        LOOK,
        {
            "columns": ["code", "name", "city"],
            "width-city": "narrow",
            "width-name": "url(x)",
            "density": "tight",
        },
    )
    page = client.get(LIST)
    assert [heading["width"] for heading in page.context["headings"]] == ["", "", "narrow"]
    assert "datatable--tight" in text_of(page)
    assert "datatable--tight" not in text_of(enter(colleague).get(LIST))


@pytest.mark.parametrize(
    ("page", "sent", "status"),
    [("nonsense", {}, 404), ("customers", {"density": "huge"}, 400)],
)
def test_a_look_nobody_knows_is_refused(manager, page, sent, status):
    assert enter(manager).post(f"/lists/{page}/look/", sent).status_code == status


def test_a_saved_view_brings_its_columns_in_their_order(manager, customer):
    """UX-05, UX-06: the columns belong to the question, width and density to the person."""
    client = enter(manager)
    client.post(
        LOOK, {"columns": ["city", "code", "name"], "width-city": "wide", "density": "tight"}
    )
    saved = {"list_name": "customers", "title": "地址", "columns": "name,address,code,city"}
    address = client.post("/views/new/", saved).url
    page = client.get(address)
    assert headings_in(page) == ["客户名称", "地址", "客户代码", "地市"]
    assert page.context["headings"][3]["width"] == "wide"
    assert headings_in(client.get(LIST)) == ["地市", "客户代码", "客户名称"]


def test_what_a_narrow_right_hides_is_no_cell_of_the_list(tobacco):
    """The distribution centre sees name and address for delivery, not the class of the customer."""
    tobacco.customer(name="何记烟酒", lifecycle="mature", mobile="13891234567")
    client = enter(tobacco.person(Duty.DC))
    client.post(LOOK, {"columns": ["code", "name", "lifecycle", "mobile"]})
    page = client.get(LIST)
    assert names_in(page) == ["何记烟酒"]
    cells = {str(cell.label): cell.value for cell in page.context["page"].rows[0].cells}
    assert cells["生命周期"] == ""
    assert cells["移动电话"] == "13891234567"


def test_who_only_looks_sees_telephones_masked_in_the_list(repair, manager):
    repair.customer(manager, name="延安电信", mobile="13891234567")
    client = enter(repair.person(Duty.MVP))
    client.post(LOOK, {"columns": ["code", "mobile"]})
    assert "13891234567" not in text_of(client.get(LIST))
    assert "138****4567" in text_of(client.get(LIST))


@pytest.mark.parametrize("number", [3, 40])
def test_the_list_asks_at_most_twelve_questions_whatever_the_rows(
    repair, manager, number, django_assert_max_num_queries
):
    CustomerFactory.create_batch(
        number, department=repair.market, manager=manager, created_by=manager
    )
    client = enter(manager)
    client.get(LIST)
    with django_assert_max_num_queries(12):
        assert len(names_in(client.get(LIST))) == number


def test_the_list_of_a_wide_right_asks_no_more(repair, django_assert_max_num_queries):
    for _turn in range(3):
        CustomerFactory(
            department=DepartmentFactory(parent=repair.org), manager=repair.person(Duty.AM)
        )
    client = enter(repair.person(Duty.MVP))
    client.get(LIST)
    with django_assert_max_num_queries(12):
        assert len(names_in(client.get(LIST))) == 3
