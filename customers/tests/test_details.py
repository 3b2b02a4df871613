"""Changing an archive: within one's authority, from the version one saw, with a trace."""

import pytest
from django.core.exceptions import ValidationError

from crm.core.errors import Forbidden, NotFound, StaleVersion
from crm.core.sealed import unseal
from crm.identity.choices import Duty
from crm.outbox.models import Message
from customers.choices import Authority, ControlLevel, CustomerKind
from customers.errors import AlreadyExists, NotWithinAuthority, StaleValue
from customers.models import Customer, RepairProfile, TimelineEntry
from customers.selectors.fields import authority_over, current_values
from customers.services.details import apply_fields, edit_customer
from customers.services.managers import transfer_customer
from customers.tests.factories import (
    CREDIT_CODE,
    IDENTITY,
    CustomerGrantFactory,
    RetailProfileFactory,
)
from customers.values import FieldChange

pytestmark = pytest.mark.django_db


def edit(customer, by, changes, **kwargs):
    known = {"expected": 1, "reason": "名片更新"} | kwargs
    return edit_customer(customer=customer, changes=changes, by=by, **known)


def test_a_manager_edits_his_own_and_history_says_who_and_why(manager, customer):
    """B-45, R-21: managers maintain the archive they answer for."""
    row = edit(customer, manager, {"address": "延安市宝塔区北街2号", "postcode": "716000"})
    assert (row.version, row.address) == (2, "延安市宝塔区北街2号")
    record = row.history.first()
    assert (record.history_user, record.history_change_reason) == (manager, "名片更新")
    assert (record.address, record.postcode) == ("延安市宝塔区北街2号", "716000")
    assert row.field_marks["address"]["by"] == manager.pk
    entry = TimelineEntry.objects.get(customer=customer)
    assert entry.values["fields"] == ["customer.address", "customer.postcode"]
    message = Message.objects.get(topic="customers.changed")
    assert message.payload["fields"] == ["customer.address", "customer.postcode"]


def test_a_new_name_brings_all_its_keys(manager, customer):
    row = edit(customer, manager, {"name": "陕西省電信有限公司延安分公司(新)"})
    row.refresh_from_db()
    assert row.name_folded == "陕西省电信有限公司延安分公司新"
    assert row.name_key_strict == "陕西省電信有限公司延安分公司(新)"
    assert row.pinyin == "sxsdxyxgsyafgsx"


def test_the_code_keeps_its_first_city_when_the_customer_moves(manager, customer):
    """B-31, B-33."""
    row = edit(customer, manager, {"province": "620000", "city": "620100", "region": ""})
    row.refresh_from_db()
    assert (row.city_id, row.home_city) == ("620100", "6101")


def test_a_city_of_another_province_is_refused(manager, customer):
    """R-22."""
    with pytest.raises(ValidationError):
        edit(customer, manager, {"city": "620100"})
    customer.refresh_from_db()
    assert (customer.city_id, customer.version) == ("610100", 1)


def test_the_second_of_two_forms_gets_the_conflict_page(manager, customer):
    edit(customer, manager, {"address": "甲"})
    with pytest.raises(StaleVersion) as stale:
        edit(customer, manager, {"address": "乙"})
    assert stale.value.current == 2
    customer.refresh_from_db()
    assert customer.address == "甲"


def test_repair_data_counts_for_the_same_version(manager, customer):
    row = edit(customer, manager, {"repair.main_business": "传输设备维修"})
    assert row.version == 2
    assert RepairProfile.objects.get(customer=customer).main_business == "传输设备维修"
    row = edit(row, manager, {"repair.main_business": "交换"}, expected=2)
    profile = RepairProfile.objects.get(customer=customer)
    assert (row.version, profile.version, profile.main_business) == (3, 2, "交换")


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "61010000000153"},
        {"status": "cancelled"},
        {"manager": 1},
        {"created_at": "2001-01-01"},
        {"secrecy": 0},
        {"version": 9},
        {"organisation": 1},
        {"retail.licence_no": "610610327428"},
        {"contact.name": "甲"},
        {"no_such_field": "1"},
    ],
)
def test_nobody_writes_what_is_not_his(manager, customer, changes):
    with pytest.raises(NotWithinAuthority):
        edit(customer, manager, changes)
    customer.refresh_from_db()
    assert customer.version == 1


def test_a_masked_number_that_comes_back_means_unchanged(colleague, customer):
    Customer.objects.filter(pk=customer.pk).update(mobile="13800138000")
    CustomerGrantFactory(user=colleague, content_object=customer, level="share_work")
    row = edit(customer, colleague, {"mobile": "138****8000", "address": "甲"})
    row.refresh_from_db()
    assert (row.mobile, row.address) == ("13800138000", "甲")


def test_a_mask_is_no_value_where_the_field_shows_in_clear(manager, customer):
    with pytest.raises(ValidationError) as refused:
        edit(customer, manager, {"mobile": "138****8000"})
    assert "mobile" in refused.value.message_dict


def test_an_old_manager_who_saves_after_the_change_gets_404(manager, colleague, customer):
    transfer_customer(customer=customer, manager=colleague, reason="调岗", by=colleague)
    with pytest.raises(NotFound):
        edit(customer, manager, {"address": "甲"}, expected=2)
    customer.refresh_from_db()
    assert (customer.address, customer.version) == ("", 2)


def test_a_colleague_gets_404_and_changes_nothing(colleague, customer):
    with pytest.raises(NotFound):
        edit(customer, colleague, {"address": "甲"})
    customer.refresh_from_db()
    assert customer.version == 1


