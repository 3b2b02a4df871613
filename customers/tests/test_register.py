"""Opening an archive: code, manager, parts, first record wins."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from crm.core.checkdigits import is_customer_code
from crm.core.errors import Forbidden
from crm.core.sealed import unseal
from crm.identity.choices import Duty, Profile, SourceSystem
from crm.identity.tests.factories import DepartmentFactory
from crm.outbox.models import Message, Notice
from customers.choices import (
    AliasKind,
    ContactRole,
    CustomerKind,
    CustomerStatus,
    KeyType,
)
from customers.errors import AlreadyExists, NotManager
from customers.models import (
    Conflict,
    Contact,
    Customer,
    CustomerAlias,
    ManagerAssignment,
    RetailProfile,
    TimelineEntry,
)
from customers.services.register import register_customer
from customers.tests.factories import CREDIT_CODE, IDENTITY, Bureau
from customers.values import NewAlias, NewContact, NewCustomer, NewRepair, NewRetail

pytestmark = pytest.mark.django_db

TELECOM = NewCustomer(
    name="中国电信股份有限公司西安分公司",
    province="610000",
    city="610100",
    address="西安市高新区高新路56号",
    postcode="710075",
    credit_code=CREDIT_CODE,
    contacts=(
        NewContact(
            name="刘静",
            role=ContactRole.KEY,
            key_type=KeyType.DECISION,
            is_primary=True,
            position="主管副主任",
            mobile="１８９ ９９９５ ３３２０",
            identity_no=IDENTITY,
        ),
    ),
    repair=NewRepair(main_business="传输设备维修", logistics_name="西北捷运"),
    aliases=(NewAlias(SourceSystem.ERP, "E-001"),),
)


def register(bureau, data=TELECOM, by=None):
    return register_customer(organisation=bureau.org, data=data, by=by or bureau.person(Duty.AM))


def test_a_manager_who_registers_a_customer_is_its_manager(repair, manager):
    """R-9, R-17: who brought a customer in handles him."""
    row = register(repair, by=manager)
    term = ManagerAssignment.objects.get(customer=row)
    assert row.manager == manager
    assert (term.manager, term.proposer, term.ends_at) == (manager, manager, None)
    assert row.department == repair.market
    assert row.status == CustomerStatus.NORMAL
    assert row.may_order


def test_the_code_has_the_home_city_a_serial_and_a_check_digit(repair, manager):
    row = register(repair, by=manager)
    assert row.code.startswith("6101")
    assert len(row.code) == 14
    assert is_customer_code(row.code)


def test_everything_typed_is_kept_and_what_is_secret_is_sealed(repair, manager):
    row = register(repair, by=manager)
    contact = Contact.objects.get(customer=row)
    assert contact.mobile == "18999953320"
    assert contact.is_primary
    assert contact.identity_no.startswith("kd1:")
    assert contact.identity_no_last4 == "002X"
    assert unseal(contact, "identity_no") == IDENTITY
    assert row.repair.main_business == "传输设备维修"
    alias = CustomerAlias.objects.get(customer=row)
    assert (alias.system, alias.kind, alias.code) == ("erp", AliasKind.CUSTOMER, "E-001")
    assert row.name_key_strict == "中国电信股份有限公司西安分公司"
    assert row.name_key_loose == "中国电信西安"
    assert row.pinyin == "zgdxgfyxgsxafgs"
    assert row.search_tokens


def test_history_timeline_and_outbox_tell_of_it(repair, manager):
    row = register(repair, by=manager)
    record = row.history.get()
    assert (record.history_user, record.version) == (manager, 1)
    assert not hasattr(record, "search_tokens")
    assert TimelineEntry.objects.get(customer=row).kind == "registered"
    message = Message.objects.get(topic="customers.registered", key=row.code)
    assert message.payload == {"customer": row.code, "version": 1, "status": "normal"}


def test_the_second_one_is_refused_without_a_word_about_whose_it_is(repair, manager, colleague):
    first = register(repair, by=manager)
    boss = repair.person(Duty.GM)
    with pytest.raises(AlreadyExists) as refused:
        register(repair, replace(TELECOM, name="别的名字", contacts=()), by=colleague)
    assert refused.value.message == "已存在，先记录者优先"
    assert refused.value.field == "credit_code"
    assert refused.value.seen_code == ""
    assert Customer.objects.count() == 1
    conflict = Conflict.objects.get()
    assert (conflict.customer, conflict.newcomer) == (first, colleague)
    assert conflict.typed_name == "别的名字"
    notice = Notice.objects.get(person=boss)
    assert notice.topic == "customers.conflict"


def test_asking_again_and_again_makes_one_conflict(repair, manager, colleague):
    register(repair, by=manager)
    for _try in range(3):
        with pytest.raises(AlreadyExists):
            register(repair, by=colleague)
    assert Conflict.objects.count() == 1


def test_ones_own_customer_typed_twice_is_no_conflict(repair, manager):
    """B-15: the same customer again is one customer."""
    first = register(repair, by=manager)
    with pytest.raises(AlreadyExists) as refused:
        register(repair, by=manager)
    assert refused.value.seen_code == first.code
    assert not Conflict.objects.exists()


def test_a_legal_name_is_unique_in_a_repair_company_whatever_the_width(repair, manager):
    """R-23: unique after spaces and brackets are made alike."""
    name = "中国电信股份有限公司陕西分公司"
    register(repair, replace(TELECOM, name=f"{name}(西安)", credit_code=""), by=manager)
    with pytest.raises(AlreadyExists) as refused:
        register(repair, replace(TELECOM, name=f"{name} (西安)", credit_code=""), by=manager)
    assert refused.value.field == "name"


def test_shops_may_share_a_name_but_not_a_licence(tobacco):
    officer = tobacco.person(Duty.LO)
    shop = NewCustomer(
        name="川口鑫家烟酒商行",
        province="610000",
        city="610600",
        customer_kind=CustomerKind.RETAIL,
        status=CustomerStatus.PENDING,
        retail=NewRetail(licence_no="610610327428", identity_no="61060219790215027X"),
    )
    first = register(tobacco, shop, by=officer)
    retail = RetailProfile.objects.get(customer=first)
    assert retail.store_name == "川口鑫家烟酒商行"
    assert unseal(retail, "identity_no") == "61060219790215027X"
    assert not first.may_order
    assert first.area == tobacco.market
    second = replace(shop, retail=NewRetail(licence_no="610683967860"))
    assert register(tobacco, second, by=officer).pk
    with pytest.raises(AlreadyExists) as refused:
        register(tobacco, shop, by=officer)
    assert refused.value.field == "licence_no"


def test_two_organisations_see_nothing_of_each_other(repair, manager):
    register(repair, by=manager)
    other = Bureau(Profile.REPAIR)
    assert register(other, by=other.person(Duty.AM)).organisation == other.org


def test_a_repair_company_keeps_no_archive_of_persons(repair, manager):
    """R-5: an enterprise legal person, never an individual of it."""
    with pytest.raises(ValidationError) as refused:
        register(repair, replace(TELECOM, customer_kind=CustomerKind.PERSON), by=manager)
    assert "customer_kind" in refused.value.message_dict
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " 　 "}, "name"),
        ({"postcode": "71007"}, "postcode"),
        ({"credit_code": "91350100M000100Y44"}, "credit_code"),
        ({"city": "620100"}, "city"),
        ({"province": "610100"}, "province"),
        ({"region": "620102"}, "region"),
        ({"status": "suspended"}, "status"),
        ({"email": "no"}, "email"),
    ],
)
def test_what_is_wrong_is_named_at_its_field_and_nothing_is_written(repair, manager, change, field):
    """R-22, R-25: places lie in each other, a postcode has six digits."""
    with pytest.raises(ValidationError) as refused:
        register(repair, replace(TELECOM, **change), by=manager)
    assert field in refused.value.message_dict
    assert not Customer.objects.exists()


def test_a_manager_cannot_register_for_a_colleague(repair, manager, colleague):
    with pytest.raises(NotManager):
        register(repair, replace(TELECOM, manager=colleague.pk), by=manager)
    assert not Customer.objects.exists()


def test_the_data_keeper_names_a_manager_and_only_a_manager(repair, manager):
    keeper = repair.person(Duty.ARC)
    row = register(repair, replace(TELECOM, manager=manager.pk), by=keeper)
    assert row.manager == manager
    other = replace(TELECOM, manager=keeper.pk, name="另一家", credit_code="", aliases=())
    with pytest.raises(NotManager):
        register(repair, other, by=keeper)
    orphan = register(repair, replace(other, manager=None), by=keeper)
    assert orphan.manager is None
    assert not ManagerAssignment.objects.filter(customer=orphan).exists()


def test_whoever_has_no_right_to_create_gets_nothing_in(repair):
    clerk = repair.person(Duty.MC)
    with pytest.raises(Forbidden):
        register(repair, by=clerk)
    assert not Customer.objects.exists()


def test_an_officer_registers_only_into_his_own_squad(tobacco):
    squad = DepartmentFactory(parent=tobacco.org)
    officer = tobacco.person(Duty.LO)
    shop = replace(TELECOM, customer_kind=CustomerKind.RETAIL, repair=None, area=squad.pk)
    with pytest.raises(Forbidden):
        register(tobacco, shop, by=officer)
    assert not Customer.objects.exists()


def test_a_department_of_another_organisation_is_refused(repair):
    foreign = DepartmentFactory()
    with pytest.raises(ValidationError) as refused:
        register(repair, replace(TELECOM, department=foreign.pk), by=repair.person(Duty.ARC))
    assert "department" in refused.value.message_dict


def test_an_alias_belongs_to_one_customer(repair, manager):
    """B-34: one row a system, beside the code."""
    register(repair, by=manager)
    with pytest.raises(ValidationError):
        register(repair, replace(TELECOM, name="另一家", credit_code=""), by=manager)
    assert Customer.objects.count() == 1


def test_a_conflict_outlives_a_longer_transaction_when_its_owner_asks_for_it(
    repair, manager, colleague
):
    """What an API call with an idempotency key does: key and effect roll back together."""
    register(repair, by=manager)

    def in_one_transaction():
        with transaction.atomic():
            register(repair, by=colleague)

    with pytest.raises(AlreadyExists) as refused:
        in_one_transaction()
    assert not Conflict.objects.exists()
    refused.value.after_rollback()
    refused.value.after_rollback()
    assert Conflict.objects.get().newcomer == colleague
