"""Which fields of an archive a person may fill by a sheet: the field rules of forms and API, asked
without a customer in hand (B235)."""

from collections.abc import Iterable
from typing import Final

from crm.core.policy import Perm
from crm.identity.access import may, rights_of
from crm.identity.choices import Duty, Scope
from crm.identity.models import User
from customers.access.fields import VIEW_OF, Sight
from customers.choices import CustomerPerm, Subject, Visibility
from customers.models import FieldRule

_BASICS: Final = (Subject.CUSTOMER, Subject.RETAIL, Subject.REPAIR, Subject.EXTRA)
_WHOLE: Final[dict[str, tuple[Perm, ...]]] = {
    **dict.fromkeys(_BASICS, (CustomerPerm.IMPORT,)),
    Subject.CONTACT: (CustomerPerm.CONTACT_IMPORT,),
    Subject.BANK: (CustomerPerm.BANK_CREATE,),
}
_OWN: Final[dict[str, tuple[Perm, ...]]] = {
    **dict.fromkeys(_BASICS, (CustomerPerm.CREATE, CustomerPerm.UPDATE)),
    Subject.CONTACT: (CustomerPerm.CONTACT_CREATE, CustomerPerm.CONTACT_UPDATE),
}
"""Subject → the rights it takes: to import, or, for one's own customers, to make and change."""


def fillable_fields(user: User, rules: Iterable[FieldRule], *, own: bool) -> frozenset[str]:
    """Keys of the fields the person may fill by a sheet, of his own customers or of all.

    As in the forms he fills what he sees, masked or clear; what no rule names, nobody fills.
    Rules: PM-08, B235.
    """
    needed = _OWN if own else _WHOLE
    sights = {
        subject: _sight(user, VIEW_OF[subject], own=own)
        for subject, perms in needed.items()
        if all(may(user, perm) for perm in perms)
    }
    return frozenset(
        rule.key
        for rule in rules
        if rule.subject in sights and sights[rule.subject].of(rule) != Visibility.HIDDEN
    )


def _sight(user: User, perm: CustomerPerm, *, own: bool) -> Sight:
    """What he sees of every customer his import can meet."""
    cells = [c for c in rights_of(user, perm) if c.scope is Scope.ALL or own]
    return Sight(
        is_whole=any(not cell.fieldset for cell in cells),
        fieldsets=frozenset(cell.fieldset for cell in cells if cell.fieldset),
        owns=any(cell.duty == Duty.ARC or (own and cell.scope is Scope.OWN) for cell in cells),
    )
