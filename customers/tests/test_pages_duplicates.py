"""The page of likely duplicates (B-14)."""

import pytest

from crm.identity.choices import Duty
from customers.models import DistinctPair, DuplicatePair
from customers.services.duplicate_runs import run_duplicates_now
from customers.tests.browser import enter, text_of

pytestmark = pytest.mark.django_db
PAGE = "/customers/duplicates/found/"


@pytest.fixture
def pair(repair, manager):
    one = repair.customer(manager, name="延安长乐汽修厂")
    two = repair.customer(manager, name="延安长乐乐汽修厂")
    run_duplicates_now(by=None)
    return one, two


def test_both_archives_are_shown_with_what_is_alike_and_lead_to_their_pages(manager, pair):
    client = enter(manager)
    assert PAGE in client.get("/customers/").content.decode()
    page = client.get(PAGE)
    (row,) = page.context["pairs"]
    assert (row.first.name, row.second.name) == ("延安长乐汽修厂", "延安长乐乐汽修厂")
    assert (row.reason, row.score) == ("多打一个重复字", 98)
    html = page.content.decode()
    assert all(f'href="/customers/{one.pk}/"' in html for one in pair)
    assert f'href="{PAGE}{row.pk}/distinct/"' in html


def test_a_pair_that_is_not_one_customer_is_taken_off_with_a_reason(manager, pair):
    client = enter(manager)
    url = f"{PAGE}{DuplicatePair.objects.get().pk}/distinct/"
    assert "延安长乐乐汽修厂" in text_of(client.get(url))
    assert set(client.post(url, {"reason": ""}).context["form"].errors) == {"reason"}
    assert client.post(url, {"reason": "两家店"}).url == PAGE
    assert DistinctPair.objects.get().reason == "两家店"
    assert "您的范围内没有疑似重复的档案" in text_of(client.get(PAGE))
    assert client.get(url).status_code == 404


def test_who_may_only_look_has_no_button_and_who_may_not_has_no_page(repair, pair):
    leader = enter(repair.person(Duty.GM))
    page = leader.get(PAGE)
    assert len(page.context["pairs"]) == 1
    assert "不是同一客户的" in text_of(page)
    assert "/distinct/" not in page.content.decode()
    assert leader.get(f"{PAGE}{page.context['pairs'][0].pk}/distinct/").status_code == 403
    assert enter(repair.person(Duty.FIN)).get(PAGE).status_code == 403


def test_of_another_manager_s_customers_nothing_shows(colleague, pair):
    client = enter(colleague)
    assert client.get(PAGE).context["pairs"] == []
    url = f"{PAGE}{DuplicatePair.objects.get().pk}/distinct/"
    assert client.get(url).status_code == 404
    assert client.post(url, {"reason": "两家店"}).status_code == 404
    assert DuplicatePair.objects.exists()


def test_before_the_first_run_the_page_says_when_it_comes(manager):
    assert "尚未做过全库查重" in text_of(enter(manager).get(PAGE))


def test_a_full_page_asks_no_more_than_a_short_one(
    repair, manager, pair, django_assert_max_num_queries
):
    client = enter(manager)
    client.get(PAGE)
    with django_assert_max_num_queries(12):
        client.get(PAGE)


def test_a_natural_person_s_name_shows_as_masked_as_elsewhere(boss):
    """trust 2.6: a personal name is clear only to who works on the customer."""
    for name in ("长乐张三丰家", "长乐乐张三丰家"):
        boss.customer(boss.person(Duty.AM), name=name)
    run_duplicates_now(by=None)
    reader = boss.person(Duty.MVP)
    listed = [row.cells[1].value for row in enter(reader).get("/customers/").context["page"].rows]
    (row,) = enter(reader).get(PAGE).context["pairs"]
    assert sorted([row.first.name, row.second.name]) == sorted(listed)
