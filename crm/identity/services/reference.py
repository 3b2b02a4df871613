"""Reference data of this room: the rights table of trust 4.3.

Rows that the table does not have, and why they stand in `rights.csv`: whoever fills or signs a
part of a registration sees the form (`registration`, `licence_part`, `status` v; `sales_part` of
AM, PM-02); whoever makes a notice or binding sees it; SYS proposes grants (PM-21); duty API lists
the scopes a token may be given, duty POR the portal's.
"""

import csv
from pathlib import Path
from typing import Final

from django.db import connection, transaction

FILE: Final = Path(__file__).resolve().parents[1] / "data" / "rights.csv"

_LOAD: Final = """
WITH wanted AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS cell(duty, object, action, scope, fieldset)
), gone AS (
    DELETE FROM identity_roleright held WHERE NOT EXISTS (
        SELECT 1 FROM wanted WHERE (wanted.duty, wanted.object, wanted.action, wanted.scope)
            = (held.duty, held.object, held.action, held.scope))
)
INSERT INTO identity_roleright (duty, object, action, scope, fieldset) SELECT * FROM wanted
ON CONFLICT (duty, object, action, scope) DO UPDATE SET fieldset = EXCLUDED.fieldset
    WHERE identity_roleright.fieldset <> EXCLUDED.fieldset
"""


@transaction.atomic
def load_rights() -> int:
    """Make the rights table what `data/rights.csv` says; returns how many cells it has.

    One statement, safe to repeat. Rules: D9, trust 4.3.
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)][1:]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, columns)
    return len(rows)
