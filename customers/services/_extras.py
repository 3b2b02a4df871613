"""Free attributes written beside the built-in fields, in the same transaction (B-26)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.core.history import save_as
from crm.core.text import CheckFailed
from crm.identity.models import User
from customers.choices import Subject
from customers.models import Customer, CustomerAttributes
from customers.selectors.attributes import attribute_checks

_PREFIX = f"{Subject.EXTRA}."


def write_extras(
    row: Customer, wanted: Mapping[str, Any], *, by: User, reason: str, form: str
) -> list[str]:
    """Set the free attributes among `wanted` (`extra.<code>`); the keys that really changed.

    Sight, authority and lock are the caller's, as for built-in fields. Raises ValidationError.
    """
    own = {key: value for key, value in wanted.items() if key.startswith(_PREFIX)}
    if not own:
        return []
    found = CustomerAttributes.objects.select_for_update().filter(customer=row).first()
    record = found or CustomerAttributes(customer=row)
    good = checked(row, own)
    changed = [key for key in good if record.content.get(_code(key)) != good[key]]
    if not changed:
        return []
    mark = {"at": timezone.now().isoformat(timespec="seconds"), "by": by.pk, "form": form}
    content = record.content | {_code(key): good[key] for key in changed}
    record.content = {code: value for code, value in content.items() if value is not None}
    record.marks = record.marks | dict.fromkeys(map(_code, changed), mark)
    save_as(record, by=by, reason=reason, expected=None, form=form)
    row.extra = record  # the reverse side, for whoever reads on
    return changed


def checked(row: Customer, own: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `extra.<code>` as stored, None for empty. Raises ValidationError."""
    checks = attribute_checks(row)
    good: dict[str, Any] = {}
    wrong: dict[str, ValidationError] = {}
    for key, value in own.items():
        try:
            good[key] = checks[_code(key)](value)
        except CheckFailed as problem:
            wrong[key] = ValidationError(problem.message, code=problem.code)
    if wrong:
        raise ValidationError(dict(wrong))
    return good


def _code(key: str) -> str:
    return key.removeprefix(_PREFIX)
