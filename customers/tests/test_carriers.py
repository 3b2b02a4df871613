"""Customers point at a head office or a branch of their own organisation (R-49)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction

from crm.identity.choices import Duty
from customers.models import RepairProfile
from customers.services.details import edit_customer
from customers.services.register import register_customer, register_customers
from customers.tests.browser import enter, text_of
from customers.tests.factories import RepairProfileFactory
from customers.values import NewCustomer, NewRepair
from logistics.selectors import carriers_of
from logistics.tests.factories import BranchFactory, HeadOfficeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(repair):
    return HeadOfficeFactory(
        organisation=repair.org, name="金达莱物流有限责任公司", short_name="金达莱", city="乌鲁木齐"
    )


@pytest.fixture
def branch(head):
    return BranchFactory(parent=head, organisation=head.organisation, city="西安")


def test_papers_name_a_firm_in_four_ways(repair, head, branch):
    """R-45, R-46, R-49: full name, branch name, short name with and without a branch there."""
    known = carriers_of(repair.org.pk)
    assert known.find("金达莱物流有限责任公司", city="西安市") == head.pk
    assert known.find("金达莱-西安") == branch.pk
    assert known.find("金达莱", city="西安市") == branch.pk
    assert known.find("金达莱物流", city="兰州市") == head.pk
    assert known.find("西北捷运", city="西安市") is None
    assert known.find("", city="西安市") is None


def row(name, carrier):
    return NewCustomer(
        name=name,
        province="610000",
        city="610100",
        repair=NewRepair(logistics_name=carrier),
    )


def test_a_registered_name_becomes_a_link_one_by_one_and_set_based(
    repair, manager, branch, django_assert_max_num_queries
):
    one = register_customer(organisation=repair.org, data=row("甲电信", "金达莱"), by=manager)
    assert one.repair.logistics_firm == branch
    keeper = repair.person(Duty.ARC)
    rows = [row(f"乙电信{n}", "金达莱") for n in range(20)] + [row("丙电信", "不知名")]
    register_customers(organisation=repair.org, rows=rows, by=keeper)
    assert RepairProfile.objects.filter(logistics_firm=branch).count() == 21
    odd = RepairProfile.objects.get(customer__name="丙电信")
    assert (odd.logistics_firm, odd.logistics_name) == (None, "不知名")


def test_the_carrier_is_chosen_in_the_form_and_shown_on_its_tab(repair, manager, customer, branch):
    """R-31, R-49."""
    RepairProfileFactory(customer=customer)
    client = enter(manager)
    assert "还没有选定物流公司" in text_of(client.get(f"/customers/{customer.pk}/carrier/"))
    edit_customer(
        customer=customer,
        changes={"repair.logistics_firm": str(branch.pk)},
        expected=customer.version,
        reason="改走专线",
        by=manager,
    )
    text = text_of(client.get(f"/customers/{customer.pk}/carrier/"))
    for words in ("金达莱-西安", branch.contact, branch.phone, "金达莱物流有限责任公司"):
        assert words in text, words
    assert "金达莱-西安" in text_of(client.get(f"/customers/{customer.pk}/edit/"))


def test_another_organisations_firm_carries_nothing(repair, manager, customer):
    RepairProfileFactory(customer=customer)
    strange = HeadOfficeFactory()
    with pytest.raises(ValidationError, match="须是本单位登记的总部或分支"):
        edit_customer(
            customer=customer,
            changes={"repair.logistics_firm": strange.pk},
            expected=customer.version,
            reason="x",
            by=manager,
        )
    with pytest.raises(InternalError), transaction.atomic():
        RepairProfile.objects.filter(customer=customer).update(logistics_firm=strange)
    assert RepairProfile.objects.get().logistics_firm is None
