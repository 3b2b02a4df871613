"""The gates of what ties customers together: units, memberships, relations of key persons.

A tie is handed out only to who sees the customers at both ends: neither name nor number of
anything else shows (B202 of the corpus).
"""

from django.db.models import Q

from crm.core.access import fetch
from crm.identity.models import User
from customers.access.rows import behind, customers_for
from customers.access.scopes import Shares
from customers.choices import CustomerPerm
from customers.models import (
    ContactRelation,
    ContactRelationQuerySet,
    CustomerQuerySet,
    Membership,
    MembershipQuerySet,
    UnitLink,
    UnitLinkQuerySet,
)


def units_for(user: User, perm: CustomerPerm, shares: Shares | None = None) -> CustomerQuerySet:
    """The gate of units to be put under or over another: customers that are seen, and that the
    right on units reaches.
    """
    shares = shares or Shares(user)
    seen = behind(user, CustomerPerm.VIEW, "", shares)
    rows = customers_for(user, perm, shares)
    return rows.none() if seen is None else rows.filter(seen)


def _ends(
    user: User,
    perm: CustomerPerm,
    see: CustomerPerm,
    paths: tuple[str, str],
    shares: Shares | None,
) -> Q | None:
    """The right reaches the first end, both are seen; None where somebody gets no row at all."""
    shares = shares or Shares(user)
    found = Q()
    for right, path in ((perm, paths[0]), *((see, path) for path in paths)):
        part = behind(user, right, path, shares)
        if part is None:
            return None
        found &= part
    return found


def unit_links_for(
    user: User, perm: CustomerPerm, shares: Shares | None = None
) -> UnitLinkQuerySet:
    """The gate of unit links: the right reaches the lower unit, both ends are seen (R-40)."""
    ends = _ends(user, perm, CustomerPerm.VIEW, ("child__", "parent__"), shares)
    return UnitLink.objects.none() if ends is None else UnitLink.objects.filter(ends)


def get_unit_link(user: User, perm: CustomerPerm, pk: int) -> UnitLink:
    """One link. Raises NotFound, Forbidden."""
    return fetch(unit_links_for, user, perm, see=CustomerPerm.UNIT_VIEW, pk=pk)


def memberships_for(
    user: User, perm: CustomerPerm, shares: Shares | None = None
) -> MembershipQuerySet:
    """The gate of memberships: the right reaches the group, both ends are seen (B-36)."""
    ends = _ends(user, perm, CustomerPerm.VIEW, ("group__", "member__"), shares)
    return Membership.objects.none() if ends is None else Membership.objects.filter(ends)


def get_membership(user: User, perm: CustomerPerm, pk: int) -> Membership:
    """One membership. Raises NotFound, Forbidden."""
    return fetch(memberships_for, user, perm, see=CustomerPerm.UNIT_VIEW, pk=pk)


def relations_for(
    user: User, perm: CustomerPerm, shares: Shares | None = None
) -> ContactRelationQuerySet:
    """The gate of relations: the right reaches the person, both people are seen (B-38)."""
    both = ("person__customer__", "other__customer__")
    ends = _ends(user, perm, CustomerPerm.CONTACT_VIEW, both, shares)
    return ContactRelation.objects.none() if ends is None else ContactRelation.objects.filter(ends)


def get_relation(user: User, perm: CustomerPerm, pk: int) -> ContactRelation:
    """One relation. Raises NotFound, Forbidden."""
    return fetch(relations_for, user, perm, see=CustomerPerm.CONTACT_VIEW, pk=pk)
