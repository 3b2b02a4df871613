"""Manager cards: kept by the clerk, private fields for few (R-30, R-44, PM-07)."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from crm.core.errors import Forbidden, StaleVersion
from crm.identity.access import managers_for
from crm.identity.choices import Duty, IdentityPerm
from crm.identity.errors import AlreadyDone, NotOurs
from crm.identity.models import AccountManager
from crm.identity.selectors import card_of, holders_of, managers_by_weight
from crm.identity.services.managers import (
    ManagerCard,
    edit_manager,
    record_manager,
    retire_manager,
)
from crm.identity.tests.factories import AccountManagerFactory, UserFactory

CARD = ManagerCard(
    position="客户经理", mobile="13800138000", office_phone="029-88888888", home_address="西安市"
)


@pytest.fixture
def row(manager, clerk):
    return record_manager(user=manager, card=CARD, by=clerk)


def test_the_clerk_records_edits_and_retires(row, clerk, manager):
    assert (row.user, row.version, row.mobile) == (manager, 1, "13800138000")
    edit_manager(
        manager=row,
        card=ManagerCard(position="主管", mobile="139", capacity_weight=Decimal("1.5")),
        expected=1,
        by=clerk,
    )
    row.refresh_from_db()
    assert (row.position, row.version, row.capacity_weight) == ("主管", 2, Decimal("1.50"))
    retire_manager(manager=row, reason="退休", by=clerk)
    row.refresh_from_db()
    assert (row.is_live, row.history.count()) == (False, 3)
    with pytest.raises(AlreadyDone):
        retire_manager(manager=row, reason="退休", by=clerk)


def test_nobody_else_records(manager):
    with pytest.raises(Forbidden):
        record_manager(user=manager, card=CARD, by=manager)
    assert not AccountManager.objects.exists()


def test_only_holders_of_the_duty_have_a_card(clerk, department):
    with pytest.raises(ValidationError):
        record_manager(user=UserFactory(department=department), card=CARD, by=clerk)
    with pytest.raises(NotOurs):
        record_manager(user=UserFactory(duty=Duty.AM), card=CARD, by=clerk)


def test_a_stale_card_is_not_overwritten(row, clerk):
    edit_manager(manager=row, card=CARD, expected=1, by=clerk)
    with pytest.raises(StaleVersion):
        edit_manager(manager=row, card=CARD, expected=1, by=clerk)


def test_postcode_and_length_are_checked(row, clerk):
    for card in (
        ManagerCard(position="x", mobile="1", postcode="12a"),
        ManagerCard(position="长" * 41, mobile="1"),
        ManagerCard(position="行\n行", mobile="1"),
    ):
        with pytest.raises(ValidationError):
            edit_manager(manager=row, card=card, expected=1, by=clerk)
    row.refresh_from_db()
    assert (row.position, row.version) == ("客户经理", 1)


@pytest.mark.parametrize(
    ("duty", "mobile", "phone", "address"),
    [
        (Duty.MC, "13800138000", "029-88888888", "西安市"),
        (Duty.GM, "13800138000", "029-88888888", "西安市"),
        (Duty.AM, "", "029-88888888", ""),
        (Duty.FIN, "", "", ""),
    ],
)
def test_who_sees_what_of_a_card(row, department, duty, mobile, phone, address):
    card = card_of(UserFactory(duty=duty, department=department), row)
    assert (card.name, card.mobile, card.office_phone, card.home_address) == (
        row.user.name,
        mobile,
        phone,
        address,
    )


def test_a_manager_sees_all_of_his_own(row, manager):
    assert card_of(manager, row).home_address == "西安市"


def test_cards_stay_inside_the_organisation(row, clerk):
    stranger = AccountManagerFactory()
    seen = managers_for(clerk, IdentityPerm.MANAGERS_VIEW)
    assert row in seen
    assert stranger not in seen
    assert not managers_for(UserFactory(duty=Duty.LO), IdentityPerm.MANAGERS_VIEW).exists()


def test_holders_are_active_people_with_live_posts(manager, department):
    UserFactory(duty=Duty.AM, department=department, is_active=False)
    UserFactory(duty=Duty.AM)
    assert list(holders_of(Duty.AM, organisation_id=department.organisation_id)) == [manager]
    assert list(holders_of(Duty.AM, department_id=department.pk)) == [manager]


def test_weights_are_of_live_managers(row, clerk, department):
    assert managers_by_weight(department.organisation_id) == [(row.user, Decimal("1.00"))]
    retire_manager(manager=row, reason="x", by=clerk)
    assert managers_by_weight(department.organisation_id) == []
