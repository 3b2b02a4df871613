"""What stands behind the log-in: time limits, forced change, forced second factor."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from crm.identity.choices import Duty
from crm.identity.models import UserSession
from crm.identity.tests.doors import code_now, give_totp, log_in, log_in_with_code, prove
from crm.identity.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.identity.tests.urls")]
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travel:
        yield lambda **delta: travel.shift(timedelta(**delta))


def is_in(client, **more):
    return client.get("/", **more).status_code == 200


def test_staff_are_logged_out_after_thirty_idle_minutes(client, manager, clock):
    log_in(client, manager)
    assert is_in(client)
    clock(minutes=29)
    assert is_in(client)
    clock(minutes=30)
    answer = client.get("/people/?q=1")
    assert answer.url == "/accounts/login/?next=%2Fpeople%2F%3Fq%3D1"
    assert not UserSession.objects.filter(user=manager).exists()
    assert "草稿已保留" in client.get(answer.url).content.decode()


@pytest.mark.parametrize("duty", [Duty.FIN, Duty.AUD])
def test_finance_and_administrators_after_fifteen(client, department, clock, duty):
    person = UserFactory(duty=duty, department=department)
    secret = give_totp(person)
    log_in_with_code(client, person, secret)
    assert is_in(client)
    clock(minutes=14)
    assert is_in(client)
    clock(minutes=15)
    assert not is_in(client)


def test_work_keeps_the_session_and_a_background_question_does_not(client, manager, clock):
    log_in(client, manager)
    for _n in range(4):
        clock(minutes=20)
        assert is_in(client)
    clock(minutes=20)
    assert is_in(client, headers={"X-Kedang-Background": "1"})
    clock(minutes=15)
    assert not is_in(client)


def test_after_twelve_hours_it_ends_whatever_one_does(client, manager, clock):
    log_in(client, manager)
    for _n in range(35):
        clock(minutes=20)
        assert is_in(client)
    clock(minutes=20)
    assert not is_in(client)


def test_staying_is_one_request(client, manager, clock):
    log_in(client, manager)
    clock(minutes=29)
    assert client.get("/session/alive/").json() == {"seconds": 1800}
    clock(minutes=29)
    assert is_in(client)


def test_marks_are_written_once_a_minute(client, manager, clock, django_assert_num_queries):
    log_in(client, manager)
    client.get("/")
    clock(seconds=59)
    with django_assert_num_queries(3):  # session, person, posts
        client.get("/")
    clock(seconds=2)
    client.get("/")
    assert client.session["kedang_seen"] == int((NOW + timedelta(seconds=61)).timestamp())


def test_a_first_password_must_be_changed_before_anything_else(client, manager):
    manager.must_change_password = True
    manager.save()
    log_in(client, manager)
    for path in ("/", "/people/", "/managers/", "/accounts/2fa/", "/no/such/page/", "/admin/"):
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, "/accounts/password/change/")
    assert client.post("/managers/new/", {}).status_code == 302
    assert client.get("/accounts/password/change/").status_code == 200
    assert client.post("/i18n/setlang/", {"language": "en"}).status_code == 302
    assert client.post("/accounts/logout/").status_code == 302
    assert not is_in(client)


def test_an_old_password_must_be_changed_too(client, manager):
    manager.password_changed_at = timezone.now() - timedelta(days=90)
    manager.save()
    log_in(client, manager)
    assert client.get("/").url == "/accounts/password/change/"


@pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
def test_administrators_set_up_a_second_factor_first(client, department, duty):
    person = UserFactory(duty=duty, department=department)
    log_in(client, person)
    for path in ("/", "/people/", "/admin/", "/accounts/2fa/authenticate/"):
        answer = client.get(path)
        assert (answer.status_code, answer.url) == (302, "/accounts/2fa/totp/activate/")
    prove(client)
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = page.context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert is_in(client)


def test_an_administrator_cannot_switch_it_off(client, guard):
    secret = give_totp(guard)
    log_in_with_code(client, guard, secret)
    prove(client)
    client.post("/accounts/2fa/totp/deactivate/", {})
    client.post("/accounts/logout/")
    assert log_in(client, guard).url == "/accounts/2fa/authenticate/"


def test_others_may_switch_it_on_and_off(client, manager):
    secret = give_totp(manager)
    log_in_with_code(client, manager, secret)
    prove(client)
    client.post("/accounts/2fa/totp/deactivate/", {})
    client.post("/accounts/logout/")
    assert log_in(client, manager).url == "/"


def test_proving_oneself_again_gives_a_new_session_key(client, manager, clock):
    log_in(client, manager)
    before = client.session.session_key
    clock(minutes=6)
    prove(client)
    assert client.session.session_key != before
    assert UserSession.objects.get(user=manager).session_key == client.session.session_key
    assert is_in(client)
