"""Certificates, lists and relations written by the API: once, from a version, within scope."""

import pytest

from customers.models import Certificate, ContactRelation, ListEntry
from customers.tests.factories import ContactFactory, CustomerFactory
from customers.tests.factories_boss import RESIDENT, BillingAccountFactory, CertificateFactory
from customers.tests.outside import ALL, Outside

pytestmark = pytest.mark.django_db
PAPERS = ["certificate.v", "certificate.c", "certificate.x", "certificate.d"]
LISTS = ["listed.v", "listed.c", "listed.d"]
CARD = {"kind": "resident", "holder_name": "黄娟", "number": RESIDENT}
ENTRY = {"colour": "black", "subtype": "arrears", "reason": "连续三期恶意欠费"}


@pytest.fixture
def counter(boss):
    return Outside(boss, [*ALL, *PAPERS, *LISTS])


@pytest.fixture
def reader(boss):
    return Outside(boss, [*ALL, "certificate.v", "listed.v"])


def at(customer, rest):
    return f"/api/v1/customers/{customer.code}/{rest}"


def fields(answer):
    return [error["field"] for error in answer.json()["errors"]]


def test_a_certificate_is_added_once_checked_and_ended(counter, subscriber):
    """B-52, B-55, RF-45: the number never comes back whole."""
    url = at(subscriber, "certificates/")
    made = counter.post(url, CARD, {"Idempotency-Key": "c1"})
    again = counter.post(url, CARD, {"Idempotency-Key": "c1"})
    row = Certificate.objects.get()
    assert (made.status_code, again.json()) == (201, made.json())
    assert (made.json()["number"], made["ETag"]) == ("*" * 14 + "002X", '"v1"')
    own = f"{url}{row.pk}/"
    check = {"passed": True, "method": "reader"}
    assert counter.post(f"{own}check/", check).status_code == 428
    assert counter.post(f"{own}check/", check, {"If-Match": '"v9"'}).status_code == 412
    passed = counter.post(f"{own}check/", check, {"If-Match": '"v1"'})
    assert (passed.status_code, passed.json()["is_real_name"]) == (200, True)
    assert row.checks.get().method == "reader"
    assert counter.get(own)["ETag"] == '"v2"'
    assert counter.post(f"{own}end/", {}, {"If-Match": '"v1"'}).status_code == 412
    ended = counter.post(f"{own}end/", {"reason": "换证"}, {"If-Match": '"v2"'})
    assert (ended.status_code, ended.json()["is_live"]) == (200, False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": RESIDENT[:-1] + "1"}, "number"),
        ({"kind": "licence", "number": "91350100M000100Y43"}, "kind"),
        ({"kind": "wish"}, "kind"),
        ({"role": "owner"}, "role"),
        ({"valid_to": "2001-01-01"}, "valid_to"),
        ({"holder_name": ""}, "holder_name"),
        ({"is_real_name": True}, "is_real_name"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(counter, subscriber, change, field):
    """B-51 to B-56: nothing is written."""
    answer = counter.post(at(subscriber, "certificates/"), CARD | change)
    assert (answer.status_code, fields(answer)) == (400, [field])
    assert not Certificate.objects.exists()


def test_a_failed_check_says_why(counter, identified):
    """B-55."""
    row = identified.certificates.get()
    url = at(identified, f"certificates/{row.pk}/check/")
    answer = counter.post(url, {"passed": False}, {"If-Match": '"v1"'})
    assert (answer.status_code, fields(answer)) == (400, ["note"])


def test_a_certificate_of_somebody_else_is_a_conflict(counter, identified, boss):
    """B-14, B-15: told without a word about whose it is."""
    other = boss.customer(name="杜桂", customer_kind="person")
    answer = counter.post(at(other, "certificates/"), CARD)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert "黄娟" not in answer.content.decode()


def test_an_entry_is_made_once_and_ended(counter, subscriber):
    """B-22: of a customer, of an account by its number."""
    url = at(subscriber, "listed/")
    made = counter.post(url, ENTRY, {"Idempotency-Key": "l1"})
    counter.post(url, ENTRY, {"Idempotency-Key": "l1"})
    row = ListEntry.objects.get()
    assert (made.status_code, made.json()["colour"], made.json()["number"]) == (201, "black", "")
    account = BillingAccountFactory(customer=subscriber)
    of_account = ENTRY | {"object_type": "account", "number": account.number}
    assert counter.post(url, of_account).json()["number"] == account.number
    own = f"{url}{row.pk}/"
    assert counter.post(f"{own}end/", {"reason": "已还清"}).status_code == 428
    assert counter.post(f"{own}end/", {}, {"If-Match": '"v2"'}).status_code == 412
    ended = counter.post(f"{own}end/", {"reason": "已还清"}, {"If-Match": '"v1"'})
    assert (ended.status_code, ended.json()["is_void"]) == (200, True)
    assert counter.get(own).json()["version"] == 2
    assert [one["object_type"] for one in counter.get(url).json()] == ["account"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "grey"}, "colour"),
        ({"subtype": "rude"}, "subtype"),
        ({"reason": ""}, "reason"),
        ({"object_type": "account", "number": "Z404"}, "number"),
        ({"object_type": "user"}, "number"),
        ({"starts_on": "soon"}, "starts_on"),
    ],
)
def test_what_is_wrong_with_an_entry_is_named(counter, subscriber, change, field):
    """B-22: nothing is written."""
    answer = counter.post(at(subscriber, "listed/"), ENTRY | change)
    assert (answer.status_code, fields(answer)) == (400, [field])
    assert not ListEntry.objects.exists()


