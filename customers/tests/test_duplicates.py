"""Asked while typing: who may be the same, and what of it may be told (B-14, RF-09)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.core.models import AccessLog
from crm.identity.choices import Duty
from customers.selectors.duplicates import Candidate, Typed
from customers.services.duplicates import search_duplicates
from customers.services.grants import grant_customer, grant_customer_to_group, revoke_grant
from customers.services.loans import end_loans, lend_customer
from customers.tests.factories import CREDIT_CODE, Bureau, RetailProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def telecom(repair, manager):
    return repair.customer(
        manager,
        name="中国电信股份有限公司西安分公司",
        credit_code=CREDIT_CODE,
        mobile="13800138000",
        phone="029-88881234",
    )


def ask(bureau, by, **typed):
    return search_duplicates(organisation=bureau.org, typed=Typed(**typed), by=by)


@pytest.mark.parametrize(
    ("typed", "matched", "is_same"),
    [
        ({"credit_code": "91350100m000100y43"}, "credit_code", True),
        ({"name": "中国电信股份有限公司 西安分公司"}, "name", True),
        ({"name": "中國電信股份有限公司西安分公司"}, "name", False),
        ({"name": "中国电信西安"}, "name", False),
        ({"mobile": "138 0013 8000"}, "mobile", False),
        ({"phone": "029-88881234"}, "phone", False),
    ],
)
def test_the_owner_is_shown_what_he_has(repair, manager, telecom, typed, matched, is_same):
    (found,) = ask(repair, manager, **typed)
    assert (found.pk, found.code, found.name) == (telecom.pk, telecom.code, telecom.name)
    assert (found.matched, found.is_same, found.manager) == (matched, is_same, "唐超")
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    ("typed", "matched"),
    [
        ("中国电信股份有限公司西安分公司二部", "near"),
        ("中国典信股份有限公司希安分公司", "sound"),
        ("中国移动股份有限公司西安分公司", None),
        ("西安电信", None),
    ],
)
def test_a_name_nearly_the_same_is_told_as_near_and_never_refused(
    repair, manager, telecom, typed, matched
):
    """B-14: one sign mistyped, a homophone, a word more."""
    found = ask(repair, manager, name=typed)
    assert [(one.pk, one.matched, one.is_same) for one in found] == (
        [(telecom.pk, matched, False)] if matched else []
    )


def test_a_near_name_out_of_sight_is_only_said_to_exist_and_logged(repair, colleague, telecom):
    """RF-09, R-2."""
    assert ask(repair, colleague, name="中国典信股份有限公司希安分公司") == [
        Candidate("sound", is_same=False)
    ]
    assert AccessLog.objects.get().fields == ["sound"]


def test_a_colleague_is_told_only_that_an_archive_exists(repair, colleague, telecom):
    found = ask(repair, colleague, credit_code=CREDIT_CODE, name="中国电信西安")
    assert found == [Candidate("credit_code", is_same=True)]
    assert not found[0].is_visible
    log = AccessLog.objects.get()
    assert (log.kind, log.customer_id, log.fields) == ("search", telecom.pk, ["credit_code"])


def test_half_typed_and_unknown_values_find_nothing(repair, manager, telecom):
    assert ask(repair, manager, credit_code=CREDIT_CODE[:17], mobile="1380013", name=" ") == []
    assert ask(repair, manager, name="电信") == []


def test_another_organisation_is_not_asked(telecom):
    other = Bureau("repair")
    assert ask(other, other.person(Duty.AM), credit_code=CREDIT_CODE) == []


def test_whoever_may_not_register_may_not_ask(repair, telecom):
    with pytest.raises(Forbidden):
        ask(repair, repair.person(Duty.FIN), credit_code=CREDIT_CODE)


def test_cancelled_archives_do_not_count(repair, manager, telecom):
    type(telecom).objects.filter(pk=telecom.pk).update(status="cancelled", may_order=False)
    assert ask(repair, manager, credit_code=CREDIT_CODE) == []


def test_a_shop_is_found_by_its_licence(tobacco):
    shop = tobacco.customer(area=tobacco.market)
    RetailProfileFactory(customer=shop, licence_no="610610327428")
    (found,) = ask(tobacco, tobacco.person(Duty.LO), licence_no="610610327428")
    assert (found.pk, found.is_same) == (shop.pk, True)
    assert ask(tobacco, tobacco.person(Duty.LO), licence_no="000000000000") == []


class TestSharesAndLoans:
    """Services behind the gate's exceptions (R-77, scope K)."""

    def test_a_share_needs_a_reason_a_day_to_come_and_a_colleague(
        self, repair, manager, colleague, customer
    ):
        today = timezone.localdate()
        good = {"person": colleague, "ends_on": today, "reason": "代班"}
        for bad in (
            {"person": manager},
            {"ends_on": today - timedelta(days=1)},
            {"reason": " "},
            {"person": Bureau("repair").person(Duty.AM)},
        ):
            with pytest.raises(ValidationError):
                grant_customer(customer=customer, level="share_view", by=manager, **(good | bad))
        assert not customer.grants.exists()
        grant = grant_customer(customer=customer, level="share_view", by=manager, **good)
        again = grant_customer(customer=customer, level="share_view", by=manager, **good)
        assert grant == again
        revoke_grant(grant=grant, by=manager)
        grant.refresh_from_db()
        assert grant.ends_on == today - timedelta(days=1)
        assert [row.kind for row in customer.timeline.all()] == ["shared"] * 3

    def test_a_group_share_ends_the_same_way(self, manager, customer):
        grant = grant_customer_to_group(
            customer=customer,
            group=Group.objects.create(name="节前走访"),
            level="share_view",
            ends_on=timezone.localdate(),
            reason="走访",
            by=manager,
        )
        revoke_grant(grant=grant, by=manager)
        grant.refresh_from_db()
        assert grant.ends_on == timezone.localdate() - timedelta(days=1)

    def test_a_loan_runs_ninety_days_past_its_matter(self, tobacco):
        row = tobacco.customer()
        for _twice in range(2):
            loan = lend_customer(
                customer=row, department=tobacco.market, duty=Duty.SL, reference="DJ1"
            )
        assert (row.loans.count(), loan.until) == (1, None)
        assert end_loans(reference="DJ1") == 1
        loan.refresh_from_db()
        assert loan.until == timezone.localdate() + timedelta(days=90)
        assert end_loans(reference="DJ1") == 0
