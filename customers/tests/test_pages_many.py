"""Many customers at once, steps through a list, saved views of it (UX-05, UX-07, UX-08, UX-18)."""

import re

import pytest

from crm.core.models import AccessKind, AccessLog
from crm.identity.choices import Duty
from customers.models import Customer, ManagerAssignment
from customers.selectors import selection
from customers.tests.browser import enter, text_of
from customers.tests.factories import CustomerFactory, CustomerGrantFactory
from customers.tests.test_pages_list import names_in

pytestmark = pytest.mark.django_db
LIST, CHOOSE = "/customers/", "/customers/chosen/"
CANARY = "金丝雀专用客户"


@pytest.fixture
def head(repair):
    return repair.person(Duty.MVP)


def chosen(client, act="transfer", **sent):
    answer = client.post(CHOOSE, {"act": act, "query": ""} | sent)
    assert answer.status_code == 302, text_of(answer)
    return answer.url


def send(client, url, manager, **changed):
    page = client.get(url)
    form = page.context["form"]
    sent = {"manager": manager.pk, "reason": "片区调整", **form.initial} | changed
    return client.post(url, sent)


class TestMany:
    def test_the_ticked_ones_and_no_others_get_another_manager(
        self, repair, manager, colleague, head
    ):
        """R-15, R-18, R-19, UX-07: the number is said, each row has its history."""
        rows = [repair.customer(manager) for _turn in range(3)]
        client = enter(head)
        url = chosen(client, ids=[rows[0].pk, rows[2].pk])
        assert "变更 2 户" in text_of(client.get(url))
        assert send(client, url, colleague).url == "/customers/chosen/done/"
        done = client.get("/customers/chosen/done/")
        assert (done.context["done"], done.context["refused"]) == (2, [])
        kept = Customer.objects.filter(manager=manager)
        assert [row.pk for row in kept] == [rows[1].pk]
        terms = ManagerAssignment.objects.filter(manager=colleague, ends_at__isnull=True)
        assert {term.customer_id for term in terms} == {rows[0].pk, rows[2].pk}
        assert {term.reason for term in terms} == {"片区调整"}

    def test_all_means_the_filtered_set_at_the_server_not_the_page(
        self, repair, manager, colleague, head
    ):
        """UX-08: 53 rows on two pages; the one left out stays, and so does what is filtered out."""
        CustomerFactory.create_batch(
            53, department=repair.market, manager=manager, created_by=manager, lifecycle="mature"
        )
        other = repair.customer(manager, lifecycle="left")
        out = Customer.objects.filter(lifecycle="mature").first()
        client = enter(head)
        url = chosen(client, every="1", query="lifecycle=mature", **{"except": [out.pk]})
        assert "变更 52 户" in text_of(client.get(url))
        send(client, url, colleague)
        assert Customer.objects.filter(manager=colleague).count() == 52
        kept = Customer.objects.filter(manager=manager).values_list("pk", flat=True)
        assert set(kept) == {out.pk, other.pk}

    def test_when_the_number_has_changed_meanwhile_it_is_said_and_nothing_is_done(
        self, repair, manager, colleague, head
    ):
        repair.customer(manager, lifecycle="mature")
        client = enter(head)
        url = chosen(client, every="1", query="lifecycle=mature")
        number = client.get(url).context["number"]
        repair.customer(manager, lifecycle="mature")
        answer = send(client, url, colleague, number=number)
        assert answer.status_code == 200
        assert "现在是 2 户" in text_of(answer)
        assert not Customer.objects.filter(manager=colleague).exists()
        again = re.search(r'name="number" value="(\d+)"', text_of(answer))
        assert again.group(1) == "2"

    def test_what_could_not_be_done_is_listed_row_by_row(self, repair, manager, colleague, head):
        moves, stays = repair.customer(manager), repair.customer(colleague, name="宝鸡移动")
        client = enter(head)
        send(client, chosen(client, every="1"), colleague)
        done = client.get("/customers/chosen/done/")
        assert done.context["done"] == 1
        assert [(row.pk, reason) for row, reason in done.context["refused"]] == [
            (stays.pk, "该客户已由此人负责")
        ]
        moves.refresh_from_db()
        assert moves.manager == colleague

    def test_foreign_ids_are_dropped_and_the_auditor_hears_of_it(self, repair, manager, colleague):
        """B196."""
        own = repair.customer(manager)
        foreign, far = repair.customer(colleague, name=CANARY), CustomerFactory(name=CANARY)
        client = enter(manager, again=True)
        url = chosen(client, "export", ids=[own.pk, foreign.pk, far.pk, 987_654_321])
        row = AccessLog.objects.get(kind=AccessKind.DENIED)
        assert (row.user_id, row.object_type, row.object_key) == (manager.pk, "customer.v", "1/4")
        page = client.get(url)
        assert page.context["offer"].rows == 1
        assert CANARY not in text_of(page)

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            ({}, 400),
            ({"ids": ["x"]}, 400),
            ({"ids": ["1"] * 201}, 400),
            ({"every": "1", "query": "user__password=p"}, 404),
            ({"every": "1", "query": "sort=remark"}, 400),
            ({"every": "1", "act": "delete"}, 400),
        ],
    )
    def test_a_choice_that_is_none_is_refused(self, manager, customer, sent, status):
        """B190, B200, B203 at the bar under the list."""
        answer = enter(manager).post(CHOOSE, {"act": "export", "query": ""} | sent)
        assert answer.status_code == status

    def test_a_choice_is_of_the_person_who_made_it_and_cannot_be_forged(
        self, repair, manager, colleague, customer, head
    ):
        url = chosen(enter(head), ids=[customer.pk])
        assert enter(repair.person(Duty.MVP)).get(url).status_code == 404
        assert enter(head).get(f"{url}x").status_code == 400
        assert enter(manager).get(url).status_code == 403

    def test_who_may_not_decide_moves_nobody(self, repair, manager, colleague, customer):
        client = enter(manager)
        assert "变更所选的客户经理" not in text_of(client.get(LIST))
        url = chosen(client, ids=[customer.pk])
        answer = client.post(url, {"manager": colleague.pk, "reason": "x", "number": 1})
        assert answer.status_code == 403
        customer.refresh_from_db()
        assert customer.manager == manager

    def test_more_than_one_act_carries_is_said_before_sending(
        self, repair, manager, head, monkeypatch
    ):
        CustomerFactory.create_batch(
            3, department=repair.market, manager=manager, created_by=manager
        )
        monkeypatch.setattr("customers.views.many.MOST_TRANSFERS", 2)
        client = enter(head)
        page = client.get(chosen(client, every="1"))
        assert "一次最多变更 2 户" in text_of(page)

    def test_keys_beyond_the_limit_are_one_more_than_it(self, repair, manager):
        CustomerFactory.create_batch(
            4, department=repair.market, manager=manager, created_by=manager
        )
        found = selection.chosen_keys(
            manager, selection.CustomerPerm.VIEW, selection.Chosen(), most=2
        )
        assert len(found) == 3


