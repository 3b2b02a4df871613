"""Who has how many customers, and who should get the next one (R-13)."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count

from crm.identity.access import managers_for
from crm.identity.choices import IdentityPerm
from crm.identity.models import User
from crm.identity.selectors import CardView, card_of, managers_by_weight
from customers.formulas import Load, suggest_manager
from customers.models import Customer, ManagerAssignment


@dataclass(frozen=True, slots=True)
class ManagerLoad:
    """One line of the table of loads; `is_suggested` marks who carries least."""

    manager: User
    customers: int
    weight: Decimal
    is_suggested: bool


def loads_of(organisation_id: int) -> list[ManagerLoad]:
    """Every manager of the organisation with his living customers, least loaded first (R-13)."""
    managers = managers_by_weight(organisation_id)
    counts = dict(
        Customer.objects.living()
        .filter(organisation_id=organisation_id, manager__isnull=False)
        .order_by()
        .values_list("manager_id")
        .annotate(number=Count("pk"))
    )
    loads = [Load(user.pk, counts.get(user.pk, 0), weight) for user, weight in managers]
    chosen, people = suggest_manager(loads), {user.pk: user for user, _weight in managers}
    return [
        ManagerLoad(people[load.manager_id], load.customers, load.weight, load.manager_id == chosen)
        for load in sorted(loads, key=lambda load: (load.ratio, load.manager_id))
    ]


def terms_of(customer: Customer) -> list[ManagerAssignment]:
    """Who answered for the customer, newest first (R-19)."""
    rows = ManagerAssignment.objects.filter(customer=customer)
    return list(rows.select_related("manager", "proposer", "approver").order_by("-starts_at"))


def card_for(customer: Customer, user: User) -> CardView | None:
    """The card of who answers for the customer, as far as the reader may see it.

    Rules: R-29, R-44, PM-07.
    """
    cards = managers_for(user, IdentityPerm.MANAGERS_VIEW).select_related("user__department")
    card = cards.filter(user=customer.manager_id).first() if customer.manager_id else None
    return card_of(user, card) if card is not None else None
