"""The set-based twin writes what the one-row service writes (D13)."""

from dataclasses import replace

import pytest

from crm.core.errors import Forbidden
from crm.core.sealed import sealed_fields, unseal
from crm.identity.choices import Duty, Profile, SourceSystem
from crm.outbox.models import Message, Notice
from customers.choices import CustomerKind, CustomerStatus
from customers.models import (
    Contact,
    Customer,
    CustomerAlias,
    ManagerAssignment,
    RepairProfile,
    RetailProfile,
    TimelineEntry,
)
from customers.services.register import register_customer, register_customers
from customers.tests.factories import IDENTITY, Bureau
from customers.tests.test_register import TELECOM
from customers.values import NewAlias, NewContact, NewCustomer, NewRepair, NewRetail

pytestmark = pytest.mark.django_db
CHANGING = {"id", "code", "seal_id", "created_at", "organisation_id", "field_marks", "history_id"}
CHANGING |= {"history_date", "history_user_id", "starts_at", "at", "customer_id", "by_id"}
NAMES = ["西安长安银行", "陝西電信(延安)", "𠮷野家商行", "重庆仇氏%商行\\n", "A'B\"C", "单雄信"]


def many(bureau, manager, count):
    """Rows of every make: with and without contacts, retail data, aliases, region, manager."""
    shops = bureau.org.profile == Profile.TOBACCO
    rows = []
    for n in range(count):
        person = NewContact(
            name="买买提•艾力", mobile=f"138{n:08d}", is_primary=True, identity_no=IDENTITY
        )
        rows.append(
            NewCustomer(
                name=f"{NAMES[n % len(NAMES)]}{n}",
                province="610000",
                city=["610100", "610600"][n % 2],
                region=["610113", ""][n % 2],
                customer_kind=CustomerKind.RETAIL if shops else CustomerKind.ORGANISATION,
                status=[CustomerStatus.NORMAL, CustomerStatus.PENDING][n % 3 == 0],
                remark="第一行\n第二行\t制表" if n % 5 == 0 else "",
                manager=manager.pk if n % 4 else None,
                contacts=(person,) * (n % 2),
                aliases=(NewAlias(SourceSystem.ZM, f"ZM{n}"),) * (n % 2),
                retail=NewRetail(licence_no=f"6106{n:08d}", identity_no=IDENTITY)
                if shops
                else None,
                repair=None if shops else NewRepair(main_business="交换设备维修"),
            )
        )
    return rows


def plain(row):
    """The row's values without what differs from run to run; sealed ones in clear."""
    sealed = sealed_fields(type(row))
    found = {}
    for field in row._meta.concrete_fields:
        if field.attname in CHANGING:
            continue
        value = getattr(row, field.attname)
        if field.name in sealed:
            value = unseal(row, field.name)
        if field.is_relation and field.related_model._meta.label == "identity.User":
            value = str(field.related_model._base_manager.filter(pk=value).first())
        elif field.is_relation and field.name in ("department", "area"):
            value = bool(value)
        found[field.name] = value
    if hasattr(row, "field_marks"):
        found["marks"] = {
            name: (str(mark["by"] > 0), mark["form"]) for name, mark in row.field_marks.items()
        }
    return found