def test_a_name_or_credit_code_of_another_archive_is_refused(repair, manager, customer):
    repair.customer(None, name="别家有限公司", credit_code=CREDIT_CODE)
    for changes in ({"credit_code": CREDIT_CODE}, {"name": "别家 有限公司"}):
        with pytest.raises(AlreadyExists) as refused:
            edit(customer, manager, changes)
        assert refused.value.seen_code == ""
    customer.refresh_from_db()
    assert customer.version == 1


def test_a_level_above_ones_reach_is_read_only(repair, manager, customer):
    Customer.objects.filter(pk=customer.pk).update(control_level=ControlLevel.CITY)
    with pytest.raises(Forbidden):
        edit(customer, manager, {"address": "甲"})
    keeper = repair.person(Duty.ARC)
    assert edit(customer, keeper, {"address": "甲"}).address == "甲"


class TestForms:
    """Lines of an approved form (T-59 to T-63)."""

    @pytest.fixture
    def shop(self, tobacco):
        row = tobacco.customer(name="川口鑫家烟酒商行", customer_kind=CustomerKind.RETAIL)
        RetailProfileFactory(customer=row, identity_no=IDENTITY, market_type="X")
        return row

    def apply(self, shop, by, changes, authorities):
        return apply_fields(
            customer=shop,
            changes=[FieldChange(*change) for change in changes],
            authorities=authorities,
            form="WH2026000001",
            by=by,
        )

    def test_every_line_of_its_authority_is_written_with_the_form_number(self, tobacco, shop):
        clerk = tobacco.person(Duty.NET)
        row = self.apply(
            shop,
            clerk,
            [("retail.delivery_address", "", "北街253号"), ("customer.phone", "", "0911-2112345")],
            {Authority.LOCAL},
        )
        retail = row.retail
        retail.refresh_from_db()
        assert retail.delivery_address == "北街253号"
        assert retail.field_marks["delivery_address"]["form"] == "WH2026000001"
        assert row.field_marks["phone"]["form"] == "WH2026000001"

    def test_order_centre_fields_change_only_by_its_word(self, tobacco, shop):
        clerk, change = tobacco.person(Duty.NET), [("retail.market_type", "X", "C")]
        with pytest.raises(NotWithinAuthority):
            self.apply(shop, clerk, change, {Authority.LOCAL})
        shop.retail.refresh_from_db()
        assert (shop.retail.market_type, shop.retail.version) == ("X", 1)
        self.apply(shop, clerk, change, {Authority.ORDER_CENTRE})
        shop.retail.refresh_from_db()
        assert shop.retail.market_type == "C"

    def test_a_snapshot_that_is_no_longer_true_stops_the_form(self, tobacco, shop):
        with pytest.raises(StaleValue):
            self.apply(
                shop,
                tobacco.person(Duty.NET),
                [("customer.phone", "", "0911-1"), ("retail.market_type", "C", "X")],
                {Authority.LOCAL, Authority.ORDER_CENTRE},
            )
        shop.refresh_from_db()
        assert (shop.phone, shop.version) == ("", 1)

    def test_the_licence_side_names_the_shop_and_the_customer(self, tobacco, shop):
        row = self.apply(
            shop,
            tobacco.person(Duty.LO),
            [("retail.store_name", shop.name, "川口新家商行")],
            {Authority.MONOPOLY},
        )
        assert (row.name, row.name_folded) == ("川口新家商行", "川口新家商行")

    def test_a_sealed_line_is_sealed_on_its_way_in(self, tobacco, shop):
        number = "61060219790215027X"
        before = current_values(shop, ["retail.identity_no"])["retail.identity_no"]
        self.apply(
            shop,
            tobacco.person(Duty.LO),
            [("retail.identity_no", before, number)],
            {Authority.MONOPOLY},
        )
        shop.retail.refresh_from_db()
        assert shop.retail.identity_no.startswith("kd1:")
        assert shop.retail.identity_no_last4 == "027X"
        assert unseal(shop.retail, "identity_no") == number

    def test_the_status_is_no_line_of_a_form(self, tobacco, shop):
        with pytest.raises(NotWithinAuthority):
            self.apply(
                shop,
                tobacco.person(Duty.NET),
                [("customer.status", "normal", "closed")],
                set(Authority),
            )

    @pytest.mark.parametrize(
        ("key", "authority"),
        [
            ("customer.code", "monopoly"),
            ("retail.licence_no", "monopoly"),
            ("retail.licence_valid_to", "monopoly"),
            ("retail.store_name", "monopoly"),
            ("retail.business_premises", "monopoly"),
            ("retail.legal_representative", "monopoly"),
            ("customer.status", "monopoly"),
            ("retail.customer_level", "order_centre"),
            ("retail.market_type", "order_centre"),
            ("retail.business_format", "order_centre"),
            ("retail.order_cycle", "order_centre"),
            ("retail.settlement_mode", "order_centre"),
            ("customer.mobile", "local"),
            ("retail.delivery_route", "local"),
            ("retail.delivery_address", "local"),
            ("retail.order_mode", "local"),
            ("retail.visit_cycle", "local"),
            ("customer.manager", "local"),
            ("bank.account_no", "local"),
            ("customer.no_such", "system"),
        ],
    )
    def test_the_default_authorities_are_those_of_the_rule(self, db, key, authority):
        assert authority_over(key, profile="tobacco") == authority
