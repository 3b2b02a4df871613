import pytest
from django.core.cache import cache

from crm.identity.choices import Duty
from crm.identity.services.reference import load_rights
from crm.identity.tests.factories import DepartmentFactory, UserFactory


@pytest.fixture
def rights(db):
    load_rights()
    cache.clear()


@pytest.fixture
def department(rights):
    return DepartmentFactory()


@pytest.fixture
def keeper(department):
    """The system administrator."""
    return UserFactory(duty=Duty.SYS, department=department, username="keeper")


@pytest.fixture
def guard(department):
    """The security administrator."""
    return UserFactory(duty=Duty.SEC, department=department, username="guard")


@pytest.fixture
def second_guard(department):
    return UserFactory(duty=Duty.SEC, department=department, username="guard2")


@pytest.fixture
def auditor(department):
    return UserFactory(duty=Duty.AUD, department=department, username="auditor")


@pytest.fixture
def clerk(department):
    """The marketing clerk."""
    return UserFactory(duty=Duty.MC, department=department, username="clerk")


@pytest.fixture
def manager(department):
    """A customer manager."""
    return UserFactory(duty=Duty.AM, department=department, username="manager")
