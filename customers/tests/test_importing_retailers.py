"""卷烟零售客户 from a workbook (T-3, T-4, T-65 to T-67, issue 3 part 4)."""

from pathlib import Path

import pytest

from crm.core.sealed import unseal
from crm.imports.models import ImportBatch, ImportRow
from crm.imports.services import mend_cells
from crm.imports.services.running import run_import
from crm.imports.services.undoing import undo_batch
from crm.imports.tests.office import Bureau, checked, csv_rows, imported, workbook, wrong_cells
from customers.importing.retailers import RETAILERS
from customers.models import BankBinding, Customer, RetailProfile
from logistics.tests.factories import DeliveryRouteFactory

pytestmark = pytest.mark.django_db
HEADER, ROWS = csv_rows(Path(__file__).parent / "data" / "retailers.csv")


def with_cell(row, **cells):
    line = list(row)
    for title, value in cells.items():
        line[HEADER.index(title)] = value
    return line


ROWS = [with_cell(row, 专管员="叶洋桂", 客户经理="陈涵国") for row in ROWS]
CASH, BOUND = ROWS[0], ROWS[1]


def book(rows):
    return workbook(HEADER, rows, "零售客户")


@pytest.fixture
def bureau(db):
    bureau = Bureau()
    for name in sorted({row[10] for row in ROWS}):
        DeliveryRouteFactory(organisation=bureau.company, name=name)
    return bureau


def test_t3_t4_every_retailer_is_in_with_line_codes_and_sealed_numbers(bureau):
    batch = imported(RETAILERS, book(ROWS), bureau.net, bureau.net2)
    assert (batch.rows_wrong, batch.counts["made"]) == (0, 40)
    shop = RetailProfile.objects.get(licence_no=BOUND[0])
    assert (shop.store_name, str(shop.licence_valid_to)) == (BOUND[2], "2030-12-18")
    assert (shop.delivery_route.name, shop.settlement_mode) == (BOUND[10], "withholding")
    assert (shop.customer_level, shop.order_cycle, shop.business_format) == ("B2", "thu", "Z")
    assert unseal(shop, "identity_no") == BOUND[5]
    assert BOUND[5] not in shop.identity_no
    customer = shop.customer
    assert (customer.area, customer.manager) == (bureau.squad, bureau.manager)
    assert customer.city_id == "610600"


def test_t67_pm04_withholding_accounts_are_bound_by_two_people_and_cash_ones_not_kept(bureau):
    batch = imported(RETAILERS, book([CASH, BOUND]), bureau.net, bureau.net2)
    binding = BankBinding.objects.get()
    assert unseal(binding, "account_no") == BOUND[15]
    assert (binding.status, binding.bound_by, binding.confirmed_by) == (
        "bound",
        bureau.net,
        bureau.net2,
    )
    assert binding.history.get().history_user == bureau.net
    assert {one["code"]: one["rows"] for one in batch.warnings} == {"account_not_kept": [2]}


def test_d6_staging_holds_no_clear_number(bureau):
    batch = checked(RETAILERS, book([BOUND, with_cell(CASH, 联系电话="1")]), bureau.net)
    for row in ImportRow.objects.filter(batch=batch):
        everything = f"{row.values}{row.shown}{row.errors}{row.doubts}"
        for number in (BOUND[5], BOUND[15], CASH[5], CASH[15]):
            assert number not in everything
    mend_cells(
        batch=batch,
        kind=RETAILERS,
        cells={(3, "identity_no"): BOUND[5]},
        expected=batch.version,
        by=bureau.net,
    )
    assert BOUND[5] not in str(ImportBatch.objects.get().mends)