class TestSteps:
    def walk(self, client, start, query):
        seen, url = [], f"/customers/{start.pk}/?in={query}"
        while url not in seen:
            seen.append(url)
            step = client.get(f"{url.split('?')[0]}step/next/?in={query}")
            url = step.url
        return [int(url.split("/")[2]) for url in seen]

    def test_next_and_previous_go_through_the_list_as_it_is_sorted(self, repair, manager):
        """UX-18: by key, forwards and back, over page borders."""
        rows = CustomerFactory.create_batch(
            55, department=repair.market, manager=manager, created_by=manager
        )
        order = sorted(rows, key=lambda row: row.code, reverse=True)
        client = enter(manager)
        seen = self.walk(client, order[0], "sort=-code")
        assert seen == [row.pk for row in order]
        back = client.get(f"/customers/{order[7].pk}/step/previous/?in=sort=-code")
        assert back.url == f"/customers/{order[6].pk}/?in=sort%3D-code"

    def test_the_end_is_said_and_leads_nowhere_else(self, manager, customer):
        client = enter(manager)
        answer = client.get(f"/customers/{customer.pk}/step/next/?in=sort=code", follow=True)
        assert answer.redirect_chain[0][0].startswith(f"/customers/{customer.pk}/")
        assert "已是列表的最后一户" in text_of(answer)

    def test_a_step_never_leads_to_a_foreign_customer(self, repair, manager, colleague):
        own = repair.customer(manager)
        foreign = repair.customer(colleague)
        client = enter(manager)
        answer = client.get(f"/customers/{own.pk}/step/next/?in=sort=code")
        assert answer.url.startswith(f"/customers/{own.pk}/")
        assert client.get(f"/customers/{foreign.pk}/step/next/?in=").status_code == 404

    @pytest.mark.parametrize(
        ("tail", "status"),
        [("next/?in=sort=remark", 400), ("next/?in=_connector=OR", 404), ("up/?in=", 404)],
    )
    def test_a_step_understands_only_what_the_list_does(self, manager, customer, tail, status):
        answer = enter(manager).get(f"/customers/{customer.pk}/step/{tail}")
        assert answer.status_code == status

    def test_the_page_offers_steps_only_when_it_was_opened_from_a_list(self, manager, customer):
        client = enter(manager)
        assert "下一户" not in text_of(client.get(f"/customers/{customer.pk}/"))
        page = client.get(f"/customers/{customer.pk}/?in=status=normal")
        assert f"/customers/{customer.pk}/step/next/?in=status%3Dnormal" in text_of(page)
        assert f"/customers/{customer.pk}/timeline/?in=status%3Dnormal" in text_of(page)

    def test_the_list_hands_its_own_question_to_each_row(self, manager, customer):
        page = text_of(enter(manager).get(f"{LIST}?temporal=current"))
        assert f'href="/customers/{customer.pk}/?in=temporal%3Dcurrent"' in page


