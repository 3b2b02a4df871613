"""The gates of what document 002 puts above customers and outside accounts (B-11, B-28)."""

from crm.core.access import fetch
from crm.identity.models import User
from customers.access.rows import behind
from customers.choices import CustomerPerm
from customers.models import (
    ExternalAccount,
    ExternalAccountQuerySet,
    PartyLink,
    PartyLinkQuerySet,
)


def party_links_for(user: User, perm: CustomerPerm) -> PartyLinkQuerySet:
    """The gate of live links to parties: those of customers in reach, so a party is read only
    through a customer, and only those of its customers that the person reaches anyway (B202)."""
    reach = behind(user, perm)
    if reach is None:
        return PartyLink.objects.none()
    rows = PartyLink.objects.live().filter(reach)
    return rows.select_related("party", "customer__organisation")


def get_party_link(user: User, perm: CustomerPerm, pk: int) -> PartyLink:
    """One link. Raises NotFound, Forbidden."""
    return fetch(party_links_for, user, perm, see=CustomerPerm.VIEW, pk=pk)


def externals_for(user: User, perm: CustomerPerm) -> ExternalAccountQuerySet:
    """The gate of external pay accounts; nobody reads more of a number than its last four."""
    reach = behind(user, perm)
    if reach is None:
        return ExternalAccount.objects.none()
    rows = ExternalAccount.objects.filter(reach)
    return rows.select_related("account", "customer__organisation")


def get_external(user: User, perm: CustomerPerm, pk: int) -> ExternalAccount:
    """One external account. Raises NotFound, Forbidden."""
    return fetch(externals_for, user, perm, see=CustomerPerm.SERVICE_VIEW, pk=pk)
