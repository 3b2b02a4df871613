"""Lists of customers: every order, every branch, capped counts, filters (D8, D9)."""

import re
from datetime import timedelta
from itertools import chain, product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.core.errors import BadRequest
from crm.identity.choices import Duty, Scope, Secrecy
from crm.identity.models import RoleRight, User
from crm.identity.tests.factories import (
    ApiClientFactory,
    DepartmentFactory,
    PostFactory,
)
from customers.access import (
    CustomerFilters,
    count_for,
    customers_page,
    pages,
    values_page,
)
from customers.choices import CustomerPerm, CustomerStatus, TemporalClass
from customers.models import (
    Customer,
)
from customers.tests.factories import (
    CustomerFactory,
    CustomerGrantFactory,
    RetailProfileFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YESTERDAY = TODAY - timedelta(days=1)


def team_sees_customers(duty):
    """No duty of trust 4.3 sees customers by department tree, though an office may give that."""
    RoleRight.objects.filter(duty=duty, object="customer", action="v").delete()
    RoleRight.objects.create(
        duty=duty, object="customer", action="v", scope=Scope.TEAM, fieldset=""
    )


def without_values(sql):
    return re.sub(r"ARRAY\[[^]]*]|'[^']*'|\b\d+\b", "?", sql)


def walk(user, perm=CustomerPerm.VIEW, **kwargs):
    """Every page forwards, then every page backwards from the last one."""
    forwards, pages, token = [], [], ""
    while True:
        page = customers_page(user, perm, after=token, **kwargs)
        pages.append(page)
        forwards.append([row.pk for row in page.rows])
        if not page.next:
            break
        token = page.next
    backwards, token = [], pages[-1].previous
    while token:
        page = customers_page(user, perm, after=token, **kwargs)
        backwards.append([row.pk for row in page.rows])
        token = page.previous
    return forwards, backwards[::-1]


class TestPages:
    def test_pages_walk_every_order_both_ways_without_a_gap(self, repair, manager):
        names = ["西安二厂", "安康一厂", "西安三厂", "安康一厂", "宝鸡", "Z公司", "甲乙"]
        for at, name in enumerate(names):
            moment = timezone.now() - timedelta(days=at % 3)
            repair.customer(manager, name=f"{name}{at}", created_at=moment)
        keys = {
            "code": lambda c: (c.code,),
            "name": lambda c: (c.pinyin, c.code),
            "created": lambda c: (c.created_at, c.code),
        }
        for name, key in keys.items():
            for sign in ("", "-"):
                wanted = [c.pk for c in sorted(Customer.objects.all(), key=key, reverse=bool(sign))]
                forwards, backwards = walk(manager, order=f"{sign}{name}", size=2)
                assert list(chain.from_iterable(forwards)) == wanted, (sign, name)
                assert forwards[:-1] == backwards

    def test_a_row_reached_twice_is_shown_once(self, repair, manager):
        PostFactory(user=manager, duty=Duty.ARC)
        rows = {repair.customer(manager).pk for _n in range(5)}
        CustomerGrantFactory(user=manager, content_object_id=min(rows))
        forwards, _backwards = walk(manager, size=2)
        assert sorted(chain.from_iterable(forwards)) == sorted(rows)
        assert count_for(manager, CustomerPerm.VIEW).number == 5

    def test_the_count_is_capped_and_says_so(self, repair, manager):
        for _n in range(4):
            repair.customer(manager)
        assert str(count_for(manager, CustomerPerm.VIEW, cap=3)) == "3+"
        assert str(count_for(manager, CustomerPerm.VIEW, cap=4)) == "4"

    def test_a_list_costs_the_same_queries_whatever_its_rows(
        self, repair, django_assert_max_num_queries
    ):
        head = repair.person(Duty.AM, Duty.ARC)
        for _n in range(12):
            repair.customer(head)
        head = User.objects.get(pk=head.pk)
        with django_assert_max_num_queries(6):
            page = customers_page(head, CustomerPerm.VIEW, size=5)
            assert [r.manager_name + r.department_name + r.city_name for r in page.rows]

    def test_a_tree_of_many_departments_is_asked_as_one_of_two(self, repair):
        """Speed 2: however many departments, one statement reads the rows; no `OR`, no `UNION`."""
        team_sees_customers(Duty.REP)
        asked = {}
        for number in (2, 9):
            office = DepartmentFactory(parent=repair.org)
            head = repair.person(Duty.REP, department=office)
            rows = [
                CustomerFactory(department=DepartmentFactory(parent=office), manager=None)
                for _n in range(number)
            ]
            head = User.objects.get(pk=head.pk)
            with CaptureQueriesContext(connection) as seen:
                page = customers_page(head, CustomerPerm.VIEW)
                assert count_for(head, CustomerPerm.VIEW).number == number
            assert sorted(row.pk for row in page.rows) == sorted(row.pk for row in rows)
            asked[number] = [q["sql"] for q in seen if "customers_customer" in q["sql"]]
        shapes = {number: [without_values(sql) for sql in each] for number, each in asked.items()}
        assert shapes[2] == shapes[9]
        rows, count = [sql for sql in asked[9] if "secrecy" in sql]
        assert rows.count("LATERAL") == count.count("LATERAL") == 1
        assert "UNION" not in rows + count
        for walk_of_each in (rows, count):  # by the department's own index, see Way.ranges
            assert '"organisation_id" IS NOT DISTINCT FROM' in walk_of_each
            assert "ORDER BY" in walk_of_each.partition("LATERAL")[2].partition("LIMIT")[0]

    def test_values_of_one_way_come_by_a_kept_statement_and_are_those_of_the_gate(
        self, repair, monkeypatch
    ):
        """Speed 6: put together once a shape; another person's values never come with it."""
        people = [repair.person(Duty.AM) for _n in range(2)]
        for at in range(5):
            for person in people:
                repair.customer(person, name=f"{'乙甲丙丁戊'[at]}店{person.pk}")
        repair.customer(people[0], secrecy=Secrecy.SECRET)
        people.append(ApiClientFactory(user__organisation=repair.org).user)
        people[2].token_scopes = frozenset({str(CustomerPerm.VIEW)})
        for person, order in product(people, ("code", "-code", "name", "-name")):
            wanted = [row.pk for row in customers_page(person, CustomerPerm.VIEW, order=order).rows]
            monkeypatch.setattr(pages, "SIZE", 2)
            forwards, backwards, token = [], [], ""
            while token is not None:
                page = values_page(
                    person, CustomerPerm.VIEW, columns=["name"], order=order, after=token
                )
                forwards.append([row.id for row in page.rows])
                token, previous = page.next or None, page.previous
            while previous:
                page = values_page(
                    person, CustomerPerm.VIEW, columns=["name"], order=order, after=previous
                )
                backwards.insert(0, [row.id for row in page.rows])
                previous = page.previous
            monkeypatch.undo()
            assert list(chain.from_iterable(forwards)) == wanted
            assert backwards == forwards[:-1]
            assert len(wanted) == (10 if person is people[2] else 5)
        put_together = pages._along.cache_info().misses
        one, other = (values_page(p, CustomerPerm.VIEW, columns=["name"]) for p in people[:2])
        assert pages._along.cache_info().misses <= put_together + 1  # one shape for both
        assert {row.id for row in one.rows}.isdisjoint(row.id for row in other.rows)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("西安长", ["长安"]),
            ("xaca", ["长安"]),
            ("XACA", ["长安"]),
            ("西安長安", ["长安"]),
            ("  西安 长安", ["长安"]),
            ("安", []),
            ("延", ["延安"]),
            ("6101", ["长安", "延安"]),
            ("ERP-77", ["延安"]),
            ("91350100m000100y43", ["延安"]),
            ("610610327428", []),  # a repair company keeps no licences: no rule, no reader
            ("%", []),
            ("((", []),
        ],
    )
    def test_text_finds_the_start_of_names_and_codes_and_whole_foreign_codes(
        self, repair, manager, text, found
    ):
        repair.customer(manager, name="西安长安银行", short_name="长安")
        row = repair.customer(
            manager, name="延安电信", short_name="延安", credit_code="91350100M000100Y43"
        )
        row.aliases.create(organisation=repair.org, system="erp", code="ERP-77")
        RetailProfileFactory(customer=row, licence_no="610610327428")
        repair.customer(None, name="西安长安别家", short_name="别家")
        page = customers_page(manager, CustomerPerm.VIEW, filters=CustomerFilters(text=text))
        assert [each.short_name for each in page.rows] == found

    def test_filters_narrow_and_never_widen(self, repair, manager):
        wanted = repair.customer(manager, suspended=True, temporal_class=TemporalClass.PAST)
        repair.customer(manager)
        repair.customer(None, suspended=True, temporal_class=TemporalClass.PAST)
        asked = CustomerFilters(
            equal={"status": CustomerStatus.SUSPENDED, "temporal": TemporalClass.PAST},
            created_from=TODAY,
            created_to=TODAY,
        )
        assert customers_page(manager, CustomerPerm.VIEW, filters=asked).rows == [wanted]
        assert count_for(manager, CustomerPerm.VIEW, asked).number == 1
        old = CustomerFilters(created_to=YESTERDAY)
        assert customers_page(manager, CustomerPerm.VIEW, filters=old).rows == []

    def test_retailers_are_cut_by_their_sales_data(self, tobacco):
        keeper = tobacco.person(Duty.NET)
        shop = RetailProfileFactory(
            customer=tobacco.customer(), market_type="C", organisation=tobacco.org
        ).customer
        RetailProfileFactory(customer=tobacco.customer(), market_type="X")
        asked = CustomerFilters(equal={"market_type": "C"})
        assert customers_page(keeper, CustomerPerm.VIEW, filters=asked).rows == [shop]

    def test_orphans_have_their_own_filter(self, repair, manager, customer):
        keeper = repair.person(Duty.ARC)
        orphan = repair.customer(None)
        asked = CustomerFilters(without_manager=True)
        assert customers_page(keeper, CustomerPerm.VIEW, filters=asked).rows == [orphan]

    @pytest.mark.parametrize(
        "kwargs",
        [
            {"order": "remark"},
            {"after": "xx"},
            {"after": "WzAsW11d"},
            {"filters": CustomerFilters(equal={"password": "1"})},
        ],
    )
    def test_what_was_tampered_with_is_refused(self, manager, kwargs):
        with pytest.raises(BadRequest):
            customers_page(manager, CustomerPerm.VIEW, **kwargs)