def test_codes_and_telephones_have_a_button_to_copy_them(repair, manager):
    """UX-19: what comes masked has none."""
    row = repair.customer(manager, mobile="13891234567", phone="029-88351234")
    own = text_of(enter(manager).get(f"/customers/{row.pk}/"))
    for value in (row.code, "13891234567", "029-88351234"):
        assert f'data-copy="{value}"' in own
    looked = text_of(enter(repair.person(Duty.MVP)).get(f"/customers/{row.pk}/"))
    assert "138****4567" in looked
    assert 'data-copy="138' not in looked


class TestViews:
    def save(self, client, title="正在合作", query="temporal=past", **more):
        sent = {"list_name": "customers", "title": title, "query": query, "columns": "address"}
        return client.post("/views/new/", sent | more)

    def test_a_view_keeps_filter_order_and_columns_under_a_name(self, repair, manager):
        """UX-05."""
        repair.customer(manager, name="延安电信", temporal_class="past")
        repair.customer(manager, name="宝鸡移动")
        client = enter(manager)
        saved = self.save(client)
        page = client.get(saved.url)
        assert names_in(page) == ["延安电信"]
        assert [str(h["label"]) for h in page.context["headings"]] == [
            "客户代码",
            "客户名称",
            "地址",
        ]
        view = manager.saved_views.get()
        assert client.get(f"/views/{view.pk}/").url == saved.url

    def test_a_shared_view_shows_each_reader_his_own_rows(self, repair, manager, colleague):
        repair.customer(manager, name=CANARY, temporal_class="past")
        repair.customer(colleague, name="宝鸡移动", temporal_class="past")
        self.save(enter(manager), department=repair.market.pk)
        view = manager.saved_views.get()
        reader = enter(colleague)
        assert view.title in text_of(reader.get(LIST))
        page = reader.get(reader.get(f"/views/{view.pk}/").url)
        assert names_in(page) == ["宝鸡移动"]
        assert CANARY not in text_of(page)

    def test_the_file_of_an_open_view_has_the_columns_of_the_view(self, manager, customer):
        client = enter(manager, again=True)
        self.save(client, query="")
        view = manager.saved_views.get()
        offer = client.get(f"/customers/export/?view={view.pk}").context["offer"]
        assert offer.columns == ["客户代码", "客户名称", "地址"]

    def test_the_default_opens_by_itself_and_can_be_left(self, repair, manager, colleague):
        repair.customer(manager, temporal_class="past")
        client = enter(manager)
        self.save(client, default="owner")
        view = manager.saved_views.get()
        assert client.get(LIST).url == f"/views/{view.pk}/"
        plain = client.get(f"{LIST}?view=none")
        assert plain.status_code == 200
        assert plain.context["clear_url"] == f"{LIST}?view=none"
        assert enter(colleague).get(LIST).status_code == 200

    def test_a_default_nobody_understands_any_more_does_not_lock_the_list(self, manager, customer):
        client = enter(manager)
        self.save(client, default="owner", query="status=gone")
        assert client.get(LIST).status_code == 200
        manager.saved_views.update(query="user__password=p")
        assert client.get(LIST).status_code == 200

    def test_a_view_one_may_not_open_is_no_view(self, repair, manager, colleague, customer):
        self.save(enter(manager))
        view = manager.saved_views.get()
        stranger = enter(colleague)
        assert stranger.get(f"/views/{view.pk}/").status_code == 404
        assert stranger.get(f"{LIST}?view={view.pk}").status_code == 404

    def test_the_work_lists_of_each_temporal_class_are_there(self, repair, manager, head):
        """R-8, R-16."""
        repair.customer(manager, name="延安电信", temporal_class="coming")
        repair.customer(name="无主客户", temporal_class="past")
        client = enter(head)
        links = {str(p.label): p.url for p in client.get(LIST).context["presets"]}
        assert names_in(client.get(links["即将合作：收集齐全"])) == ["延安电信"]
        assert names_in(client.get(links["曾经合作：再读找机会"])) == ["无主客户"]
        assert names_in(client.get(links["没有客户经理"])) == ["无主客户"]
        assert "没有客户经理" not in {
            str(p.label) for p in enter(manager).get(LIST).context["presets"]
        }


def test_a_shared_customer_is_in_the_list_but_not_in_the_act(repair, manager, colleague, head):
    """What is only lent to look at is not moved by somebody who may not decide on it."""
    row = repair.customer(colleague)
    CustomerGrantFactory(user=manager, content_object=row)
    client = enter(manager)
    url = chosen(client, ids=[row.pk])
    assert client.get(url).status_code == 403
    assert not AccessLog.objects.filter(kind=AccessKind.DENIED, object_type="customer.v").exists()
