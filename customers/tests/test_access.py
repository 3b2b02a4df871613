"""Who sees and touches which customers. Named personas first, then the oracle of D9."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from crm.core.errors import Forbidden, NotFound
from crm.core.models import AccessLog
from crm.identity.choices import Duty, Profile, Secrecy
from crm.identity.tests.factories import (
    ApiClientFactory,
    DepartmentFactory,
    PostFactory,
)
from customers.access import (
    bindings_for,
    conflicts_for,
    contacts_for,
    count_for,
    customers_for,
    customers_page,
    get_contact,
    get_customer,
    get_customer_by_code,
)
from customers.choices import CustomerPerm, GrantLevel
from customers.models import (
    Customer,
    CustomerGroupGrant,
)
from customers.tests.factories import (
    BankBindingFactory,
    Bureau,
    ContactFactory,
    CustomerGrantFactory,
    CustomerLoanFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YESTERDAY = TODAY - timedelta(days=1)


def ids(rows):
    return set(rows.values_list("pk", flat=True))


class TestPersonas:
    def test_a_manager_reaches_his_own_and_a_colleague_gets_404(self, manager, colleague, customer):
        assert get_customer(manager, CustomerPerm.UPDATE, customer.pk) == customer
        with pytest.raises(NotFound):
            get_customer(colleague, CustomerPerm.VIEW, customer.pk)
        assert not AccessLog.objects.exists()

    def test_seen_but_barred_is_403_and_written_down(self, repair, customer):
        clerk = repair.person(Duty.MC)
        assert get_customer_by_code(clerk, CustomerPerm.VIEW, customer.code) == customer
        with pytest.raises(Forbidden):
            get_customer_by_code(clerk, CustomerPerm.UPDATE, customer.code)
        assert AccessLog.objects.get().kind == "denied"

    @pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
    def test_the_three_administrators_see_no_business_rows(self, repair, customer, duty):
        who = repair.person(duty, is_superuser=True, is_staff=True)
        assert not customers_for(who, CustomerPerm.VIEW).exists()
        assert customers_page(who, CustomerPerm.VIEW).rows == []
        assert count_for(who, CustomerPerm.VIEW).number == 0

    def test_an_officer_sees_his_squad_and_below_only(self, tobacco):
        squad = DepartmentFactory(parent=tobacco.org)
        post = DepartmentFactory(parent=squad)
        other = DepartmentFactory(parent=tobacco.org)
        officer = tobacco.person(Duty.LO, department=squad)
        mine = [tobacco.customer(area=squad), tobacco.customer(area=post)]
        tobacco.customer(area=other)
        tobacco.customer(area=None)
        assert ids(customers_for(officer, CustomerPerm.VIEW)) == {row.pk for row in mine}

    def test_in_a_tobacco_bureau_a_manager_proposes_and_never_edits(self, tobacco):
        manager = tobacco.person(Duty.AM)
        row = tobacco.customer(manager)
        assert get_customer(manager, CustomerPerm.PROPOSE, row.pk) == row
        with pytest.raises(Forbidden):
            get_customer(manager, CustomerPerm.UPDATE, row.pk)

    def test_organisations_see_nothing_of_each_other(self, repair, customer):
        other = Bureau(Profile.REPAIR)
        boss = other.person(Duty.GM)
        CustomerGrantFactory(user=boss, content_object=customer)
        assert not customers_for(boss, CustomerPerm.VIEW).exists()

    def test_a_secret_customer_is_hidden_from_all_below_his_level(self, repair, manager, customer):
        Customer.objects.filter(pk=customer.pk).update(secrecy=Secrecy.SECRET)
        boss = repair.person(Duty.GM, clearance=Secrecy.SECRET)
        assert not customers_for(manager, CustomerPerm.VIEW).exists()
        assert customers_page(manager, CustomerPerm.VIEW).rows == []
        assert customers_for(boss, CustomerPerm.VIEW).get() == customer

    def test_whoever_is_inactive_or_without_a_live_post_gets_nothing(self, repair, customer):
        gone = repair.person(Duty.GM, is_active=False)
        former = repair.person()
        PostFactory(user=former, duty=Duty.GM, ends_on=YESTERDAY)
        unconfirmed = repair.person()
        PostFactory(user=unconfirmed, duty=Duty.GM, confirmed_at=None)
        for who in (gone, former, unconfirmed):
            assert not customers_for(who, CustomerPerm.VIEW).exists()
            assert customers_page(who, CustomerPerm.VIEW).rows == []


class TestSharing:
    def test_a_share_by_name_widens_the_scope_until_its_last_day(self, colleague, customer):
        grant = CustomerGrantFactory(user=colleague, content_object=customer, ends_on=TODAY)
        assert get_customer(colleague, CustomerPerm.VIEW, customer.pk) == customer
        with pytest.raises(Forbidden):
            get_customer(colleague, CustomerPerm.UPDATE, customer.pk)
        grant.ends_on = YESTERDAY
        grant.save()
        with pytest.raises(NotFound):
            get_customer(colleague, CustomerPerm.VIEW, customer.pk)

    def test_a_share_never_gives_a_duty_the_person_has_not(self, repair, customer):
        clerk, outsider = repair.person(Duty.MC), repair.person()
        for who in (clerk, outsider):
            CustomerGrantFactory(user=who, content_object=customer, level=GrantLevel.WORK)
        with pytest.raises(Forbidden):
            get_customer(clerk, CustomerPerm.UPDATE, customer.pk)
        with pytest.raises(NotFound):
            get_customer(outsider, CustomerPerm.VIEW, customer.pk)

    def test_a_working_share_lets_a_colleague_edit(self, colleague, customer):
        CustomerGrantFactory(user=colleague, content_object=customer, level=GrantLevel.WORK)
        assert get_customer(colleague, CustomerPerm.UPDATE, customer.pk) == customer

    def test_a_group_share_reaches_its_members(self, colleague, customer):
        group = Group.objects.create(name="节前走访")
        colleague.groups.add(group)
        CustomerGroupGrant.objects.create(
            group=group,
            permission=Permission.objects.get(codename=GrantLevel.VIEW),
            content_object=customer,
            reason="走访",
            granted_by=customer.manager,
        )
        assert customers_for(colleague, CustomerPerm.VIEW).get() == customer

    def test_a_task_lends_the_customer_for_reading(self, tobacco):
        row = tobacco.customer(area=None)
        leader = tobacco.person(Duty.SL)
        loan = CustomerLoanFactory(customer=row, department=tobacco.market, duty=Duty.SL)
        assert get_customer(leader, CustomerPerm.VIEW, row.pk) == row
        assert not customers_for(leader, CustomerPerm.PROPOSE).exists()
        assert not customers_for(tobacco.person(Duty.LO), CustomerPerm.VIEW).exists()
        loan.until = YESTERDAY
        loan.save()
        assert not customers_for(leader, CustomerPerm.VIEW).exists()


class TestClients:
    def client_user(self, bureau, *, scopes, prefix=""):
        user = bureau.person(kind="system")
        ApiClientFactory(user=user, region_prefix=prefix)
        user.token_scopes = frozenset(scopes)
        return user

    def test_a_client_has_what_its_token_names_within_its_region(self, tobacco):
        near = tobacco.customer(region_id="610113")
        tobacco.customer(province_id="620000", city_id="620100")
        user = self.client_user(tobacco, scopes=["customer.v"], prefix="61")
        assert customers_for(user, CustomerPerm.VIEW).get() == near
        assert not customers_for(user, CustomerPerm.PROPOSE).exists()
        county = self.client_user(tobacco, scopes=["customer.v"], prefix="610113")
        assert customers_for(county, CustomerPerm.VIEW).get() == near
        city = self.client_user(tobacco, scopes=["customer.v"], prefix="6201")
        assert not customers_for(city, CustomerPerm.VIEW).filter(pk=near.pk).exists()

    def test_without_prefix_a_client_sees_its_organisation_only(self, tobacco, customer):
        rows = [tobacco.customer(), tobacco.customer()]
        user = self.client_user(tobacco, scopes=["customer.v"])
        assert ids(customers_for(user, CustomerPerm.VIEW)) == {row.pk for row in rows}


class TestBehindTheCustomer:
    def test_contacts_follow_their_customer(self, manager, colleague, customer):
        contact = ContactFactory(customer=customer)
        assert get_contact(manager, CustomerPerm.CONTACT_UPDATE, contact.pk) == contact
        with pytest.raises(NotFound):
            get_contact(colleague, CustomerPerm.CONTACT_VIEW, contact.pk)

    def test_contacts_of_a_secret_customer_are_hidden_too(self, manager, customer):
        ContactFactory(customer=customer)
        Customer.objects.filter(pk=customer.pk).update(secrecy=Secrecy.TOP)
        assert not contacts_for(manager, CustomerPerm.CONTACT_VIEW).exists()

    def test_accounts_are_for_the_network_office(self, tobacco):
        row = tobacco.customer()
        binding = BankBindingFactory(customer=row)
        clerk = tobacco.person(Duty.NET)
        assert bindings_for(clerk, CustomerPerm.BANK_EXECUTE).get() == binding
        assert not bindings_for(tobacco.person(Duty.DC), CustomerPerm.BANK_VIEW).exists()

    def test_conflicts_are_for_those_who_decide(self, repair, manager):
        assert conflicts_for(repair.person(Duty.GM), CustomerPerm.DECIDE).count() == 0
        assert conflicts_for(manager, CustomerPerm.DECIDE).query.is_empty()