WRONG = [
    ({"许可证号": "61061032742"}, "licence_no", None),
    ({"许可证号": ""}, "licence_no", "required"),
    ({"许可证有效期至": "45351"}, "licence_valid_to", "excel_serial"),
    ({"许可证有效期至": "27/3/13"}, "licence_valid_to", "ambiguous"),
    ({"身份证号": "610602199711161081"}, "identity_no", "check_digit"),
    ({"扣款账号": "6222112943791865133"}, "account_no", None),
    ({"扣款账号": ""}, "account_no", "required"),
    ({"联系电话": "1380013800"}, "mobile", "length"),
    ({"客户级别": "Z9"}, "customer_level", "choice"),
    ({"专管员": "查无此人"}, "officer", "unknown_person"),
    ({"客户经理": "叶洋桂"}, "manager", "unknown_person"),
]


@pytest.mark.parametrize(("cells", "column", "code"), WRONG)
def test_a_wrong_cell_is_named_and_the_other_rows_are_right(bureau, cells, column, code):
    """B079, B217: nothing is guessed."""
    batch = checked(RETAILERS, book([CASH, with_cell(BOUND, **cells)]), bureau.net)
    ((row, name, found),) = wrong_cells(batch)
    assert (row, name) == (3, column)
    assert code in (None, found)
    assert batch.rows_right == 1


def test_b217_a_number_that_lost_its_digits_is_refused(bureau):
    batch = checked(RETAILERS, book([with_cell(BOUND, 身份证号=6.1060219971116108e17)]), bureau.net)
    assert wrong_cells(batch) == [(2, "identity_no", "precision_lost")]


def test_shops_may_share_names_but_not_licences(bureau):
    twin = with_cell(ROWS[2], 店铺名称=BOUND[2])
    batch = checked(RETAILERS, book([BOUND, twin, BOUND]), bureau.net)
    assert wrong_cells(batch) == [(4, "licence_no", "duplicate")]


def test_t64_what_others_keep_is_compared_and_never_changed(bureau):
    imported(RETAILERS, book([BOUND]), bureau.net, bureau.net2)
    row = with_cell(BOUND, 店铺名称="改了名的店", 客户级别="A1", 订货方式="电话订货")
    batch = imported(
        RETAILERS, book([with_cell(row, 联系电话="13900001111")]), bureau.net, bureau.net2
    )
    shop = RetailProfile.objects.get()
    assert (shop.store_name, shop.customer_level, shop.order_mode) == (BOUND[2], "B2", "phone")
    assert shop.customer.mobile == "13900001111"
    assert {one["code"]: one["count"] for one in batch.warnings} == {"kept_elsewhere": 2}
    assert batch.counts["changed"] == 1


def test_rf48_the_same_file_twice_changes_nothing(bureau):
    imported(RETAILERS, book(ROWS), bureau.net, bureau.net2)
    again = imported(RETAILERS, book(ROWS), bureau.net, bureau.net2)
    assert (again.counts["same"], again.counts["made"], again.counts["changed"]) == (40, 0, 0)
    assert Customer.history.count() == RetailProfile.history.count() == 40
    assert BankBinding.history.count() == BankBinding.objects.count()


def test_an_unknown_line_is_left_blank_and_filled_by_the_next_import(bureau):
    row = with_cell(CASH, 送货线路="新线")
    batch = imported(RETAILERS, book([row]), bureau.net, bureau.net2)
    assert RetailProfile.objects.get().delivery_route is None
    assert "unknown_route" in {one["code"] for one in batch.warnings}
    line = DeliveryRouteFactory(organisation=bureau.company, name="新线")
    imported(RETAILERS, book([row]), bureau.net, bureau.net2)
    shop = RetailProfile.objects.get()
    assert (shop.delivery_route, shop.version, shop.customer.version) == (line, 2, 2)


def test_ux54_undo_frees_licence_and_account(bureau):
    batch = imported(RETAILERS, book([BOUND]), bureau.net, bureau.net2)
    batch = undo_batch(batch=batch, kind=RETAILERS, by=bureau.net)
    run_import(job=batch.job_id, kind=RETAILERS)
    assert Customer.objects.get().status == "cancelled"
    assert BankBinding.objects.get().status == "closed"
    imported(RETAILERS, book([BOUND]), bureau.net, bureau.net2)
    assert Customer.objects.living().count() == 1
    assert BankBinding.objects.live().count() == 1
