"""Users, accounts and who pays, written by the API: once, from a version, within scope (D10)."""

import pytest

from customers.models import BillingAccount, PayLink, Subscription
from customers.tests.factories import CustomerFactory
from customers.tests.factories_boss import BillingAccountFactory, SubscriptionFactory
from customers.tests.outside import ALL, Outside

pytestmark = pytest.mark.django_db
SERVICE = ["service.v", "service.c", "service.u", "service.d"]


@pytest.fixture
def billing(boss):
    return Outside(boss, [*ALL, *SERVICE])


@pytest.fixture
def reader(boss):
    return Outside(boss, [*ALL, "service.v"])


@pytest.fixture
def account(identified):
    return BillingAccountFactory(customer=identified, is_default=True)


@pytest.fixture
def served(account):
    return SubscriptionFactory(account=account)


def at(customer, rest):
    return f"/api/v1/customers/{customer.code}/{rest}"


def fields(answer):
    return [error["field"] for error in answer.json()["errors"]]


def test_an_account_is_opened_once_changed_made_default_and_ended(billing, identified):
    """B-9, B-10, B-17, B-27, RF-45."""
    body = {"name": "家庭帐户", "billing_day": 5, "invoice_address": "天河区体育西路 1 号 201"}
    url = at(identified, "accounts/")
    made = billing.post(url, body, {"Idempotency-Key": "a1"})
    again = billing.post(url, body, {"Idempotency-Key": "a1"})
    row = BillingAccount.objects.get()
    assert (made.status_code, made["ETag"], made.json()) == (201, '"v1"', again.json())
    assert (made.json()["number"], made.json()["is_default"]) == (row.number, True)
    own = f"{url}{row.number}/"
    assert billing.get(own).json()["billing_day"] == 5
    change = {"payment_mode": "withholding", "reason": "签约代扣"}
    assert billing.patch(own, change).status_code == 428
    assert billing.patch(own, change, match='"v9"').status_code == 412
    assert billing.patch(own, change, match='"v1"').json()["payment_mode"] == "withholding"
    second = billing.post(url, {"name": "公司代付"}).json()
    turn = billing.post(f"{url}{second['number']}/default/", {}, {"If-Match": '"v1"'})
    assert (turn.status_code, turn.json()["is_default"]) == (200, True)
    row.refresh_from_db()
    assert (row.is_default, row.history.latest().history_change_reason) == (False, "接口修改")
    end = f"{own}end/"
    assert billing.post(end, {"reason": "不用"}).status_code == 428
    stale = billing.post(end, {"reason": "不用"}, {"If-Match": '"v1"'})
    assert stale.status_code == 412
    ended = billing.post(end, {"reason": "不用"}, {"If-Match": f'"v{row.version}"'})
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")


def test_a_masked_address_that_comes_back_changes_nothing(billing, identified, account):
    """Trust 2.6: reading and sending back is no change."""
    BillingAccount.objects.update(invoice_address="天河区体育西路 1 号 201")
    url = at(identified, f"accounts/{account.number}/")
    told = billing.get(url).json()["invoice_address"]
    body = {"invoice_address": told, "invoice_title": "黄娟"}
    billing.patch(url, body, match='"v1"')
    account.refresh_from_db()
    assert account.invoice_address == "天河区体育西路 1 号 201"
    assert account.invoice_title == "黄娟"


def test_a_user_is_opened_once_and_goes_his_way(billing, identified, account):
    """B-8, B-10, B-25, B-59."""
    body = {"account": account.number, "service": "tv", "install_address": "体育西路 1 号"}
    url = at(identified, "users/")
    made = billing.post(url, body, {"Idempotency-Key": "u1"})
    billing.post(url, body, {"Idempotency-Key": "u1"})
    row = Subscription.objects.get()
    assert (made.status_code, made.json()["account"]) == (201, account.number)
    own = f"{url}{row.number}/"
    changed = billing.patch(own, {"product": "互动包"}, match='"v1"')
    assert (changed.json()["product"], changed["ETag"]) == ("互动包", '"v2"')
    assert billing.patch(own, {"product": "甲"}, match='"v1"').status_code == 412
    assert billing.patch(own, {"product": "甲"}).status_code == 428
    state = f"{own}state/"
    stop = {"status": "suspended", "reason": "报停"}
    assert billing.post(state, stop, {"If-Match": '"v1"'}).status_code == 412
    assert billing.post(state, stop, {"If-Match": '"v2"'}).json()["status"] == "suspended"
    wrong = billing.post(state, {"status": "arrears_stop", "reason": "x"}, {"If-Match": '"v3"'})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_state")
    over = billing.post(state, {"status": "cancelled", "reason": "销户"}, {"If-Match": '"v3"'})
    assert over.json()["status"] == "cancelled"


