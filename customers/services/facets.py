"""Keep the summary of customers short and true; score the managers (speed 3, R-38)."""

from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Customer, ManagerScore
from customers.selectors.completeness import manager_rates

logger = structlog.get_logger(__name__)
AT_ONCE: Final = 100  # managers scored in one transaction

_FOLD: Final = """
WITH gone AS (DELETE FROM customers_customerfacet RETURNING *)
INSERT INTO customers_customerfacet (organisation_id, department_id, area_id, manager_id, secrecy,
    status, temporal_class, lifecycle, customer_type, customer_class, customer_level, city_id,
    number)
SELECT organisation_id, department_id, area_id, manager_id, secrecy, status, temporal_class,
    lifecycle, customer_type, customer_class, customer_level, city_id, sum(number)
FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 HAVING sum(number) <> 0
"""
_RECOUNT: Final = """
INSERT INTO customers_customerfacet (organisation_id, department_id, area_id, manager_id, secrecy,
    status, temporal_class, lifecycle, customer_type, customer_class, customer_level, city_id,
    number)
SELECT organisation_id, department_id, area_id, manager_id, secrecy, status, temporal_class,
    lifecycle, customer_type, customer_class, customer_level, city_id, sum(number)
FROM (
    SELECT c.organisation_id, c.department_id, c.area_id, c.manager_id, c.secrecy, c.status,
        c.temporal_class, c.lifecycle, c.customer_type, c.customer_class,
        coalesce(r.customer_level, '') AS customer_level, c.city_id, 1 AS number
    FROM customers_customer c LEFT JOIN customers_retailprofile r ON r.customer_id = c.id
    UNION ALL
    SELECT organisation_id, department_id, area_id, manager_id, secrecy, status, temporal_class,
        lifecycle, customer_type, customer_class, customer_level, city_id, -number
    FROM customers_customerfacet
) AS difference
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 HAVING sum(number) <> 0
"""
"""Truth less what is recorded, in one statement and so in one snapshot: nobody need wait."""


@transaction.atomic
def fold_facets() -> int:
    """Add up the rows that the triggers wrote; answers what they answered. Rules: B-30."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        return int(cursor.rowcount)


@transaction.atomic
def recount_facets() -> int:
    """Write what is missing between summary and customers; returns how many sums were wrong.

    Triggers keep them equal, so anything but 0 is worth a look in the log. Rules: T-5.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT)
        wrong = int(cursor.rowcount)
    if wrong:
        logger.warning("facets_mended", sums=wrong)
    return wrong


def score_managers() -> int:
    """Write each manager's mean completeness over his living customers; returns how many.

    Some managers at a time, one transaction and one writing statement for them, so it may stop
    and start anew. Rules: R-38, B-30.
    """
    living = Customer.objects.living()
    managers = living.filter(manager__isnull=False).order_by().values_list("manager_id", flat=True)
    found = sorted(managers.distinct())
    for start in range(0, len(found), AT_ONCE):
        _score_some(living.filter(manager_id__in=found[start : start + AT_ONCE]))
    ManagerScore.objects.exclude(manager_id__in=found).delete()
    return len(found)


@transaction.atomic
def _score_some(customers: QuerySet[Customer]) -> None:
    now = timezone.now()
    ManagerScore.objects.bulk_create(
        [
            ManagerScore(
                manager_id=pk, customers=rate.customers, percent=rate.percent, scored_at=now
            )
            for pk, rate in manager_rates(customers).items()
        ],
        update_conflicts=True,
        unique_fields=["manager"],
        update_fields=["customers", "percent", "scored_at"],
    )
