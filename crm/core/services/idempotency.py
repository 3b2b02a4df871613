"""A POST that came twice acts once (D10)."""

from collections.abc import Callable

from django.db import connection, transaction
from django.utils.translation import gettext as _

from crm.core.errors import KeyReused
from crm.core.models import IdempotencyKey


@transaction.atomic
def make_once(*, caller: int, key: str, digest: str, make: Callable[[], str]) -> str:
    """Run `make` for the first call with this key and return its reference ever after.

    The key's row goes in before the effect, in one transaction, so a twin waits on the unique
    index; after 3 s the database gives up and the caller tells 409. Raises KeyReused when the key
    came with another body. Rules: D10, RF-45, RF-46.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute(
            "INSERT INTO core_idempotencykey (caller_id, key, body_hash, reference, status,"
            " created_at) VALUES (%s, %s, %s, '', 0, now()) ON CONFLICT DO NOTHING",
            [caller, key, digest],
        )
        fresh = cursor.rowcount == 1
        cursor.execute("SET LOCAL lock_timeout = '0'")
    row = IdempotencyKey.objects.get(caller_id=caller, key=key)
    if not fresh:
        if row.body_hash != digest:
            raise KeyReused(_("该 Idempotency-Key 已用于另一请求体"))
        return row.reference
    row.reference = make()
    row.save(update_fields=["reference"])
    return row.reference
