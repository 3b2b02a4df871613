"""Who may call the API (B155) and what a token carries (trust 4.3 c)."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.identity.errors import AlreadyDone, NotOurs, SamePerson
from crm.identity.models import ApiClient, ApiToken, User
from crm.identity.services.clients import (
    ClientCard,
    TokenWish,
    confirm_token,
    disable_client,
    issue_token,
    register_client,
    revoke_token,
)
from crm.identity.tests.factories import ApiClientFactory, bearer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.identity.tests.urls")]
CARD = ClientCard(code="orders", name="订单中心", system="order_centre")


@pytest.fixture
def orders(keeper):
    return register_client(card=CARD, by=keeper)


def wish(*scopes, **more):
    return TokenWish(name="一号", scopes=scopes, **more)


def call(client, clear, **more):
    return client.get("/api/v1/who/", headers={"Authorization": f"Token {clear}"}, **more)


def test_a_token_opens_what_it_names(client, orders, guard):
    token, clear = issue_token(client=orders, wish=wish("customer.v", "customer.p"), by=guard)
    assert call(client, clear).json() == {
        "who": "api-orders",
        "scopes": ["customer.p", "customer.v"],
    }
    assert clear not in token.digest
    assert clear.startswith("kd_")


def test_whatever_is_wrong_the_answer_is_the_same_401(client, orders, guard):
    def refused(headers):
        answer = client.get("/api/v1/who/", headers=headers)
        body = answer.json()
        body.pop("request_id")
        return answer.status_code, body

    _token, clear = issue_token(client=orders, wish=wish("customer.v"), by=guard)
    _far, far = issue_token(
        client=orders, wish=wish("customer.v", networks=["192.0.2.0/24"]), by=guard
    )
    _short, short = issue_token(
        client=orders, wish=wish("customer.v", life=timedelta(minutes=1)), by=guard
    )
    answers = [
        refused({"Authorization": f"Token {text}"})
        for text in ("nonsense", "kd_" + "0" * 64, clear[:-1] + "x", far, "a b", "Ä")
    ]
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        answers.append(refused({"Authorization": f"Token {short}"}))
    disable_client(client=orders, by=guard)
    answers.append(refused({"Authorization": f"Token {clear}"}))
    assert [code for code, _body in answers] == [401] * 8
    assert len({str(body) for _code, body in answers}) == 1
    assert refused({})[0] == 401


def test_an_address_that_goes_on_guessing_is_braked(client, orders, guard):
    _token, clear = issue_token(client=orders, wish=wish("customer.v"), by=guard)
    answers = [call(client, "nonsense") for _n in range(21)]
    assert [a.status_code for a in answers] == [401] * 20 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert call(client, "nonsense", REMOTE_ADDR="192.0.2.9").status_code == 401
    assert call(client, clear).status_code == 200


def test_networks_are_asked_of_the_true_address(client, orders, guard):
    _token, clear = issue_token(
        client=orders, wish=wish("customer.v", networks=["192.0.2.0/24", "2001:db8::/32"]), by=guard
    )
    assert call(client, clear, REMOTE_ADDR="192.0.2.7").status_code == 200
    assert call(client, clear, REMOTE_ADDR="2001:db8::7").status_code == 200
    assert call(client, clear, REMOTE_ADDR="198.51.100.7").status_code == 401
    forged = call(client, clear, REMOTE_ADDR="198.51.100.7", HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert forged.status_code == 401


def test_a_session_is_no_token(client, manager):
    client.force_login(manager)
    assert client.get("/api/v1/who/").status_code == 401


def test_a_revoked_token_is_gone(client, orders, guard):
    token, clear = issue_token(client=orders, wish=wish("customer.v"), by=guard)
    revoke_token(token=token, by=guard)
    assert call(client, clear).status_code == 401


def test_disabling_takes_all_tokens(orders, guard):
    issue_token(client=orders, wish=wish("customer.v"), by=guard)
    disable_client(client=orders, by=guard)
    assert not ApiToken.objects.exists()
    assert not User.objects.get(username="api-orders").is_active
    with pytest.raises(AlreadyDone):
        issue_token(client=orders, wish=wish("customer.v"), by=guard)


def test_sensitive_scopes_need_networks_and_a_second_administrator(
    client, orders, guard, second_guard
):
    with pytest.raises(ValidationError) as refusal:
        issue_token(client=orders, wish=wish("sensitive.m"), by=guard)
    assert list(refusal.value.message_dict) == ["networks"]
    token, clear = issue_token(
        client=orders, wish=wish("customer.v", "sensitive.m", networks=["127.0.0.0/8"]), by=guard
    )
    assert call(client, clear).json()["scopes"] == ["customer.v"]
    with pytest.raises(SamePerson):
        confirm_token(token=token, by=guard)
    confirm_token(token=token, by=second_guard)
    assert call(client, clear).json()["scopes"] == ["customer.v", "sensitive.m"]


@pytest.mark.parametrize("scope", ["customer.d", "people.v", "customer", "rights.a", ""])
def test_a_client_is_never_given_more_than_the_table_lists(orders, guard, scope):
    with pytest.raises(ValidationError):
        issue_token(client=orders, wish=wish("customer.v", scope), by=guard)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "more",
    [{"networks": ["not a net"]}, {"life": timedelta(days=366)}, {"life": timedelta(0)}],
)
def test_a_token_has_sane_limits(orders, guard, more):
    with pytest.raises(ValidationError):
        issue_token(client=orders, wish=wish("customer.v", **more), by=guard)


def test_one_makes_it_known_another_gives_it_rights(orders, keeper, guard):
    with pytest.raises(Forbidden):
        issue_token(client=orders, wish=wish("customer.v"), by=keeper)
    with pytest.raises(Forbidden):
        register_client(card=CARD, by=guard)
    assert ApiClient.objects.count() == 1


def test_clients_of_another_organisation_are_out_of_reach(guard):
    with pytest.raises(NotOurs):
        issue_token(client=ApiClientFactory(), wish=wish("customer.v"), by=guard)


def test_the_factory_gives_a_working_token(client, rights):
    outside = ApiClientFactory(scopes=["customer.v"])
    answer = client.get("/api/v1/who/", headers=bearer(outside))
    assert answer.json() == {"who": outside.user.username, "scopes": ["customer.v"]}
