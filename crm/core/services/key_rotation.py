"""Re-seal live rows under the active key (SEC-29, D6)."""

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q

from crm.core import keyring
from crm.core.sealed import PREFIX, aad_of, encrypt, sealed_fields, unseal

BATCH = 500


def rotate_keys(*, batch: int = BATCH) -> int:
    """Re-seal every live sealed value that an older key holds; returns the number of rows.

    History keeps its key id and stays readable while the old key is on the ring. Versions do not
    rise: the value is the same. Safe to stop and to run again. Rules: SEC-29, D6.
    """
    total = 0
    for model in apps.get_models():
        fields = sealed_fields(model)
        if fields and not hasattr(model, "history_id"):
            total += _rotate_model(model, fields, batch)
    return total


def _rotate_model(model: type[models.Model], fields: list[str], batch: int) -> int:
    current = f"{PREFIX}{keyring.ring().active}:"
    old = Q()
    for field in fields:
        # The sealed field refuses lookups on purpose; its stored prefix is asked as plain text.
        alias = f"{field}_stored"
        old |= Q(**{f"{alias}__startswith": PREFIX}) & ~Q(**{f"{alias}__startswith": current})
    stored = {
        f"{field}_stored": models.functions.Cast(field, models.TextField()) for field in fields
    }
    total = 0
    while True:
        with transaction.atomic():
            rows = list(model._base_manager.alias(**stored).filter(old).select_for_update()[:batch])
            for row in rows:
                for field in fields:
                    clear = unseal(row, field)
                    setattr(row, field, encrypt(clear, aad=aad_of(row, field)))
            model._base_manager.bulk_update(rows, fields)
        total += len(rows)
        if len(rows) < batch:
            return total
