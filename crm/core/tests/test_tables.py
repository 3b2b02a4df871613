"""What the database itself holds: the log that only grows, the running numbers."""

import pytest
from django.db import InternalError, connection, transaction

from crm.core.models import AccessLog
from crm.core.numbers import Series, take_number, take_numbers
from crm.core.services.access_log import log_denial
from crm.identity.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_accesslog SET username = 'x'",
        "DELETE FROM core_accesslog",
        "TRUNCATE core_accesslog",
    ],
)
def test_the_access_log_is_never_changed_by_anybody(statement):
    log_denial(user=UserFactory(), perm="customer.u", key="1")
    with (
        pytest.raises(InternalError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert refusal.value.__cause__.diag.sqlstate == "P0001"
    assert "访问日志只能追加" in str(refusal.value)
    assert AccessLog.objects.count() == 1


@pytest.mark.parametrize("series", list(Series))
def test_every_series_has_its_sequence(series):
    first = take_number(series)
    assert take_numbers(series, 3) == [first + 1, first + 2, first + 3]
