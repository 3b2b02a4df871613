"""Who answers for a customer: change, hand-over, conflict, load (R-10 to R-19, C-70)."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from crm.core.errors import Forbidden
from crm.identity.choices import Duty
from crm.identity.tests.factories import AccountManagerFactory, DepartmentFactory
from crm.outbox.models import Notice
from customers.choices import ConflictStatus
from customers.errors import NotManager, WrongState
from customers.models import Conflict, Customer, ManagerAssignment
from customers.selectors.managers import loads_of, terms_of
from customers.services.conflicts import decide_conflict, record_conflict
from customers.services.managers import hand_over_customers, transfer_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(repair):
    return repair.person(Duty.MVP, name="市场副总")


@pytest.fixture
def boss(repair):
    return repair.person(Duty.GM, name="总经理")


def test_a_change_closes_one_term_and_opens_the_next(repair, manager, head, customer):
    office = DepartmentFactory(parent=repair.org)
    successor = repair.person(Duty.AM, department=office, name="吴国红")
    ManagerAssignment.objects.create(
        customer=customer, manager=manager, reason="建档", proposer=manager
    )
    row = transfer_customer(customer=customer, manager=successor, reason="调岗", by=head)
    assert (row.manager, row.department, row.version) == (successor, office, 2)
    new, old = terms_of(customer)
    assert (old.manager, new.manager, new.reason, new.approver) == (
        manager,
        successor,
        "调岗",
        head,
    )
    assert (old.ends_at is None, new.ends_at is None) == (False, True)
    assert Notice.objects.get().person == successor


def test_only_a_manager_in_post_takes_over_and_only_for_a_reason(repair, manager, head, customer):
    for kwargs, refusal in (
        ({"manager": head, "reason": "调岗"}, NotManager),
        ({"manager": manager, "reason": "调岗"}, ValidationError),
        ({"manager": repair.person(Duty.AM), "reason": ""}, ValidationError),
    ):
        with pytest.raises(refusal):
            transfer_customer(customer=customer, by=head, **kwargs)
    customer.refresh_from_db()
    assert (customer.manager, customer.version) == (manager, 1)


def test_a_leaver_takes_nothing_away(repair, manager, colleague, head):
    for _n in range(3):
        repair.customer(manager)
    assert hand_over_customers(manager=manager, successor=None, reason="离职", by=head) == 3
    assert not Customer.objects.filter(manager=manager).exists()
    assert hand_over_customers(manager=manager, successor=None, reason="离职", by=head) == 0
    repair.customer(manager)
    assert hand_over_customers(manager=manager, successor=colleague, reason="离职", by=head) == 1
    record = Customer.objects.get(manager=colleague).history.first()
    assert (record.history_change_reason, record.history_user) == ("离职", head)


class TestConflicts:
    @pytest.fixture
    def conflict(self, customer, colleague):
        return record_conflict(
            customer=customer, typed_name="延安电信", matched="credit_code", by=colleague
        )

    def decide(self, conflict, winner, by, reason="先记录者优先"):
        return decide_conflict(conflict=conflict, winner=winner, reason=reason, by=by)

    def test_the_first_record_holds(self, boss, manager, customer, conflict):
        row = self.decide(conflict, manager, boss)
        customer.refresh_from_db()
        assert (row.status, row.winner, row.decided_by) == (ConflictStatus.DECIDED, manager, boss)
        assert (customer.manager, customer.version) == (manager, 1)

    def test_the_general_manager_may_say_otherwise(self, boss, colleague, customer, conflict):
        self.decide(conflict, colleague, boss, reason="客户要求")
        customer.refresh_from_db()
        assert customer.manager == colleague
        assert ManagerAssignment.objects.get(customer=customer).reason == "客户要求"

    def test_nobody_else_decides_and_nothing_moves(self, head, manager, colleague, conflict):
        for who in (head, manager, colleague):
            with pytest.raises(Forbidden):
                self.decide(conflict, colleague, who)
        conflict.refresh_from_db()
        assert conflict.status == ConflictStatus.OPEN

    def test_a_third_person_wins_nothing_and_twice_is_refused(self, boss, head, manager, conflict):
        with pytest.raises(ValidationError):
            self.decide(conflict, head, boss)
        with pytest.raises(ValidationError):
            self.decide(conflict, manager, boss, reason="")
        self.decide(conflict, manager, boss)
        with pytest.raises(WrongState):
            self.decide(conflict, manager, boss)

    def test_a_decided_one_may_come_up_again(self, boss, manager, colleague, customer, conflict):
        self.decide(conflict, manager, boss)
        again = record_conflict(
            customer=customer, typed_name="延安电信", matched="name", by=colleague
        )
        assert again.number != conflict.number
        assert Conflict.objects.count() == 2


def test_the_table_of_loads_suggests_who_carries_least_for_his_capacity(repair):
    strong = AccountManagerFactory(
        user=repair.person(Duty.AM, name="强"), capacity_weight=Decimal("2.00")
    ).user
    usual = AccountManagerFactory(user=repair.person(Duty.AM, name="常")).user
    for _n in range(3):
        repair.customer(strong)
    for _n in range(2):
        repair.customer(usual)
    repair.customer(usual, cancelled=True)
    loads = loads_of(repair.org.pk)
    assert [(load.manager, load.customers, load.is_suggested) for load in loads] == [
        (strong, 3, True),
        (usual, 2, False),
    ]
