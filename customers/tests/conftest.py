import pytest

from crm.identity.choices import Duty, Profile
from customers.choices import CustomerKind
from customers.tests.factories import Bureau, ContactFactory
from customers.tests.factories_boss import CertificateFactory


@pytest.fixture
def repair(db):
    """A repair company (document 001)."""
    return Bureau(Profile.REPAIR)


@pytest.fixture
def tobacco(db):
    """A tobacco bureau (document 000)."""
    return Bureau(Profile.TOBACCO)


@pytest.fixture
def manager(repair):
    return repair.person(Duty.AM, name="唐超")


@pytest.fixture
def colleague(repair):
    return repair.person(Duty.AM, name="袁宇")


@pytest.fixture
def customer(repair, manager):
    return repair.customer(manager, name="陕西省电信有限公司延安分公司")


@pytest.fixture
def boss(db):
    """A cable operator (document 002)."""
    return Bureau(Profile.BOSS)


@pytest.fixture
def keeper(boss):
    return boss.person(Duty.ARC, name="麦永康")


@pytest.fixture
def subscriber(boss):
    """A person with a contact and no certificate yet."""
    row = boss.customer(name="黄娟", customer_kind=CustomerKind.PERSON)
    ContactFactory(customer=row, name="黄娟", is_primary=True)
    return row


@pytest.fixture
def identified(subscriber):
    """The same with a certificate of her own."""
    CertificateFactory(customer=subscriber)
    return subscriber
