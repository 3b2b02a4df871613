"""The bell and the inbox page: one's own notices, in one's own language."""

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from crm.identity.tests.factories import UserFactory
from crm.outbox import services
from crm.outbox.channels import inbox
from crm.outbox.channels.inbox import link_of, worded
from crm.outbox.choices import Topic
from crm.outbox.models import Notice
from crm.outbox.selectors import INBOX_SIZE, notices_page, unread_count

pytestmark = pytest.mark.django_db
VALUES = {"name": "兰花商店", "code": "61010000000153"}


@pytest.fixture
def zhao(bureau):
    """A colleague with notices of his own."""
    return UserFactory(username="zhao", name="赵")


def notify(person, key="k", topic=Topic.CUSTOMER_REGISTERED, **values):
    message = services.publish(
        topic=topic, key=key, payload={}, people=[person.pk], values={**VALUES, **values}
    )
    return message.notices.get(person=person)


def page_of(client, person, query=""):
    client.force_login(person)
    return client.get(reverse("outbox:inbox") + query)


def test_a_notice_is_worded_when_it_is_read_in_the_readers_language(lan, monkeypatch):
    """D5: topic and values are stored, the words come with the reader."""
    notice = notify(lan)
    assert worded(notice).text == "客户 兰花商店 已登记，代码 61010000000153"
    assert worded(notice).title == "客户已登记"
    english = {
        "客户 %(name)s 已登记，代码 %(code)s": "Customer %(name)s registered, code %(code)s",
        "客户已登记": "Customer registered",
    }
    with translation.override("en"):
        catalogue = translation.trans_real.catalog()
        monkeypatch.setattr(catalogue, "gettext", lambda text: english.get(text, text))
        assert worded(notice).text == "Customer 兰花商店 registered, code 61010000000153"
        assert worded(notice).title == "Customer registered"
    assert worded(notice).text == "客户 兰花商店 已登记，代码 61010000000153"


def test_an_old_notice_whose_wording_has_learned_a_name_still_shows(lan):
    notice = notify(lan)
    notice.values = {"name": "兰花商店"}
    assert worded(notice).text == "客户 兰花商店 已登记，代码 —"


def test_a_per_cent_sign_in_a_value_is_a_per_cent_sign(lan):
    assert "100%s%(x)s" in worded(notify(lan, name="100%s%(x)s")).text


def test_a_link_stands_only_where_its_page_and_its_argument_are_there(monkeypatch):
    topic = Topic.CUSTOMER_REGISTERED
    monkeypatch.setitem(inbox.LINKS, topic, ("outbox:notice-open", "customer_id"))
    assert link_of(topic, {"customer_id": 7}) == "/inbox/7/open/"
    assert link_of(topic, {}) == ""
    assert link_of(topic, {"customer_id": ""}) == ""
    monkeypatch.setitem(inbox.LINKS, topic, ("nowhere:page", "customer_id"))
    assert link_of(topic, {"customer_id": 7}) == ""
    assert link_of(Topic.JOB_DONE, {"customer_id": 7}) == ""


def test_the_page_shows_ones_own_unread_notices_and_all_on_the_other_tab(client, lan, zhao):
    notify(lan, "a", name="兰花商店")
    read = notify(lan, "b", name="旧商店")
    notify(zhao, "c", name="别人的商店")
    services.read_notice(notice=read, by=lan)
    page = page_of(client, lan).content.decode()
    assert "兰花商店" in page
    assert "旧商店" not in page
    assert "别人的商店" not in page
    page = page_of(client, lan, "?tab=all").content.decode()
    assert "旧商店" in page
    assert "别人的商店" not in page


def test_an_empty_inbox_says_so(client, lan):
    assert "没有未读的消息" in page_of(client, lan).content.decode()
    assert "还没有消息" in page_of(client, lan, "?tab=all").content.decode()


def test_markup_in_a_value_is_only_text(client, lan):
    """B289."""
    notify(lan, name="<b onclick=x>粗</b>")
    page = page_of(client, lan).content.decode()
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;粗" in page


