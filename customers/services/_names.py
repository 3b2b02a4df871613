"""Keys derived from a customer's name, and the locks that make them unique while being checked."""

import hashlib
from collections.abc import Iterable

from django.db import connection

from crm.core.search import name_forms
from customers.choices import CustomerKind
from customers.models import Customer

LONGEST = 300
NAME_FIELDS = (
    "name",
    "name_key_strict",
    "name_key_loose",
    "name_folded",
    "pinyin",
    "search_tokens",
)


def name_columns(name: str, customer_kind: str) -> dict[str, object]:
    """Every column computed from a name; the one place for row-by-row and set-based writes."""
    kind = "name" if customer_kind in (CustomerKind.ORGANISATION, CustomerKind.RETAIL) else "person"
    forms = name_forms(name, kind=kind)  # type: ignore[arg-type]
    return {
        "name": name,
        "name_key_strict": forms.strict[:LONGEST],
        "name_key_loose": forms.loose[:LONGEST],
        "name_folded": forms.folded[:LONGEST],
        "pinyin": forms.initials[:LONGEST],
        "search_tokens": forms.tokens,
    }


def set_name(row: Customer, name: str) -> None:
    """Give a row its name with all that follows from it."""
    for column, value in name_columns(name, row.customer_kind).items():
        setattr(row, column, value)


def lock_keys(organisation_id: int, keys: Iterable[tuple[str, str]]) -> None:
    """Hold the given keys of an organisation until the transaction ends, in one order for all.

    A unique index alone would say "exists" only after the first one commits, and could not say
    who was first. Rules: RF-09.
    """
    wanted = sorted(_number(organisation_id, what, value) for what, value in keys)
    with connection.cursor() as cursor:
        for number in wanted:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _number(organisation_id: int, what: str, value: str) -> int:
    digest = hashlib.sha256(f"customers:{organisation_id}:{what}:{value}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
