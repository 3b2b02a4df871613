"""参与人 and 外部支付账户: records read as one, where the money comes from (B-11, B-28)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction
from django.utils import timezone

from crm.core.errors import NotFound, StaleVersion
from crm.core.sealed import unseal
from crm.identity.choices import Duty
from crm.outbox.models import Message
from customers.boss_values import NewExternal
from customers.errors import WrongState
from customers.models import ExternalAccount, Party, PartyLink, TimelineEntry
from customers.selectors.parties import party_of
from customers.services.accounts import cancel_account
from customers.services.external import add_external, edit_external, end_external
from customers.services.parties import edit_party, join_party, leave_party
from customers.tests.browser import enter, text_of
from customers.tests.factories_boss import BillingAccountFactory, SubscriptionFactory
from customers.tests.outside import ALL, Outside

pytestmark = pytest.mark.django_db
CARD = NewExternal("bank", "6222 0212 3456 7890", "黄娟", institution="工商银行", is_signed=True)


@pytest.fixture
def twin(boss):
    return boss.customer(name="黄娟", customer_kind="person")


@pytest.fixture
def party(subscriber, twin, keeper):
    return join_party(customer=subscriber, other=twin, reason="同一证件", by=keeper)


@pytest.fixture
def account(subscriber):
    return BillingAccountFactory(customer=subscriber, is_default=True)


@pytest.fixture
def card(account, keeper):
    return add_external(account=account, data=CARD, by=keeper)


def test_two_records_become_one_party(subscriber, twin, keeper, party):
    """B-11: made once, with history and a line on both timelines."""
    assert (party.name, party.kind) == ("黄娟", "person")
    assert party.history.get().history_user == keeper
    assert {link.customer for link in party.links.live()} == {subscriber, twin}
    assert TimelineEntry.objects.filter(kind="party_joined").count() == 2


def test_a_third_record_joins_and_two_parties_do_not_mix(boss, subscriber, twin, keeper, party):
    """B-11."""
    join = {"reason": "同一人", "by": keeper}
    third, fourth, fifth = (boss.customer(name=f"黄娟{n}") for n in range(3))
    assert join_party(customer=third, other=subscriber, **join) == party
    other = join_party(customer=fourth, other=fifth, **join)
    assert (other == party, Party.objects.count()) == (False, 2)
    for one, two, words in (
        (fourth, twin, "分属不同参与人"),
        (third, twin, "已归入同一参与人"),
        (third, third, "请选择另一份"),
    ):
        with pytest.raises(ValidationError, match=words):
            join_party(customer=one, other=two, **join)
    with pytest.raises(ValidationError, match="请填写原因"):
        join_party(customer=fourth, other=fifth, reason="", by=keeper)
    assert PartyLink.objects.live().count() == 5


def test_a_party_reads_users_and_accounts_of_its_records_as_one(subscriber, twin, keeper, party):
    """B-11: live ones only."""
    SubscriptionFactory(account__customer=subscriber)
    SubscriptionFactory(account__customer=twin)
    BillingAccountFactory(customer=twin)
    view = party_of(subscriber, keeper)
    assert (view.users, view.accounts, len(view.records)) == (2, 3, 2)
    assert [one.is_here for one in view.records if one.pk == subscriber.pk] == [True]


def test_who_reaches_one_record_reads_one(boss, subscriber, twin, party):
    """B202: what a person does not reach is neither named nor counted."""
    owner = boss.person(Duty.AM)
    mine = boss.customer(owner, name="黄娟三")
    join_party(customer=mine, other=twin, reason="同一人", by=boss.person(Duty.ARC))
    view = party_of(mine, owner)
    assert [one.pk for one in view.records] == [mine.pk]
    with pytest.raises(NotFound):
        join_party(customer=mine, other=subscriber, reason="同一人", by=owner)


def test_a_record_leaves_with_a_reason_and_may_join_again(subscriber, twin, keeper, party):
    """B-18, RF-07."""
    link = PartyLink.objects.get(customer=subscriber)
    with pytest.raises(StaleVersion):
        leave_party(link=link, expected=5, reason="错", by=keeper)
    assert not leave_party(link=link, expected=1, reason="认错人", by=keeper).is_live
    with pytest.raises(NotFound):
        leave_party(link=link, expected=2, reason="再来", by=keeper)
    assert party_of(subscriber, keeper) is None
    assert join_party(customer=subscriber, other=twin, reason="补证件", by=keeper) == party


def test_a_party_is_renamed_from_its_version(subscriber, keeper, party):
    """RF-07."""
    link = PartyLink.objects.get(customer=subscriber)
    change = {"link": link, "remark": "", "reason": "更正", "by": keeper}
    edit_party(name="黄娟（本人）", expected=1, **change)
    with pytest.raises(StaleVersion):
        edit_party(name="别的", expected=1, **change)
    party.refresh_from_db()
    assert (party.name, party.version, party.history.count()) == ("黄娟（本人）", 2, 2)


def test_the_database_keeps_parties_inside_one_organisation(repair, customer, party):
    """D9b: the trigger speaks, whoever writes."""
    with pytest.raises(InternalError, match="须属于同一单位"), transaction.atomic():
        PartyLink.objects.create(party=party, customer=customer)
    with pytest.raises(InternalError, match="不能删除"), transaction.atomic():
        Party.objects.create(organisation=party.organisation, name="空").delete()
    keeper = repair.person(Duty.ARC)
    with pytest.raises(NotFound):
        join_party(customer=customer, other=repair.customer(name="别家"), reason="x", by=keeper)


def test_an_external_account_is_sealed_and_told(account, card, keeper):
    """B-28, D6: last four only, in history and in the event too."""
    assert (card.account_no_last4, card.version) == ("7890", 1)
    assert "6222" not in card.account_no
    assert unseal(card, "account_no") == "6222021234567890"
    assert card.history.get().account_no == card.account_no
    body = Message.objects.filter(topic="customers.changed").latest("pk").payload
    assert (body["fields"], body["number"]) == (["external_accounts"], account.number)
    assert "7890" not in str(body)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account_no": "12"}, "8 至 30 位数字"),
        ({"channel": "gold"}, "请选择支付渠道"),
        ({"channel": "wechat", "account_no": ""}, "登录号"),
        ({"institution": ""}, "须填写开户机构"),
        ({"holder_name": ""}, "必填|不能为空|请填写"),
    ],
)
def test_what_is_wrong_with_an_external_account_is_told(account, keeper, change, words):
    """B-28: nothing is written."""
    values = {n: getattr(CARD, n) for n in CARD.__slots__} | change
    with pytest.raises(ValidationError, match=words):
        add_external(account=account, data=NewExternal(**values), by=keeper)


def test_the_same_account_is_registered_once_at_a_time(account, card, keeper):
    """B-28: ended, it may come again."""
    end_external(external=card, expected=1, reason="换卡", by=keeper)
    again = add_external(account=account, data=CARD, by=keeper)
    with pytest.raises(ValidationError, match="已登记此外部支付账户"):
        add_external(account=account, data=CARD, by=keeper)
    assert again.pk != card.pk


def test_an_external_account_is_changed_and_ended(account, card, keeper):
    """B-28, RF-07, B-18."""
    change = {"external": card, "reason": "换网点", "by": keeper}
    row = edit_external(changes={"branch": "天河支行", "is_signed": False}, expected=1, **change)
    assert (row.branch, row.is_signed, row.version) == ("天河支行", False, 2)
    with pytest.raises(StaleVersion):
        edit_external(changes={"branch": "x"}, expected=1, **change)
    with pytest.raises(ValidationError):
        edit_external(changes={"account_no": "1"}, expected=2, **change)
    with pytest.raises(ValidationError, match="请先停用"):
        cancel_account(account=account, expected=1, reason="不用", by=keeper)


def test_an_ended_one_stays_ended(account, card, keeper):
    done = end_external(external=card, expected=1, reason="换卡", by=keeper)
    assert (done.status, done.ends_on) == ("ended", timezone.localdate())
    with pytest.raises(WrongState):
        end_external(external=card, expected=2, reason="再来", by=keeper)
    assert cancel_account(account=account, expected=1, reason="不用", by=keeper).ends_on


def test_the_database_keeps_it_on_a_live_account_of_the_customer(twin, card):
    """B-28: the trigger speaks, whoever writes."""
    with pytest.raises(InternalError, match="该客户自己的帐户"), transaction.atomic():
        ExternalAccount.objects.filter(pk=card.pk).update(customer=twin)
    with pytest.raises(InternalError, match="不能删除"), transaction.atomic():
        card.delete()


def test_the_pages_join_rename_and_part(keeper, subscriber, twin):
    """B-11: from the empty tab and back, without scripts."""
    client, tab = enter(keeper), f"/customers/{subscriber.pk}/party/"
    assert "还没有归入参与人" in text_of(client.get(tab))
    url = f"{tab}join/"
    assert twin.code in text_of(client.get(url))
    assert client.post(url, {"other": twin.pk, "reason": ""}).status_code == 200
    assert client.post(url, {"other": twin.pk, "reason": "同一证件"})["Location"] == tab
    assert twin.code in text_of(client.get(tab))
    link = PartyLink.objects.get(customer=twin)
    edit = {"name": "黄娟（本人）", "remark": "", "reason": "更正", "version": 1}
    assert client.post(f"/customers/party/{link.pk}/edit/", edit).status_code == 302
    body = text_of(client.get(tab))
    assert "黄娟（本人）" in body
    assert "· 更正</li>" in body
    leave = {"reason": "认错人", "version": 1}
    assert client.post(f"/customers/party/{link.pk}/leave/", leave).status_code == 302
    assert twin.code not in text_of(client.get(tab))


def test_the_pages_of_an_external_account(keeper, subscriber, account):
    """B-28: the number is shown no more once it is saved."""
    client, tab = enter(keeper), f"/customers/{subscriber.pk}/accounts/"
    form = {"channel": "bank", "account_no": "6222021234567890", "holder_name": "黄娟"}
    url = f"/customers/accounts/{account.pk}/external/"
    assert client.post(url, form).status_code == 200
    assert client.post(url, form | {"institution": "工商银行"})["Location"] == tab
    body = text_of(client.get(tab))
    assert "****7890" in body
    assert "6222021234567890" not in body
    row = ExternalAccount.objects.get()
    edit = {"holder_name": "黄娟", "institution": "建设银行", "reason": "改", "version": 1}
    assert client.post(f"/customers/external/{row.pk}/edit/", edit).status_code == 302
    end = {"reason": "换卡", "version": 2}
    assert client.post(f"/customers/external/{row.pk}/end/", end).status_code == 302
    assert "****7890" not in text_of(client.get(tab))


def test_who_only_looks_and_who_is_elsewhere(boss, repair, subscriber, card, party):
    """Trust 4.3, D9b, trust 2.6."""
    leader = enter(boss.person(Duty.MVP))
    body = text_of(leader.get(f"/customers/{subscriber.pk}/accounts/"))
    assert "****7890" in body
    assert "黄娟</li>" not in body
    link = PartyLink.objects.get(customer=subscriber)
    for url, status in (
        (f"/customers/{subscriber.pk}/party/", 200),
        (f"/customers/{subscriber.pk}/party/join/", 403),
        (f"/customers/party/{link.pk}/leave/", 403),
        (f"/customers/external/{card.pk}/end/", 403),
        (f"/customers/accounts/{card.account_id}/external/", 403),
    ):
        assert leader.get(url).status_code == status, url
    strange = enter(repair.person(Duty.ARC))
    assert strange.get(f"/customers/{subscriber.pk}/party/").status_code == 404
    assert strange.get(f"/customers/party/{link.pk}/edit/").status_code == 404
    assert strange.get(f"/customers/external/{card.pk}/edit/").status_code == 404


def test_both_are_read_by_rest(boss, repair, subscriber, twin, card, party):
    """D10: codes and last four."""
    billing = Outside(boss, [*ALL, "service.v"])
    at = f"/api/v1/customers/{subscriber.code}/"
    assert billing.get(f"{at}party/").json() == {
        "id": party.pk,
        "version": 1,
        "kind": "person",
        "customers": sorted([subscriber.code, twin.code]),
    }
    (told,) = billing.get(f"{at}external-accounts/").json()
    assert (told["account"], told["channel"]) == (card.account.number, "bank")
    assert told["account_no"].endswith("7890")
    assert "6222" not in told["account_no"]
    assert Outside(boss, ALL).get(f"{at}external-accounts/").status_code == 403
    assert Outside(repair, ALL).get(f"{at}party/").status_code == 404
    lone = boss.customer(name="杜桂")
    answer = billing.get(f"/api/v1/customers/{lone.code}/party/")
    assert answer.json() == {"id": None, "version": None, "kind": "", "customers": []}


def test_a_day_ahead_is_kept_in_order(account, keeper):
    """B-28: what begins later ends no earlier."""
    later = timezone.localdate() + timedelta(days=5)
    values = {n: getattr(CARD, n) for n in CARD.__slots__} | {"starts_on": later}
    row = add_external(account=account, data=NewExternal(**values), by=keeper)
    assert end_external(external=row, expected=1, reason="取消", by=keeper).ends_on == later