def test_opening_a_notice_takes_its_mark_and_goes_to_its_page(client, lan, monkeypatch):
    monkeypatch.setitem(
        inbox.LINKS, Topic.CUSTOMER_REGISTERED, ("outbox:notice-open", "customer_id")
    )
    notice = notify(lan, customer_id=99)
    client.force_login(lan)
    answer = client.post(reverse("outbox:notice-open", args=[notice.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/inbox/99/open/")
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert unread_count(lan) == 0


def test_a_notice_without_a_page_comes_back_to_the_inbox(client, lan):
    notice = notify(lan, topic=Topic.JOB_DONE, job="导入", result="3 行")
    client.force_login(lan)
    answer = client.post(reverse("outbox:notice-open", args=[notice.pk]))
    assert answer["Location"] == reverse("outbox:inbox")


def test_nobody_opens_the_notice_of_another(client, lan, zhao):
    notice = notify(lan)
    client.force_login(zhao)
    assert client.post(reverse("outbox:notice-open", args=[notice.pk])).status_code == 404
    services.read_notice(notice=notice, by=zhao)
    notice.refresh_from_db()
    assert notice.read_at is None


def test_looking_changes_nothing(client, lan):
    notice = notify(lan)
    page_of(client, lan)
    assert client.get(reverse("outbox:notice-open", args=[notice.pk])).status_code == 405
    notice.refresh_from_db()
    assert notice.read_at is None


def test_the_first_reading_counts(lan):
    notice = notify(lan)
    services.read_notice(notice=notice, by=lan)
    first = Notice.objects.get(pk=notice.pk).read_at
    services.read_notice(notice=notice, by=lan)
    assert Notice.objects.get(pk=notice.pk).read_at == first


def test_all_can_be_marked_at_once_and_only_ones_own(client, lan, zhao):
    for key in "abc":
        notify(lan, key)
    notify(zhao, "z")
    client.force_login(lan)
    answer = client.post(reverse("outbox:read-all"), follow=True)
    assert "全部消息已标为已读" in answer.content.decode()
    assert unread_count(lan) == 0
    assert unread_count(zhao) == 1


def test_the_bell_asks_for_a_number(client, lan):
    client.force_login(lan)
    assert client.get(reverse("outbox:unread")).json() == {"unread": 0}
    notify(lan)
    assert client.get(reverse("outbox:unread")).json() == {"unread": 1}


def test_the_count_stops_at_a_hundred(lan):
    message = notify(lan).message
    Notice.objects.all().delete()
    others = [type(message)(topic=message.topic, key=f"m{n}", payload={}) for n in range(130)]
    type(message).objects.bulk_create(others)
    Notice.objects.bulk_create(
        Notice(person=lan, message=row, topic=row.topic, values=VALUES) for row in others
    )
    assert unread_count(lan) == 100
    Notice.objects.update(read_at=timezone.now())
    assert unread_count(lan) == 0


def test_pages_follow_each_other_by_key(client, lan, django_assert_max_num_queries):
    for n in range(INBOX_SIZE + 5):
        notify(lan, f"k{n}", name=f"商店{n:03}")
    first = notices_page(lan)
    assert [row.values["name"] for row in first.rows][:2] == ["商店034", "商店033"]
    second = notices_page(lan, token=first.next)
    assert [row.values["name"] for row in second.rows] == [f"商店{n:03}" for n in range(4, -1, -1)]
    assert notices_page(lan, token=second.previous).rows == first.rows
    client.force_login(lan)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("outbox:inbox"), {"page": first.next})
    assert "商店004" in page.content.decode()
    assert "商店005" not in page.content.decode()


def test_a_parameter_nobody_knows_or_a_broken_token_is_told(client, lan):
    assert page_of(client, lan, "?colour=red").status_code == 404
    assert page_of(client, lan, "?page=garbage").status_code == 400


def test_a_person_who_left_gets_nothing(lan):
    notice = notify(lan)
    lan.is_active = False
    lan.save(update_fields=["is_active"])
    assert unread_count(lan) == 0
    assert notices_page(lan).rows == []
    services.read_notice(notice=notice, by=lan)
    notice.refresh_from_db()
    assert notice.read_at is None
