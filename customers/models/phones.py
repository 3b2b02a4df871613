"""An office telephone in its parts, spelt alike for indexes and for search (speed.md 1)."""

from typing import Final

from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Replace

EXTENSION: Final = "([0-9]{7}|-[0-9]{3}-[0-9]{4})-[0-9]{1,6}$"
"""How a number with an extension ends as `parse_phone` writes it: 029-88888888-802, 400-123-4567-8.
The last four of 400-123-4567 are none.
"""


def main_number(column: str) -> Func:
    """The number without its extension: `main_number_sql` for an index."""
    parts = (F(column), Value(EXTENSION), Value("\\1"))
    return Func(*parts, function="regexp_replace", output_field=CharField())


def main_number_sql(column: str) -> str:
    return f"regexp_replace({column}, '{EXTENSION}', '\\1')"


def all_digits(column: str) -> Func:
    """The number without its hyphens: `all_digits_sql` for an index."""
    return Replace(F(column), Value("-"), Value(""))


def all_digits_sql(column: str) -> str:
    return f"replace({column}, '-', '')"
