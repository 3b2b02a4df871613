"""Free attributes defined, changed, retired; each definition keeps its history (B-26)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from crm.identity.access import ensure_may
from crm.identity.choices import IdentityPerm
from crm.identity.models import User
from customers.boss_values import NewAttribute
from customers.models import AttributeDefinition
from customers.values import as_values

EDITABLE: Final = frozenset(
    {
        *("label", "is_required", "authority", "reader", "fieldsets"),
        *("weight", "position", "valid_from", "valid_to"),
    }
)
"""What of a definition may change; what its values are and how sensitive stays for life."""


@transaction.atomic
def define_attribute(*, data: NewAttribute, by: User) -> AttributeDefinition:
    """Add a free attribute to the archives of one's own organisation.

    Raises Forbidden, ValidationError. Rules: B-26.
    """
    ensure_may(by, IdentityPerm.PARAMETERS_UPDATE)
    values = as_values(data)
    values["fieldsets"] = list(data.fieldsets)
    values["valid_from"] = data.valid_from or timezone.localdate()
    row = AttributeDefinition(organisation=by.organisation, **values)
    save_as(row, by=by, reason=_("定义扩展属性"), expected=None)
    return row


@transaction.atomic
def edit_attribute(
    *,
    attribute: AttributeDefinition,
    changes: Mapping[str, Any],
    expected: int,
    reason: str,
    by: User,
) -> AttributeDefinition:
    """Change name, authority, readers, order, weight or days of a definition, and say why.

    Raises Forbidden, NotFound, StaleVersion, ValidationError. Rules: B-26, B-47, RF-07.
    """
    ensure_may(by, IdentityPerm.PARAMETERS_UPDATE)
    rows = AttributeDefinition.objects.select_for_update(of=("self",))
    row = rows.filter(pk=attribute.pk, organisation_id=by.organisation_id).first()
    if row is None:
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写变更原因")})
    if strange := changes.keys() - EDITABLE:
        raise ValidationError({min(strange): _("此项目不能直接修改")})
    for name, value in changes.items():
        setattr(row, name, value)
    save_as(row, by=by, reason=reason, expected=None)
    return row


def retire_attribute(
    *, attribute: AttributeDefinition, last_day: date, expected: int, reason: str, by: User
) -> AttributeDefinition:
    """Keep a free attribute no longer than a day; what stands in archives stays there.

    Raises Forbidden, NotFound, StaleVersion, ValidationError. Rules: B-18, B-26.
    """
    changes = {"valid_to": last_day}
    return edit_attribute(
        attribute=attribute, changes=changes, expected=expected, reason=reason, by=by
    )