def test_without_the_right_403_and_out_of_scope_404(reader, counter, identified, boss, repair):
    """Trust 4.3, D9b."""
    paper = identified.certificates.get()
    counter.post(at(identified, "listed/"), ENTRY)
    entry = ListEntry.objects.get()
    match = {"If-Match": '"v1"'}
    acts = (
        "certificates/",
        f"certificates/{paper.pk}/check/",
        f"certificates/{paper.pk}/end/",
        "listed/",
        f"listed/{entry.pk}/end/",
    )
    other = boss.customer(name="杜桂")
    strange = Outside(repair, [*ALL, *PAPERS, *LISTS])
    for part in acts:
        assert reader.post(at(identified, part), {}, match).status_code == 403, part
        assert strange.post(at(identified, part), {}, match).status_code == 404, part
    for part in (f"certificates/{paper.pk}/", f"listed/{entry.pk}/"):
        assert counter.get(at(other, part)).status_code == 404, part
        assert reader.get(at(identified, part)).status_code == 200, part
    for part in (acts[1], acts[2], acts[4]):
        assert counter.post(at(other, part), {}, match).status_code == 404, part
    paper.refresh_from_db()
    assert paper.version == 1


@pytest.fixture
def people(subscriber):
    one, two = (ContactFactory(customer=subscriber, name=n, role="key") for n in ("甲", "乙"))
    return one, two


def test_relations_are_recorded_once_read_and_ended(counter, subscriber, people):
    """B-38, RF-45, PM-08: by key, never by name."""
    one, two = people
    url = at(subscriber, f"contacts/{one.pk}/relations/")
    body = {"other": two.pk, "kind": "superior", "note": "直属"}
    made = counter.post(url, body, {"Idempotency-Key": "r1"})
    counter.post(url, body, {"Idempotency-Key": "r1"})
    row = ContactRelation.objects.get()
    assert made.status_code == 201
    assert made.json() == {
        "id": row.pk,
        "version": 1,
        "kind": "superior",
        "person": one.pk,
        "customer": subscriber.code,
        "other": two.pk,
        "other_customer": subscriber.code,
        "note": "直属",
        "is_live": True,
    }
    assert counter.get(url).json() == [made.json()]
    end = f"{url}{row.pk}/end/"
    assert counter.post(end, {}).status_code == 428
    assert counter.post(end, {}, {"If-Match": '"v4"'}).status_code == 412
    ended = counter.post(end, {"reason": "离职"}, {"If-Match": '"v1"'})
    assert (ended.status_code, ended.json()["is_live"]) == (200, False)
    assert counter.get(url).json() == []


def test_relations_are_refused_in_their_own_words(counter, boss, repair, subscriber, people):
    """B-38, trust 4.3, D9b."""
    one, two = people
    url = at(subscriber, f"contacts/{one.pk}/relations/")
    for body, field in (
        ({"other": two.pk, "kind": "enemy"}, "kind"),
        ({"kind": "friend"}, "other"),
        ({"other": two.pk, "kind": "friend", "name": "x"}, "name"),
    ):
        answer = counter.post(url, body)
        assert (answer.status_code, fields(answer)) == (400, [field])
    plain = ContactFactory(customer=subscriber, name="丙")
    assert counter.post(url, {"other": plain.pk, "kind": "friend"}).status_code == 409
    theirs = ContactFactory(customer=CustomerFactory(), name="丁", role="key")
    assert counter.post(url, {"other": theirs.pk, "kind": "friend"}).status_code == 404
    other = boss.customer(name="杜桂")
    assert counter.get(at(other, f"contacts/{one.pk}/relations/")).status_code == 404
    reader = Outside(boss, ["customer.v", "contact.v"])
    assert reader.post(url, {"other": two.pk, "kind": "friend"}).status_code == 403
    strange = Outside(repair, ALL)
    assert strange.get(url).status_code == 404
    assert not ContactRelation.objects.exists()


def test_a_second_card_of_the_same_kind_is_told_apart(counter, subscriber):
    """B-14: the same card twice on one customer is a wrong number, not a conflict."""
    CertificateFactory(customer=subscriber)
    answer = counter.post(at(subscriber, "certificates/"), CARD)
    assert (answer.status_code, fields(answer)) == (400, ["number"])
