import pytest

from crm.identity.choices import SourceSystem
from crm.identity.tests.factories import UserFactory
from crm.outbox.tests.factories import endpoint_of
from crm.outbox.tests.receiver import receiving


@pytest.fixture
def lan(db):
    """A manager who gets notices."""
    return UserFactory(username="lan", name="兰")


@pytest.fixture
def bureau(lan):
    """Her organisation."""
    return lan.organisation


@pytest.fixture
def receiver(settings):
    """A real receiver the house may call."""
    settings.KEDANG_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with receiving() as running:
        yield running


@pytest.fixture
def em(receiver, bureau, lan):
    """The order system of the bureau, listening; calls to it end after a second."""
    endpoint, receiver.secret = endpoint_of(
        bureau, receiver.url, by=lan, system=SourceSystem.EM, timeout=1
    )
    return endpoint
