"""How common each search token is and how large each scope, from a sample (speed.md 1)."""

from typing import Final

from django.db import connection, transaction

from crm.core.search import name_tokens, pinyin_tokens
from customers.models import Customer, GramShare, ScopeSize

SAMPLE: Final = 500_000
"""So many rows are looked at; a smaller table is read whole."""
LONGER_SAMPLE: Final = 200_000
"""And so many for the grams that no row bears as tokens."""
RAREST: Final = 10_000
"""A token that fewer than one in so many customers have is not kept."""

_SHARES: Final = """
WITH sample AS MATERIALIZED (
    SELECT search_tokens FROM customers_customer TABLESAMPLE SYSTEM (%s)
), size AS (SELECT greatest(count(*), 1) AS total FROM sample)
INSERT INTO customers_gramshare (token, per_million)
SELECT token, count(*) * 1000000 / size.total
FROM sample, unnest(search_tokens) AS token, size
GROUP BY token, size.total
HAVING count(*) * %s >= size.total
"""
_LONGER: Final = """
WITH sample AS MATERIALIZED (
    SELECT {column} AS said FROM customers_customer TABLESAMPLE SYSTEM (%(percent)s)
), size AS (SELECT greatest(count(*), 1) AS total FROM sample)
SELECT gram, count(*) * 1000000 / size.total
FROM sample, size, LATERAL (
    SELECT DISTINCT substr(said, place, {length}) AS gram
    FROM generate_series(1, char_length(said) - {length} + 1) AS place
) AS grams
GROUP BY gram, size.total
HAVING count(*) * %(rarest)s >= size.total
"""
_SIZES: Final = """
WITH sample AS MATERIALIZED (
    SELECT organisation_id, department_id, area_id
    FROM customers_customer TABLESAMPLE SYSTEM (%(percent)s)
), counted AS (
    SELECT organisation_id, department_id, area_id, count(*) AS found
    FROM sample
    GROUP BY GROUPING SETS ((), (organisation_id), (department_id), (area_id))
)
INSERT INTO customers_scopesize ("column", value, size)
SELECT CASE WHEN organisation_id IS NOT NULL THEN 'organisation_id'
            WHEN department_id IS NOT NULL THEN 'department_id'
            WHEN area_id IS NOT NULL THEN 'area_id'
            ELSE '' END,
       coalesce(organisation_id, department_id, area_id, 0),
       max(found) * 100 / %(percent)s
FROM counted GROUP BY 1, 2
"""
_COUNTED_LONGER: Final = (("name_folded", 3, name_tokens), ("pinyin", 4, pinyin_tokens))
"""A text of more than two characters is far rarer than its rarest pair, unless they go together."""


@transaction.atomic
def refresh_search_statistics() -> int:
    """Count tokens and scopes anew; how many tokens are common enough to be kept.

    Search is exact without it and with stale figures, only slower: it goes by them, it does not
    believe them. Rules: UX-01.
    """
    GramShare.objects.all().delete()
    ScopeSize.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [Customer._meta.db_table]
        )
        (rows,) = cursor.fetchone()
        percent = _percent(SAMPLE, rows)
        cursor.execute(_SHARES, [percent, RAREST])
        cursor.execute(_SIZES, {"percent": percent})
        asked = {"percent": _percent(LONGER_SAMPLE, rows), "rarest": RAREST}
        for column, length, tokens_of in _COUNTED_LONGER:
            cursor.execute(_LONGER.format(column=column, length=length), asked)
            shares = {tokens_of(gram, length).pop(): share for gram, share in cursor.fetchall()}
            GramShare.objects.bulk_create(
                [GramShare(token=token, per_million=share) for token, share in shares.items()],
                batch_size=5_000,
                ignore_conflicts=True,
            )
    return int(GramShare.objects.count())


def _percent(wanted: int, rows: float) -> float:
    return 100.0 if rows <= wanted else wanted * 100.0 / rows
