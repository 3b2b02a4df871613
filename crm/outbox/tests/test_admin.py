"""The administrators' pages: endpoints, dead letters, events."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.identity.choices import Duty
from crm.identity.services.reference import load_rights
from crm.identity.tests.doors import give_totp
from crm.identity.tests.factories import DepartmentFactory, UserFactory
from crm.outbox import services
from crm.outbox.choices import DeliveryStatus, Topic
from crm.outbox.models import Delivery, Endpoint, Message

pytestmark = pytest.mark.django_db
ENDPOINTS = "admin:outbox_endpoint_changelist"
DELIVERIES = "admin:outbox_delivery_changelist"


@pytest.fixture
def enter(client, bureau):
    """Log an administrator of the bureau in, second factor and all; returns him."""
    load_rights()

    def log_in(duty):
        person = UserFactory(department=DepartmentFactory(parent=bureau), duty=duty)
        give_totp(person)
        client.force_login(person)
        return person

    return log_in


@pytest.fixture
def dead(em, bureau):
    message = services.publish(
        topic=Topic.BASE_DATA,
        key="DJ1",
        payload={"secret_plan": "甲"},
        organisation_id=bureau.pk,
        customer=7,
    )
    delivery = message.deliveries.get()
    Delivery.objects.update(status=DeliveryStatus.DEAD, attempts=8, last_error="HTTP 500")
    delivery.refresh_from_db()
    return delivery


def act(client, page, name, *rows, **more):
    picked = {"action": name, "_selected_action": [row.pk for row in rows], **more}
    return client.post(reverse(page), picked, follow=True)


def test_registering_an_endpoint_shows_its_secret_once(client, enter, receiver, bureau):
    """B286: on the answer page, then never again."""
    keeper = enter(Duty.SYS)
    answer = client.post(
        reverse("admin:outbox_endpoint_add"),
        {"system": "em", "url": receiver.url, "timeout": 5},
    )
    endpoint = Endpoint.objects.get()
    page = answer.content.decode()
    secret = page.split("<code>")[1].split("</code>")[0]
    assert (endpoint.organisation, endpoint.created_by) == (bureau, keeper)
    assert "no-store" in answer["Cache-Control"]
    change = reverse("admin:outbox_endpoint_change", args=[endpoint.pk])
    history = reverse("admin:outbox_endpoint_history", args=[endpoint.pk])
    for url in (change, history, reverse(ENDPOINTS)):
        assert secret not in client.get(url).content.decode()
        assert "kd1:" not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"system": "em", "url": "http://10.0.0.1/", "timeout": 5}, "不能呼叫内部网络地址"),
        ({"system": "em", "url": "ftp://a.cn/", "timeout": 5}, "只能使用 http 或 https 地址"),
        ({"system": "em", "url": "https://a.cn/", "timeout": 60}, "小于或等于5"),
        ({"system": "nobody", "url": "https://a.cn/", "timeout": 5}, "选择一个有效的选项"),
    ],
)
def test_a_bad_endpoint_is_refused_on_the_form(client, enter, data, told):
    enter(Duty.SYS)
    page = client.post(reverse("admin:outbox_endpoint_add"), data).content.decode()
    assert told in page
    assert not Endpoint.objects.exists()


def test_a_second_live_endpoint_of_a_system_is_refused_on_the_form(client, enter, em):
    enter(Duty.SYS)
    data = {"system": "em", "url": em.url, "timeout": 5}
    page = client.post(reverse("admin:outbox_endpoint_add"), data).content.decode()
    assert "该单位的这个系统已有启用的端点" in page
    assert Endpoint.objects.count() == 1


def test_a_dead_letter_is_retried_with_a_reason(client, enter, dead):
    keeper = enter(Duty.SYS)
    page = act(client, DELIVERIES, "retry", dead, reason="对方已修复").content.decode()
    assert "已处理 1 条" in page
    dead.refresh_from_db()
    assert (dead.status, dead.handled_by) == (DeliveryStatus.PENDING, keeper)
    assert dead.handled_reason == "对方已修复"


def test_a_dead_letter_is_skipped_only_with_a_reason(client, enter, dead):
    enter(Duty.SYS)
    page = act(client, DELIVERIES, "skip", dead, reason="  ").content.decode()
    assert "请填写跳过的原因" in page
    dead.refresh_from_db()
    assert dead.status == DeliveryStatus.DEAD
    act(client, DELIVERIES, "skip", dead, reason="已人工录入")
    dead.refresh_from_db()
    assert dead.status == DeliveryStatus.SKIPPED


def test_the_auditor_reads_and_retries_nothing(client, enter, dead):
    enter(Duty.AUD)
    assert "HTTP 500" in client.get(reverse(DELIVERIES)).content.decode()
    act(client, DELIVERIES, "retry", dead, reason="x")
    dead.refresh_from_db()
    assert dead.status == DeliveryStatus.DEAD
    assert client.get(reverse("admin:outbox_endpoint_add")).status_code == 403
    replay = reverse("admin:outbox_endpoint_replay", args=[dead.endpoint_id])
    assert client.get(replay).status_code == 403


def test_the_payload_is_hidden_from_the_system_administrator(client, enter, dead):
    """Trust 4.3 c: he retries what he cannot read."""
    url = reverse("admin:outbox_message_change", args=[dead.message_id])
    enter(Duty.SYS)
    assert "secret_plan" not in client.get(url).content.decode()
    enter(Duty.AUD)
    assert "secret_plan" in client.get(url).content.decode()


def test_security_rotates_a_secret_and_sees_it_once(client, enter, em, receiver):
    enter(Duty.SEC)
    page = act(client, ENDPOINTS, "rotate", em).content.decode()
    secret = page.split("<code>")[1].split("</code>")[0]
    assert secret != receiver.secret
    assert client.get(reverse(DELIVERIES)).status_code == 403
    assert "请只选一个端点" not in page


def test_rotating_two_at_once_is_refused(client, enter, em, bureau, lan, receiver):
    other, _secret = services.register_endpoint(
        organisation_id=bureau.pk, system="zm", url=receiver.url, by=lan
    )
    enter(Duty.SEC)
    before = list(Endpoint.objects.order_by("pk").values_list("secret", flat=True))
    assert "请只选一个端点" in act(client, ENDPOINTS, "rotate", em, other).content.decode()
    assert list(Endpoint.objects.order_by("pk").values_list("secret", flat=True)) == before


def test_an_endpoint_is_held_woken_and_retired(client, enter, em, dead):
    enter(Duty.SYS)
    act(client, ENDPOINTS, "hold", em)
    em.refresh_from_db()
    assert em.held_at is not None
    act(client, ENDPOINTS, "wake", em)
    em.refresh_from_db()
    assert em.held_at is None
    act(client, ENDPOINTS, "retire", em)
    em.refresh_from_db()
    assert em.is_live is False
    dead.refresh_from_db()
    assert dead.status == DeliveryStatus.SKIPPED


def test_everything_since_a_moment_is_sent_again(client, enter, em, dead):
    enter(Duty.SYS)
    url = reverse("admin:outbox_endpoint_replay", args=[em.pk])
    assert client.get(url).status_code == 200
    change = reverse("admin:outbox_endpoint_change", args=[em.pk])
    assert url in client.get(change).content.decode()
    moment = timezone.localtime() - timedelta(days=1)
    answer = client.post(url, {"moment": f"{moment:%Y-%m-%dT%H:%M}"}, follow=True)
    assert "已排入 1 条重发" in answer.content.decode()
    dead.refresh_from_db()
    assert (dead.status, dead.attempts) == (DeliveryStatus.PENDING, 0)


def test_nothing_is_deleted_or_typed_over(client, enter, em, dead):
    enter(Duty.SYS)
    for name, row in (("endpoint", em), ("delivery", dead), ("message", dead.message)):
        url = reverse(f"admin:outbox_{name}_change", args=[row.pk])
        assert client.post(url, {"url": "https://evil.cn/"}).status_code == 403
        gone = reverse(f"admin:outbox_{name}_delete", args=[row.pk])
        assert client.post(gone, {"post": "yes"}).status_code == 403
    assert Endpoint.objects.get(pk=em.pk).url == em.url
    assert Message.objects.count() == Delivery.objects.count() == 1


def test_an_administrator_of_another_organisation_finds_nothing(client, enter, dead, em):
    stranger = UserFactory(duty=Duty.SYS)
    give_totp(stranger)
    client.force_login(stranger)
    assert "DJ1" not in client.get(reverse(DELIVERIES)).content.decode()
    change = reverse("admin:outbox_delivery_change", args=[dead.pk])
    assert client.get(change).status_code == 302
    replay = reverse("admin:outbox_endpoint_replay", args=[em.pk])
    assert client.get(replay).status_code == 404


def test_a_manager_does_not_come_in_at_all(client, enter, dead):
    enter(Duty.AM)
    assert client.get(reverse(DELIVERIES)).status_code == 302
