"""Units above: how a sheet of units hangs its rows on one another, once all are here (R-40)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.search import strict_key
from crm.imports.kinds import Draft, Order, Outcome, Problem, sliced
from customers.models import Customer, UnitLink
from customers.services.units import link_units
from customers.values import UnitPair

SLICE: Final = 5_000
Placed = tuple[Draft, int, int]


def _placed(drafts: Iterable[Draft], organisation_id: int) -> list[Placed]:
    """The rows that name a unit above, with the keys of both, once both are here (R-40)."""
    named = {
        strict_key(draft.values["name"])[:300]: (draft, strict_key(draft.values["parent"])[:300])
        for draft in drafts
        if draft.values.get("parent")
    }
    rows = Customer.objects.living().filter(
        organisation_id=organisation_id,
        unique_name=True,
        name_key_strict__in={*named, *(up for _draft, up in named.values())},
    )
    keys = dict(rows.values_list("name_key_strict", "pk"))
    return [
        (draft, keys[own], keys[up])
        for own, (draft, up) in named.items()
        if own in keys and up in keys
    ]


def links_of(children: Iterable[int]) -> dict[int, UnitLink]:
    """Unit → its link today, else the one that begins soonest; units without one are not told."""
    rows = (
        UnitLink.objects.filter(child_id__in=list(children))
        .exclude(ends_on__lte=timezone.localdate())
        .select_related("parent")
        .order_by("-starts_on")
    )
    return {row.child_id: row for row in rows}


def kept(link: UnitLink) -> Problem:
    """The warning of a row whose unit hangs on another one: an import does not move it."""
    words = _("现隶属“%(name)s”；导入不改动已有的隶属关系，请在单位页调整")
    return Problem("parent", "parent_kept", words % {"name": link.parent.name})


def hang_units(drafts: Iterable[Draft], order: Order) -> Iterator[Outcome]:
    """Put the units of a sheet under the units it names, slice by slice; told are rows that got a
    link, and rows that did not get theirs. Who hangs on that unit already is passed over, so the
    same file twice changes nothing (RF-48); who hangs on another one stays there.
    """
    for some in sliced(drafts, SLICE):
        placed = _placed(some, order.organisation.pk)
        links = links_of(own for _draft, own, _up in placed)
        for draft, own, up in placed:
            if own in links and links[own].parent_id != up:
                yield Outcome(draft.number, "same", problem=kept(links[own]))
        yield from _hang([row for row in placed if row[1] not in links], order)


def _hang(rows: Sequence[Placed], order: Order) -> Iterator[Outcome]:
    if not rows:
        return
    today = timezone.localdate()
    done = link_units(
        organisation=order.organisation,
        rows=[UnitPair(own, up, today) for _draft, own, up in rows],
        by=order.by,
        reason=order.reason,
        form=order.number,
    )
    said: Mapping[int, str] = {row.index: row.message for row in done.refused}
    links = links_of(own for _draft, own, _up in rows)
    for at, (draft, own, _up) in enumerate(rows):
        if at in said:
            problem = Problem("parent", "parent_not_linked", said[at])
            yield Outcome(draft.number, "same", problem=problem)
        else:
            link = links[own]
            yield Outcome(draft.number, "changed", records=[("unit", link.pk, 0, link.version)])
