"""The people of a customer: add, change, take out of use (R-26 to R-28, R-34 to R-39)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.core.errors import NotFound, StaleVersion
from crm.core.history import save_as
from crm.core.masking import is_masked
from crm.core.sealed import seal, unseal
from crm.identity.models import User
from customers.access import contacts_for, customers_for, rules_of, visible_fields
from customers.choices import (
    Authority,
    ContactRole,
    CustomerPerm,
    Subject,
    TimelineKind,
    Visibility,
)
from customers.errors import NotWithinAuthority, WrongState
from customers.models import Contact, Customer
from customers.selectors.fields import OWN_SERVICE
from customers.services._intake import new_contact
from customers.services.marks import add_timeline
from customers.values import NewContact, cleaned


@transaction.atomic
def add_contact(*, customer: Customer, data: NewContact, by: User, reason: str = "") -> Contact:
    """Add a related or key person; a new primary contact takes the place of the one before.

    Raises NotFound, ValidationError. Rules: R-26, R-27, R-34, R-35, B-38, B-39.
    """
    row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
    if not customers_for(by, CustomerPerm.CONTACT_CREATE).filter(pk=row.pk).exists():
        raise NotFound
    contact = new_contact(row, data)
    why = reason or _("新增联系人")
    if contact.is_primary:
        _step_down(row, by=by, reason=why)
    save_as(contact, by=by, reason=why, expected=None)
    add_timeline(
        customer=row, kind=TimelineKind.CONTACT_ADDED, values={"contact": contact.pk}, by=by
    )
    return contact


@transaction.atomic
def edit_contact(
    *, contact: Contact, changes: Mapping[str, Any], expected: int, reason: str, by: User
) -> Contact:
    """Change a person's data. Masked values that come back are left alone; the login code is
    never typed (R-28), fields the person cannot see are never written.

    Raises NotFound, StaleVersion, NotWithinAuthority, ValidationError.
    Rules: R-28, R-35, R-36, R-39, RF-07, RF-10, PM-08.
    """
    row = _locked(contact, CustomerPerm.CONTACT_UPDATE, expected, by=by)
    wanted = _own_changes(row, changes, by=by)
    good = cleaned(Subject.CONTACT, wanted)
    if "identity_no" in good:
        clear = good.pop("identity_no")
        if clear != unseal(row, "identity_no"):
            seal(row, "identity_no", clear)
    for name, value in good.items():
        setattr(row, name, value)
    if row.role != ContactRole.KEY:
        row.key_type = ""
    if row.is_primary and not row.is_live:
        raise WrongState(_("停用的联系人不能是客户联系人"), field="is_primary")
    if row.is_primary:
        _step_down(row.customer, by=by, reason=reason, but=row.pk)
    save_as(row, by=by, reason=reason, expected=None)
    add_timeline(
        customer=row.customer,
        kind=TimelineKind.CONTACT_CHANGED,
        values={"contact": row.pk, "fields": sorted(wanted)},
        by=by,
    )
    return row


@transaction.atomic
def end_contact(*, contact: Contact, expected: int, reason: str, by: User) -> Contact:
    """Take a person out of use; he stays in the archive. The primary contact must be replaced
    first, since a customer keeps at least one.

    Raises NotFound, StaleVersion, WrongState, ValidationError. Rules: B-16, R-26, R-39.
    """
    row = _locked(contact, CustomerPerm.CONTACT_END, expected, by=by)
    if not reason.strip():
        raise ValidationError({"reason": _("请填写停用原因")})
    if row.is_primary:
        raise WrongState(_("请先指定另一位客户联系人"))
    row.is_live = False
    save_as(row, by=by, reason=reason, expected=None, fields=["is_live"])
    add_timeline(
        customer=row.customer,
        kind=TimelineKind.CONTACT_ENDED,
        values={"contact": row.pk},
        by=by,
    )
    return row


def _locked(contact: Contact, perm: CustomerPerm, expected: int, *, by: User) -> Contact:
    """The customer first, then the contact (rule 7); sight and right are asked under the lock."""
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=contact.customer_id)
    row = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if not contacts_for(by, perm).filter(pk=row.pk).exists():
        raise NotFound
    if row.version != expected:
        raise StaleVersion(current=row.version)
    row.customer = customer
    return row


def _own_changes(row: Contact, changes: Mapping[str, Any], *, by: User) -> dict[str, Any]:
    rules = {r.field: r for r in rules_of(row.customer) if r.subject == Subject.CONTACT}
    sights = visible_fields(by, row.customer, list(rules.values()))
    wanted = {}
    for name, value in changes.items():
        see, rule = sights.get(f"contact.{name}", Visibility.HIDDEN), rules.get(name)
        if see == Visibility.MASKED and isinstance(value, str) and is_masked(value):
            continue
        is_own = rule is not None and rule.authority == Authority.LOCAL
        if not is_own or see == Visibility.HIDDEN or f"contact.{name}" in OWN_SERVICE:
            raise NotWithinAuthority(
                _("此项目不能直接修改：%(field)s") % {"field": name}, field=name
            )
        wanted[name] = value
    return wanted


def _step_down(customer: Customer, *, by: User, reason: str, but: int = 0) -> None:
    """The primary contact before becomes a related person (R-26)."""
    before = Contact.objects.select_for_update(of=("self",)).filter(
        customer=customer, is_primary=True
    )
    for row in before.exclude(pk=but):
        row.is_primary = False
        save_as(row, by=by, reason=reason, expected=None, fields=["is_primary"])
