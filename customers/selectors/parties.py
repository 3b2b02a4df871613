"""A party and its customer records read as one (B-11)."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from crm.core.masking import mask_person
from crm.identity.models import User
from customers.access import Eyes, customers_for, party_links_for
from customers.choices import CustomerPerm
from customers.domains import AccountStatus, UserStatus
from customers.models import Customer, CustomerQuerySet, PartyLink


@dataclass(frozen=True, slots=True)
class RecordView:
    """One customer record of a party; the name comes masked to who only looks."""

    pk: int
    code: str
    name: str
    status: str
    status_label: str
    users: int
    accounts: int
    link: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party with those of its records that the reader sees, and what they add up to."""

    link: PartyLink
    records: list[RecordView]

    @property
    def users(self) -> int:
        return sum(one.users for one in self.records)

    @property
    def accounts(self) -> int:
        return sum(one.accounts for one in self.records)


def party_of(customer: Customer, user: User) -> PartyView | None:
    """The party of a customer, None when it has none. Four queries, however many records."""
    links = party_links_for(user, CustomerPerm.VIEW)
    own = links.filter(customer=customer).first()
    if own is None:
        return None
    keys = dict(links.filter(party=own.party).values_list("customer_id", "pk"))
    eyes = Eyes(user)
    rows = (
        Customer.objects.filter(pk__in=keys)
        .select_related("organisation")
        .annotate(live_users=_live("subscriptions", UserStatus.CANCELLED))
        .annotate(live_accounts=_live("accounts", AccountStatus.CANCELLED))
        .order_by("code")
    )
    return PartyView(own, [_record(row, keys[row.pk], customer, eyes) for row in rows])


def _live(relation: str, over: str) -> Count:
    return Count(relation, filter=~Q(**{f"{relation}__status": over}), distinct=True)


def _record(row: Any, link: int, here: Customer, eyes: Eyes) -> RecordView:
    return RecordView(
        pk=row.pk,
        code=row.code,
        name=row.name if eyes.on(row).works else mask_person(row.name),
        status=row.status,
        status_label=row.get_status_display(),
        users=row.live_users,
        accounts=row.live_accounts,
        link=link,
        is_here=row.pk == here.pk,
    )


def records_to_join(customer: Customer, user: User) -> CustomerQuerySet:
    """Customer records that the person may put together with this one."""
    rows = customers_for(user, CustomerPerm.UPDATE).filter(organisation_id=customer.organisation_id)
    return rows.exclude(pk=customer.pk)


def party_record(customer: Customer, user: User) -> dict[str, Any]:
    """The party of a customer as the API tells it; records by their code alone."""
    own = party_links_for(user, CustomerPerm.VIEW).filter(customer=customer).first()
    if own is None:
        return {"id": None, "version": None, "kind": "", "customers": []}
    beside = party_links_for(user, CustomerPerm.VIEW).filter(party=own.party)
    codes = beside.order_by("customer__code").values_list("customer__code", flat=True)
    return {
        "id": own.party_id,
        "version": own.party.version,
        "kind": own.party.kind,
        "customers": list(codes),
    }
