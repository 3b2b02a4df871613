"""Many customers at once: those that were ticked, or the whole filtered set (UX-08)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from crm.core.exports import Offer
from crm.core.paging import key_of, token_of
from crm.core.policy import Perm
from crm.core.services.access_log import MOST_ROWS
from crm.identity.models import User
from customers.access import (
    clear_everywhere,
    columns_of,
    customers_for,
    customers_page,
    fitting_order,
    keys_for,
    sortable,
)
from customers.choices import CustomerPerm
from customers.models import Customer, FieldRule
from customers.selectors.columns import Column
from customers.selectors.listing import Asked

MOST: Final = 5000
"""How many customers one act may name at all."""
MOST_TICKED: Final = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """`ids` were ticked; None means everything `asked` finds but the `excluded`."""

    asked: Asked = field(default_factory=Asked)
    ids: tuple[int, ...] | None = None
    excluded: frozenset[int] = frozenset()


def chosen_keys(user: User, perm: Perm, chosen: Chosen, *, most: int = MOST) -> list[int]:
    """Keys in list order of what `user` may do `perm` to, read anew; one over `most` at most.

    Ticked keys that the person does not reach are left out, whoever sent them (B196).
    """
    if chosen.ids is not None:
        order = chosen.asked.order
        rows = sortable(customers_for(user, perm).filter(pk__in=chosen.ids), order)
        return list(rows.order_by(*columns_of(order)).values_list("pk", flat=True))
    keys = keys_for(
        user,
        perm,
        order=fitting_order(user, perm, chosen.asked.order, chosen.asked.filters),
        filters=chosen.asked.filters,
        most=most + len(chosen.excluded),
    )
    return [key for key in keys if key not in chosen.excluded][: most + 1]


def rows_in_order(keys: Sequence[int]) -> list[Customer]:
    """The rows behind keys that came from a gate, in the same order."""
    found = Customer.objects.for_list().in_bulk(list(keys))
    return [found[key] for key in keys if key in found]


def export_offer(
    user: User,
    chosen: Chosen,
    columns: Sequence[Column],
    rules: Sequence[FieldRule],
    *,
    asked: Sequence[str] = (),
    back_url: str = "",
    hidden: Sequence[tuple[str, str]] = (),
) -> Offer:
    """What an export of the list would hold: rows, columns, what comes masked (UX-10)."""
    rows = len(chosen_keys(user, CustomerPerm.EXPORT, chosen, most=MOST_ROWS))
    shown = len(chosen_keys(user, CustomerPerm.VIEW, chosen, most=MOST_ROWS))
    clear = clear_everywhere(user, rules)
    return Offer(
        title=_title(),
        columns=[str(column.label) for column in columns],
        rows=rows,
        asked=asked,
        masked=[str(column.label) for column in columns if column.rule not in clear],
        left_out=max(shown - rows, 0),
        back_url=back_url,
        hidden=hidden,
    )


def _title() -> str:
    return str(Customer._meta.verbose_name)


def neighbour_of(user: User, customer: Customer, asked: Asked, *, backwards: bool) -> int | None:
    """The key of the customer before or after this one in the same list, by its key (UX-18)."""
    order = fitting_order(user, CustomerPerm.VIEW, asked.order, asked.filters)
    row = sortable(Customer.objects.filter(pk=customer.pk), order).get()
    values = key_of(row, columns_of(order))
    page = customers_page(
        user,
        CustomerPerm.VIEW,
        order=order,
        after=token_of(values, backwards=backwards),
        filters=asked.filters,
        size=1,
    )
    return page.rows[0].pk if page.rows else None
