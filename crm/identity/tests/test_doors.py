"""Log-in as a person meets it: lock-out, second factor, redirects, forged addresses (corpus J)."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.core.cache import cache
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from crm.core.sealed import PREFIX
from crm.identity.models import UserSession
from crm.identity.services.passwords import set_password
from crm.identity.services.people import confirm_person, disable_person, unlock_person
from crm.identity.services.second_factor import reseal_second_factors, reset_second_factor
from crm.identity.tests.doors import code_now, give_totp, log_in, log_in_with_code
from crm.identity.tests.factories import PASSWORD, ApiClientFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.identity.tests.urls")]
NEW = "Xin-Mima-2026-ok"


@pytest.fixture
def brakes(settings):
    settings.AXES_ENABLED = True


def is_in(client):
    return client.get("/").status_code == 200


def test_a_person_logs_in_and_out(client, manager):
    assert log_in(client, manager).url == "/"
    assert is_in(client)
    assert UserSession.objects.get(user=manager).session_key == client.session.session_key
    client.post("/accounts/logout/")
    assert not is_in(client)
    assert not UserSession.objects.filter(user=manager).exists()


def test_nobody_signs_up(client):
    assert client.get("/accounts/signup/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_without_an_account_everything_leads_to_the_log_in(client):
    for path in ("/", "/people/", "/managers/", "/clients/", "/session/alive/", "/accounts/2fa/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")


def test_an_unconfirmed_person_does_not_get_in(client, department):
    waiting = UserFactory(department=department, waiting=True)
    answer = log_in(client, waiting)
    assert answer.status_code == 200
    assert not is_in(client)


def test_an_outside_system_does_not_log_in_as_a_person(client, rights):
    log_in(client, ApiClientFactory().user)
    assert not is_in(client)


def test_five_wrong_passwords_lock_for_ten_minutes(client, manager, brakes):
    for _n in range(4):
        assert log_in(client, manager, "Wrong-Mima-2026").status_code == 200
    assert log_in(client, manager, "Wrong-Mima-2026").status_code == 429
    locked = log_in(client, manager)
    assert locked.status_code == 429
    assert "账号暂时锁定" in locked.content.decode()
    assert not is_in(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        log_in(client, manager)
        assert is_in(client)


def test_a_lock_holds_for_one_address_not_for_the_owner_elsewhere(client, manager, brakes):
    for _n in range(5):
        log_in(client, manager, "Wrong-Mima-2026", REMOTE_ADDR="203.0.113.5")
    log_in(client, manager, REMOTE_ADDR="10.0.0.5")
    assert is_in(client)


def test_a_forged_address_does_not_dodge_the_brake(client, manager, brakes):
    for n in range(5):
        log_in(client, manager, "Wrong-Mima-2026", HTTP_X_FORWARDED_FOR=f"127.0.0.{n}")
    answer = log_in(client, manager, HTTP_X_FORWARDED_FOR="10.1.1.1")
    assert answer.status_code == 429
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"127.0.0.1"}


def test_the_security_administrator_unlocks(client, manager, guard, brakes):
    for _n in range(5):
        log_in(client, manager, "Wrong-Mima-2026")
    assert unlock_person(person=manager, by=guard) == 1
    log_in(client, manager)
    assert is_in(client)


def test_wrong_codes_lock_like_wrong_passwords(client, manager, brakes):
    secret = give_totp(manager)
    log_in(client, manager)
    for _n in range(5):
        answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert answer.status_code == 429
    assert not is_in(client)


def test_the_password_alone_does_not_open_a_protected_account(client, manager):
    secret = give_totp(manager)
    assert log_in(client, manager).url == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert is_in(client)


def test_a_code_works_once_even_in_its_neighbour_step(client, manager):
    secret = give_totp(manager)
    code = code_now(secret)
    log_in_with_code(client, manager, secret)
    client.post("/accounts/logout/")
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        log_in(client, manager)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert not is_in(client)


@pytest.mark.parametrize(("steps", "opens"), [(-1, True), (0, True), (1, True), (-3, False)])
def test_the_clock_may_be_one_step_off(client, manager, steps, opens):
    secret = give_totp(manager)
    with time_machine.travel(timezone.now(), tick=False):
        log_in(client, manager)
        client.post("/accounts/2fa/authenticate/", {"code": code_now(secret, steps)})
        assert is_in(client) is opens


def test_the_secret_lies_sealed_and_is_sealed_anew(manager):
    secret = give_totp(manager)
    row = Authenticator.objects.get(user=manager)
    assert row.data["secret"].startswith(PREFIX)
    assert secret not in row.data["secret"]
    assert reseal_second_factors() == 0


def test_a_new_key_seals_the_secrets_anew(client, manager, settings, tmp_path):
    secret = give_totp(manager)
    ring = json.loads(Path(settings.KEDANG_KEYRING_FILE).read_text())
    ring["keys"]["fresh"] = base64.b64encode(b"n" * 32).decode()
    path = tmp_path / "ring.json"
    path.write_text(json.dumps(ring | {"active": "fresh"}))
    settings.KEDANG_KEYRING_FILE = str(path)
    assert reseal_second_factors() == 1
    row = Authenticator.objects.get(user=manager)
    assert row.data["secret"].startswith(f"{PREFIX}fresh:")
    log_in_with_code(client, manager, secret)
    assert is_in(client)


def test_a_lost_telephone_is_replaced_by_another_administrator(client, guard, second_guard):
    secret = give_totp(guard)
    log_in_with_code(client, guard, secret)
    assert reset_second_factor(user=guard, by=second_guard) == 1
    assert client.get("/").status_code == 302
    log_in(client, guard)
    assert client.get("/").url == "/accounts/2fa/totp/activate/"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "/%09/evil.example",
        "https://evil.example/",
    ],
)
def test_nobody_is_sent_elsewhere(client, manager, target):
    answer = client.post(
        f"/accounts/login/?next={target}",
        {"login": "manager", "password": PASSWORD, "next": target},
    )
    assert answer.status_code == 302
    assert answer.url in ("/", "/%09/evil.example")
    assert not answer.url.startswith("//")


def test_a_code_opens_the_account_through_the_page(client, keeper, guard, department, brakes):
    person = UserFactory(department=department, waiting=True, username="li.si", created_by=keeper)
    code = confirm_person(person=person, by=guard)
    form = {"username": "li.si", "code": code, "password": NEW, "again": NEW}
    assert (
        "两次输入的密码不一致"
        in client.post("/accounts/activate/", form | {"again": "x"}).content.decode()
    )
    assert (
        "激活码不正确"
        in client.post("/accounts/activate/", form | {"code": "AAAA-AAAA-AAAA"}).content.decode()
    )
    weak = client.post("/accounts/activate/", form | {"password": "123", "again": "123"})
    assert "密码应为 12 至 128 个字" in weak.content.decode()
    assert client.post("/accounts/activate/", form).url == "/accounts/login/"
    assert not is_in(client)
    log_in(client, person, NEW)
    assert is_in(client)


def test_guessing_codes_is_braked(client, manager, brakes):
    form = {"username": "manager", "code": "AAAA-AAAA-AAAA", "password": NEW, "again": NEW}
    for _n in range(5):
        client.post("/accounts/activate/", form)
    assert client.post("/accounts/activate/", form).status_code == 429


def test_a_changed_password_keeps_this_session_and_ends_the_other(
    client, manager, client_elsewhere
):
    log_in(client, manager)
    log_in(client_elsewhere, manager)
    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    )
    assert answer.status_code == 302
    assert is_in(client)
    assert not is_in(client_elsewhere)
    row = UserSession.objects.get(user=manager)
    assert row.session_key == client.session.session_key
    manager.refresh_from_db()
    assert manager.check_password(NEW)


@pytest.fixture
def client_elsewhere():
    from django.test import Client  # noqa: PLC0415

    return Client()


def test_the_change_page_applies_the_policy(client, manager):
    log_in(client, manager)
    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": PASSWORD, "password2": PASSWORD},
    )
    assert "最近 5 次用过的密码" in answer.content.decode()
    manager.refresh_from_db()
    assert manager.check_password(PASSWORD)


def test_a_disabled_person_is_out_at_the_next_request(client, manager, keeper):
    log_in(client, manager)
    assert is_in(client)
    disable_person(person=manager, reason="离职", by=keeper)
    assert not is_in(client)
    log_in(client, manager)
    assert not is_in(client)


def test_the_old_cookie_is_worthless_after_log_out(client, manager):
    log_in(client, manager)
    cookie = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    client.cookies["sessionid"] = cookie
    assert not is_in(client)


def test_log_in_gives_a_new_session_key(client, manager):
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    log_in(client, manager)
    assert client.session.session_key != planted


def test_the_warning_before_expiry_is_told_at_log_in(client, manager):
    manager.password_changed_at = timezone.now() - timedelta(days=85)
    manager.save()
    log_in(client, manager)
    told = [str(message) for message in client.get("/accounts/2fa/").context["messages"]]
    assert "密码将在 5 天内到期，请及时修改" in told


def test_setting_ones_own_password_needs_the_policy_everywhere(manager):
    with pytest.raises(Exception, match="密码"):
        set_password(user=manager, password="123", by=manager)
    cache.clear()
