"""Reference data of this room (design part 10)."""

import csv
from pathlib import Path

from django.conf import settings
from django.db import transaction

from customers.models import FieldRule

DATA = Path(__file__).resolve().parents[1] / "data" / "field_rules.csv"
_KEYS = ["profile", "subject", "field"]


@transaction.atomic
def load_field_rules() -> int:
    """Add the missing field rules of the profiles in use; what an office tuned stays.

    Returns how many the file holds for them. Rules: T-6, T-64, R-20, domain 6.4, trust 2.6.
    """
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["profile"] in settings.KEDANG_PROFILES]
    FieldRule.objects.bulk_create([_rule(row) for row in rows], ignore_conflicts=True)
    return len(rows)


def _rule(row: dict[str, str]) -> FieldRule:
    return FieldRule(
        **{name: row[name] for name in [*_KEYS, "label", "section", "block"]},
        authority=row["authority"],
        data_class=row["data_class"],
        reader=row["reader"],
        fieldsets=row["fieldsets"].split(),
        weight=int(row["weight"]),
        is_required=row["is_required"] == "1",
        position=int(row["position"]),
    )
