"""Reference data of the ground floor (design part 10)."""

import csv
from pathlib import Path

from django.db import connection, transaction

DATA = Path(__file__).resolve().parents[1] / "data"
LEVELS = {"province": 1, "prefecture": 2, "county": 3}


@transaction.atomic
def load_regions() -> int:
    """Bring core_region to the packaged GB/T 2260 table in one statement; returns its rows.

    Rows an administrator added stay. Rules: R-22, libs 3.7.
    """
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            [
                row["code"],
                row["name"],
                LEVELS[row["level"]],
                row["parent"],
                row["valid_from"],
                row["valid_to"],
            ]
            for row in csv.DictReader(file)
        ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_region (code, name, level, parent_id, valid_from, valid_to)"
            " SELECT code, name, level, nullif(parent, ''), nullif(valid_from, '')::date,"
            " nullif(valid_to, '')::date FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[],"
            " %s::text[], %s::text[]) AS row(code, name, level, parent, valid_from, valid_to)"
            " ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level,"
            " parent_id = excluded.parent_id, valid_to = excluded.valid_to",
            columns,
        )
    return len(rows)


@transaction.atomic
def load_dictionary(*, kind: str, entries: list[tuple[str, str]]) -> int:
    """Add the missing entries of a common code table; what people changed stays.

    `entries` are (code, label) in order. Rules: R-32, T-77, T-78.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core_dictentry (kind, organisation_id, code, label, position, is_live)"
            " VALUES (%s, 0, %s, %s, %s, true) ON CONFLICT DO NOTHING",
            [[kind, code, label, at] for at, (code, label) in enumerate(entries)],
        )
    return len(entries)
