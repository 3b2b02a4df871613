"""A company with its clerk and manager, a bureau with its distribution centre, a stranger."""

import pytest

from crm.identity.choices import Duty, Profile
from crm.identity.tests.factories import DepartmentFactory, OrganisationFactory, UserFactory
from logistics.formulas import FirmDetails


@pytest.fixture
def company(db):
    return OrganisationFactory(profile=Profile.REPAIR)


def person(company, duty, name):
    return UserFactory(
        department=DepartmentFactory(parent=company), organisation=company, duty=duty, name=name
    )


@pytest.fixture
def clerk(company):
    """市场内勤: keeps firms and routes (R-48)."""
    return person(company, Duty.MC, "曾桂子")


@pytest.fixture
def manager(company):
    """客户经理: only looks."""
    return person(company, Duty.AM, "陈涵国")


@pytest.fixture
def administrator(company):
    """系统管理员: no business data."""
    return person(company, Duty.SYS, "王系统")


@pytest.fixture
def technician(company):
    """技术部经理: works here, without any right on firms and routes."""
    return person(company, Duty.TM, "李技术")


@pytest.fixture
def stranger(db):
    """A clerk of another company."""
    return person(OrganisationFactory(profile=Profile.REPAIR), Duty.MC, "外人")


@pytest.fixture
def details():
    return FirmDetails(
        address="西安货运站1号",
        postcode="710000",
        contact="余宇杰",
        contact_position="站长",
        phone="17752798971",
    )
