"""Units and members by the API: by code, once, from a version, within scope (D10)."""

from datetime import date

import pytest

from crm.identity.choices import Duty, Profile
from customers.choices import CustomerKind, UnitLayer
from customers.models import Membership, UnitLink
from customers.tests.factories import Bureau, MembershipFactory, UnitLinkFactory
from customers.tests.outside import Outside

pytestmark = pytest.mark.django_db
ALL = ["customer.v", "unit.v", "unit.c", "unit.u", "unit.d"]


@pytest.fixture
def erp(repair):
    return Outside(repair, ALL)


@pytest.fixture
def land(repair, manager):
    high = repair.unit(UnitLayer.PROVINCE, manager, name="陕西电信")
    other = repair.unit(UnitLayer.PROVINCE, manager, name="甘肃电信")
    low = repair.unit(UnitLayer.CITY, manager, name="延安电信")
    return high, other, low


def at(customer, rest):
    return f"/api/v1/customers/{customer.code}/{rest}"


def test_a_unit_is_linked_once_listed_moved_and_ended(erp, land):
    high, other, low = land
    body = {"child": low.code, "starts_on": "2026-01-01", "reason": "接口"}
    made = erp.post(at(high, "units/"), body, {"Idempotency-Key": "k1"})
    again = erp.post(at(high, "units/"), body, {"Idempotency-Key": "k1"})
    link = UnitLink.objects.get()
    assert (made.status_code, again.status_code, made.json()) == (201, 201, again.json())
    assert made.json() == {
        "id": link.pk,
        "child": low.code,
        "name": "延安电信",
        "parent": high.code,
        "starts_on": "2026-01-01",
        "ends_on": None,
        "version": 1,
    }
    assert made["ETag"] == '"v1"'
    assert erp.get(at(high, "units/")).json() == [made.json()]
    url = at(high, f"units/{link.pk}/")
    move = {"parent": other.code, "effective_on": "2026-06-01"}
    assert erp.patch(url, move).status_code == 428
    assert erp.patch(url, move, match='"v9"').status_code == 412
    moved = erp.patch(url, move, match='"v1"')
    assert (moved.status_code, moved.json()["parent"]) == (200, other.code)
    fresh = UnitLink.objects.get(pk=moved.json()["id"])
    end = at(other, f"units/{fresh.pk}/end/")
    assert erp.post(end, {"ends_on": "2026-07-01"}).status_code == 428
    done = erp.post(end, {"ends_on": "2026-07-01"}, {"If-Match": '"v1"'})
    assert (done.status_code, done.json()["ends_on"]) == (200, "2026-07-01")
    fresh.refresh_from_db()
    assert fresh.ends_on == date(2026, 7, 1)
    assert erp.get(at(other, "units/")).json() == []


def test_a_broken_rule_is_told_in_its_own_words(erp, land):
    high, other, _low = land
    refused = erp.post(at(high, "units/"), {"child": other.code})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["message"] == "下属单位的层级须低于上级单位"
    for body, field in (({"child": "12"}, "child"), ({"child": other.code, "x": 1}, "x")):
        wrong = erp.post(at(high, "units/"), body)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, field)
    assert not UnitLink.objects.exists()


def test_what_is_out_of_scope_is_404_and_without_the_right_403(erp, repair, land):
    high, other, low = land
    link = UnitLinkFactory(child=low, parent=high)
    strange = Bureau(Profile.REPAIR)
    theirs = strange.unit(UnitLayer.CITY, strange.person(Duty.AM), name="别家")
    assert erp.post(at(high, "units/"), {"child": theirs.code}).status_code == 404
    assert erp.get(at(theirs, "units/")).status_code == 404
    assert erp.get(at(other, f"units/{link.pk}/")).status_code == 404
    assert erp.get(at(high, f"units/{link.pk}/")).status_code == 200
    reader = Outside(repair, ["customer.v", "unit.v"])
    free = repair.unit(UnitLayer.CITY, None, name="宝鸡电信")
    assert reader.post(at(high, "units/"), {"child": free.code}).status_code == 403
    assert reader.patch(at(high, f"units/{link.pk}/"), {}, match='"v1"').status_code == 403
    blind = Outside(repair, ["unit.v"])
    assert blind.get(at(high, "units/")).json() in ([], {}) or (
        blind.get(at(high, "units/")).status_code == 404
    )
    assert UnitLink.objects.count() == 1


def test_a_member_enters_changes_and_leaves(manager):
    bureau = Bureau(Profile.BOSS)
    owner = bureau.person(Duty.AM)
    group = bureau.customer(owner, name="教育局")
    person = bureau.customer(owner, name="何然甲", customer_kind=CustomerKind.PERSON)
    erp = Outside(bureau, ALL)
    body = {"member": person.code, "payer": "group", "is_key": True, "starts_on": "2026-01-01"}
    made = erp.post(at(group, "members/"), body, {"Idempotency-Key": "k2"})
    erp.post(at(group, "members/"), body, {"Idempotency-Key": "k2"})
    row = Membership.objects.get()
    assert made.status_code == 201
    assert made.json() | {"id": 0} == {
        "id": 0,
        "group": group.code,
        "member": person.code,
        "name": "何然甲",
        "role": "member",
        "is_key": True,
        "payer": "group",
        "starts_on": "2026-01-01",
        "ends_on": None,
        "group_pays_to": None,
        "version": 1,
    }
    url = at(group, f"members/{row.pk}/")
    assert erp.get(url).json() == made.json()
    assert erp.get(at(group, "members/")).json() == [made.json()]
    assert erp.patch(url, {"role": "leader"}, match='"v1"').json()["role"] == "leader"
    assert erp.patch(url, {"role": "leader"}, match='"v1"').status_code == 412
    left = erp.post(f"{url}end/", {"ends_on": "2026-06-10"}, {"If-Match": '"v2"'})
    assert (left.status_code, left.json()["group_pays_to"]) == (200, "2026-06-30")


def test_a_membership_is_reached_only_through_its_own_group(manager):
    bureau = Bureau(Profile.BOSS)
    owner = bureau.person(Duty.AM)
    group, other = bureau.customer(owner, name="教育局"), bureau.customer(owner, name="卫生局")
    person = bureau.customer(owner, name="何然甲", customer_kind=CustomerKind.PERSON)
    row = MembershipFactory(group=group, member=person)
    erp = Outside(bureau, ALL)
    assert erp.get(at(other, f"members/{row.pk}/")).status_code == 404
    gone = erp.post(at(other, f"members/{row.pk}/end/"), {}, {"If-Match": '"v1"'})
    assert gone.status_code == 404
    row.refresh_from_db()
    assert row.ends_on is None
