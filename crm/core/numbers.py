"""Running numbers from PostgreSQL sequences: no lock, no repeat, gaps allowed.

One sequence a kind, made by migration and named `number_<kind>`.
"""

from enum import StrEnum

from django.db import connection


class Series(StrEnum):
    """Every kind of running number of the house; a migration makes its sequence."""

    CUSTOMER = "customer"
    REGISTRATION = "registration"
    TRANSFER = "transfer"
    CASE = "case"
    CONFLICT = "conflict"
    ACCOUNT = "account"
    SUBSCRIPTION = "subscription"


def take_number(series: Series) -> int:
    """The next number of a series."""
    return take_numbers(series, 1)[0]


def take_numbers(series: Series, count: int) -> list[int]:
    """`count` numbers at one go, rising."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(%s) FROM generate_series(1, %s)", [f"number_{series}", count]
        )
        return sorted(row[0] for row in cursor.fetchall())