def picture(bureau):
    """Everything one organisation wrote, in the order of its codes."""
    own = {"customer__organisation": bureau.org}
    tables = {}
    for model in (Contact, RetailProfile, RepairProfile, CustomerAlias, ManagerAssignment):
        rows = model.objects.filter(**own).order_by("customer__name", "pk")
        tables[model.__name__] = [plain(row) for row in rows]
    customers = Customer.objects.filter(organisation=bureau.org).order_by("name")
    tables["Customer"] = [plain(row) for row in customers]
    for model in (Customer, Contact, RetailProfile, RepairProfile):
        keys = (
            {"pk__in": model.objects.filter(organisation=bureau.org)} if model is Customer else own
        )
        ids = list(model.objects.filter(**keys).values_list("pk", flat=True))
        records = model.history.filter(id__in=ids).order_by("id")
        tables[f"history of {model.__name__}"] = sorted(
            (
                record.history_type,
                record.history_change_reason,
                str(record.history_user),
                record.version,
                getattr(record, "name", ""),
            )
            for record in records
        )
    tables["timeline"] = sorted(
        (
            entry.customer.name,
            entry.kind,
            str(entry.by),
            entry.values == {"code": entry.customer.code},
        )
        for entry in TimelineEntry.objects.filter(**own).select_related("customer")
    )
    codes = dict(customers.values_list("code", "name"))
    messages = Message.objects.filter(key__in=codes)
    tables["outbox"] = sorted(
        (codes[m.key], m.topic, m.payload["version"], m.payload["status"], len(m.payload))
        for m in messages
    )
    notices = Notice.objects.filter(message__in=messages)
    tables["notices"] = sorted((codes[n.message.key], str(n.person)) for n in notices)
    return tables


def both_ways(profile, count):
    pictures = []
    for name in ("一", "两"):
        bureau = Bureau(profile)
        keeper = bureau.person(*_keepers(profile), name=f"资料员{profile}")
        manager = bureau.person(Duty.AM, name=f"经理{profile}")
        rows = many(bureau, manager, count)
        common = {"organisation": bureau.org, "by": keeper, "reason": "导入 KH-7", "form": "KH-7"}
        if name == "一":
            for row in rows:
                register_customer(data=row, **common)
        else:
            done = register_customers(rows=rows, **common)
            assert (len(done.codes), done.refused) == (count, [])
        pictures.append(picture(bureau))
    return pictures


def _keepers(profile):
    return [Duty.ARC]


@pytest.mark.parametrize("profile", [Profile.REPAIR, Profile.TOBACCO])
def test_twelve_rows_are_the_same_either_way(profile):
    one, many_ = both_ways(profile, 12)
    assert one == many_


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "count"), [(Profile.REPAIR, 60), (Profile.TOBACCO, 300)])
def test_three_hundred_rows_are_the_same_either_way(profile, count):
    one, many_ = both_ways(profile, count)
    for table, rows in one.items():
        assert rows == many_[table], table


def test_wrong_and_taken_rows_are_told_by_their_place_and_the_others_go_in(repair):
    keeper = repair.person(Duty.ARC)
    register_customer(organisation=repair.org, data=TELECOM, by=keeper)
    fresh = replace(TELECOM, name="西安长安银行", credit_code="", aliases=())
    rows = [
        fresh,
        replace(TELECOM, name="另一个名字", aliases=()),
        replace(fresh, name=""),
        replace(fresh, name="西安 长安银行"),
        replace(fresh, name="宝鸡银行", city="999900"),
        replace(fresh, name="延安银行", customer_type="x"),
        replace(fresh, name="汉中银行", manager=keeper.pk),
        replace(fresh, name="安康银行"),
    ]
    done = register_customers(organisation=repair.org, rows=rows, by=keeper)
    told = [(row.index, row.code, row.field) for row in done.refused]
    assert told == [
        (1, "already_exists", "credit_code"),
        (2, "invalid", "name"),
        (3, "already_exists", "name"),
        (4, "invalid", "city"),
        (5, "invalid", "customer_type"),
        (6, "not_manager", "manager"),
    ]
    assert list(Customer.objects.order_by("pk").values_list("name", flat=True)) == [
        TELECOM.name,
        "西安长安银行",
        "安康银行",
    ]


def test_nothing_goes_in_outside_ones_scope(repair):
    with pytest.raises(Forbidden):
        register_customers(organisation=repair.org, rows=[TELECOM], by=repair.person(Duty.MC))
    assert not Customer.objects.exists()


def test_an_empty_list_is_no_work(repair):
    done = register_customers(organisation=repair.org, rows=[], by=repair.person(Duty.ARC))
    assert (done.codes, done.refused) == ([], [])