def test_who_pays_is_switched_and_split_under_the_users_version(billing, identified, served):
    """B-10, RF-07: whoever pays is part of the user's record."""
    second = BillingAccountFactory(customer=identified)
    own = at(identified, f"users/{served.number}/")
    turn = billing.post(f"{own}payer/", {"account": second.number}, {"If-Match": '"v1"'})
    assert (turn.status_code, turn.json()["account"]) == (200, second.number)
    shares = [
        {"account": served.account.number, "share": 60},
        {"account": second.number, "share": 40},
    ]
    body = {"charge_kind": "broadband", "shares": shares, "reason": "约定"}
    assert billing.post(f"{own}payments/", body).status_code == 428
    assert billing.post(f"{own}payments/", body, {"If-Match": '"v1"'}).status_code == 412
    split = billing.post(f"{own}payments/", body, {"If-Match": '"v2"'})
    assert (split.status_code, split["ETag"]) == (200, '"v3"')
    assert sorted(one["share"] for one in split.json()["payers"]) == [40, 60]
    half = body | {"shares": shares[:1]}
    refused = billing.post(f"{own}payments/", half, {"If-Match": '"v3"'})
    assert refused.status_code == 400
    back = billing.post(f"{own}payments/", body | {"shares": []}, {"If-Match": '"v3"'})
    assert back.json()["payers"] == []
    assert PayLink.objects.live().count() == 0


@pytest.mark.parametrize(
    ("part", "body", "field"),
    [
        ("users/", {"account": "Z0", "service": "tv", "install_address": "x"}, "account"),
        ("users/", {"account": "OK", "service": "gas", "install_address": "x"}, "service"),
        ("users/", {"account": "OK", "service": "tv"}, "install_address"),
        ("users/", {"account": "OK", "service": "tv", "install_address": "x", "y": 1}, "y"),
        ("accounts/", {"name": "甲", "billing_day": 31}, "billing_day"),
        ("accounts/", {"name": "甲", "billing_type": "barter"}, "billing_type"),
        ("accounts/", {"name": "甲", "invoice_postcode": "12"}, "invoice_postcode"),
        ("accounts/", {}, "name"),
    ],
)
def test_what_is_wrong_is_named(billing, identified, account, part, body, field):
    """D10: nothing is written."""
    sent = body | ({"account": account.number} if body.get("account") == "OK" else {})
    answer = billing.post(at(identified, part), sent)
    assert (answer.status_code, fields(answer)) == (400, [field])
    assert (BillingAccount.objects.count(), Subscription.objects.count()) == (1, 0)


def test_wrong_payers_are_named_one_by_one(billing, identified, served):
    url = at(identified, f"users/{served.number}/payments/")
    shares = [{"account": served.account.number, "share": 50}, {"account": "Z404", "share": 50}]
    body = {"charge_kind": "basic", "shares": shares}
    answer = billing.post(url, body, {"If-Match": '"v1"'})
    assert (answer.status_code, fields(answer)) == (400, ["shares.1.account"])
    body = {"charge_kind": "basic", "shares": [{"account": "Z404", "share": 101}]}
    answer = billing.post(url, body, {"If-Match": '"v1"'})
    assert (answer.status_code, fields(answer)) == (400, ["shares.0.share"])
    other = billing.post(
        at(identified, f"users/{served.number}/payer/"), {"account": "Z9"}, {"If-Match": '"v1"'}
    )
    assert (other.status_code, fields(other)) == (400, ["account"])


def test_without_the_right_403_and_out_of_scope_404(reader, billing, identified, served, repair):
    """Trust 4.3, D9b: a row is reached through its own customer alone."""
    own, paid = f"users/{served.number}/", f"accounts/{served.account.number}/"
    match = {"If-Match": '"v1"'}
    for part in ("users/", "accounts/", f"{own}state/", f"{own}payer/", f"{own}payments/"):
        assert reader.post(at(identified, part), {}, match).status_code == 403, part
    for part in (f"{paid}default/", f"{paid}end/"):
        assert reader.post(at(identified, part), {}, match).status_code == 403, part
    for part in (own, paid):
        assert reader.patch(at(identified, part), {}, match='"v1"').status_code == 403, part
    other = CustomerFactory(organisation=identified.organisation, department=identified.department)
    strange = Outside(repair, [*ALL, *SERVICE])
    for part in (own, paid):
        assert billing.get(at(other, part)).status_code == 404, part
        assert billing.patch(at(other, part), {}, match='"v1"').status_code == 404, part
        assert strange.get(at(identified, part)).status_code == 404, part
    served.refresh_from_db()
    assert served.version == 1


def test_only_who_may_end_ends_a_user(boss, identified, served):
    """B-17: to stop is one right, to end another."""
    clerk = Outside(boss, [*ALL, "service.v", "service.u"])
    url = at(identified, f"users/{served.number}/state/")
    body = {"status": "cancelled", "reason": "销户"}
    assert clerk.post(url, body, {"If-Match": '"v1"'}).status_code == 403
    body = {"status": "suspended", "reason": "报停"}
    assert clerk.post(url, body, {"If-Match": '"v1"'}).status_code == 200
