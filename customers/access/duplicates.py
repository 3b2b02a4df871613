"""The gate of pairs that may be one customer (B-14)."""

from crm.core.access import fetch
from crm.identity.models import User
from customers.access.rows import behind
from customers.access.scopes import Shares
from customers.choices import CustomerPerm
from customers.models import DuplicatePair, DuplicatePairQuerySet


def duplicates_for(
    user: User, perm: CustomerPerm, shares: Shares | None = None
) -> DuplicatePairQuerySet:
    """Pairs of which the right reaches both archives and the person sees both: of a pair with one
    end elsewhere not even the fact shows.
    """
    shares = shares or Shares(user)
    reach = [
        behind(user, asked, prefix, shares)
        for asked in (perm, CustomerPerm.VIEW)
        for prefix in ("first__", "second__")
    ]
    rows = DuplicatePair.objects.filter(organisation_id=user.organisation_id)
    for condition in reach:
        rows = rows.none() if condition is None else rows.filter(condition)
    return rows


def get_duplicate(user: User, perm: CustomerPerm, pk: int) -> DuplicatePair:
    """One pair. Raises NotFound, Forbidden."""
    return fetch(duplicates_for, user, perm, see=CustomerPerm.DUPLICATE_VIEW, pk=pk)
