"""Who sees and keeps firms and routes (trust 4.3, row "logistics firms/branches")."""

import pytest

from crm.core.errors import Forbidden, NotFound
from crm.identity.choices import Duty
from crm.identity.tests.factories import UserFactory
from logistics.access import firms_for, get_firm, get_route, routes_for
from logistics.choices import LogisticsPerm
from logistics.tests.factories import DeliveryRouteFactory, HeadOfficeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(company):
    return HeadOfficeFactory(organisation=company)


@pytest.fixture
def route(company):
    return DeliveryRouteFactory(organisation=company)


@pytest.mark.parametrize("duty", [Duty.MC, Duty.AM, Duty.MVP, Duty.GM, Duty.FIN, Duty.ARC])
def test_the_company_sees_its_firms_and_routes_and_no_others(company, firm, route, duty):
    HeadOfficeFactory()
    DeliveryRouteFactory()
    someone = UserFactory(department__parent=company, organisation=company, duty=duty)
    assert list(firms_for(someone, LogisticsPerm.VIEW)) == [firm]
    assert list(routes_for(someone, LogisticsPerm.VIEW)) == [route]


@pytest.mark.parametrize("perm", [LogisticsPerm.CREATE, LogisticsPerm.UPDATE, LogisticsPerm.DELETE])
def test_r48_only_the_clerk_keeps_them(clerk, manager, firm, route, perm):
    assert list(firms_for(clerk, perm)) == [firm]
    assert list(routes_for(clerk, perm)) == [route]
    assert not firms_for(manager, perm).exists()
    with pytest.raises(Forbidden):
        get_firm(manager, perm, firm.pk)
    with pytest.raises(Forbidden):
        get_route(manager, perm, route.pk)


def test_a_stranger_an_administrator_and_an_inactive_clerk_see_nothing(
    stranger, administrator, clerk, firm, route
):
    clerk.is_active = False
    for someone in (stranger, administrator, clerk):
        assert not firms_for(someone, LogisticsPerm.VIEW).exists()
        assert not routes_for(someone, LogisticsPerm.VIEW).exists()
        with pytest.raises(NotFound):
            get_firm(someone, LogisticsPerm.VIEW, firm.pk)


def test_a_superuser_flag_opens_nothing(administrator, firm):
    administrator.is_superuser = True
    assert not firms_for(administrator, LogisticsPerm.VIEW).exists()
