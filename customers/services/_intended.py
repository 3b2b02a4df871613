"""Which of many intended unit links keep the rules, asked in five queries for all of them (D13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from crm.identity.choices import Profile
from crm.identity.models import Department, User
from customers.access import customers_for, units_for
from customers.choices import CustomerPerm, UnitLayer
from customers.models import Customer, CustomerQuerySet, RepairProfile, UnitLink
from customers.services.register import RefusedRow
from customers.values import UnitPair

RANKS: Final[dict[str, int]] = {
    UnitLayer.GROUP: 1,
    UnitLayer.PROVINCE: 2,
    UnitLayer.CITY: 3,
}
DEEPEST: Final = 3


@dataclass(slots=True)
class Intended:
    """One pair with its place in the call, its day, and the codes its timeline names."""

    index: int
    pair: UnitPair
    day: date
    child_code: str = ""
    parent_code: str = ""

    def words(self) -> dict[str, str]:
        """What the timeline keeps."""
        return {
            "child": self.child_code,
            "parent": self.parent_code,
            "day": self.day.isoformat(),
        }


@dataclass(slots=True)
class _Tree:
    """The organisation's open ends as they stand, and as the call adds to them."""

    organisation: Department
    customers: Mapping[int, Customer]
    own: set[int]
    seen: set[int]
    ranks: dict[int, int]
    busy: set[int]
    above: dict[int, int] = field(default_factory=dict)
    below: dict[int, set[int]] = field(default_factory=dict)

    def add(self, child: int, parent: int) -> None:
        self.above[child] = parent
        self.below.setdefault(parent, set()).add(child)

    def height(self, unit: int) -> int:
        """How many layers hang under a unit, at most one more than there may be."""
        layer, steps = {unit}, 0
        while steps < DEEPEST:
            layer = {low for high in layer for low in self.below.get(high, ())}
            if not layer:
                break
            steps += 1
        return steps

    def chain(self, unit: int) -> list[int]:
        """The units above, nearest first."""
        found: list[int] = []
        while unit in self.above and len(found) <= DEEPEST:
            unit = self.above[unit]
            found.append(unit)
        return found

    def fault(self, child: int, parent: int) -> tuple[str, str]:
        """Field and sentence of the first broken rule; empty for a good pair."""
        return self._ends(child, parent) or self._order(child, parent) or ("", "")

    def _ends(self, child: int, parent: int) -> tuple[str, str] | None:
        if child not in self.own:
            return "child", _("没有找到下属单位的档案")
        if parent not in self.seen:
            return "parent", _("没有找到上级单位的档案")
        said = ""
        if child == parent:
            said = _("单位不能隶属于自己")
        elif self.customers[child].is_cancelled or self.customers[parent].is_cancelled:
            said = _("已注销的档案不能再建立关系")
        elif child in self.busy:
            said = _("该单位在这段时间已有上级单位，请先调整原有关系")
        return ("parent", said) if said else None

    def _order(self, child: int, parent: int) -> tuple[str, str] | None:
        low, high = self.ranks.get(child), self.ranks.get(parent)
        if self.organisation.profile == Profile.REPAIR and (low is None or high is None):
            return "parent", _("请先在基本信息中填写双方的单位层级")
        if low is not None and high is not None and low <= high:
            return "parent", _("下属单位的层级须低于上级单位")
        up = [parent, *self.chain(parent)]
        if child in up:
            return "parent", _("上级单位不能是本单位的下属单位")
        if len(up) + 1 + self.height(child) > DEEPEST:
            return "parent", _("单位最多分集团、省、地市三层")
        return None


def check_links(
    wanted: Sequence[Intended],
    organisation: Department,
    customers: Mapping[int, Customer],
    *,
    by: User,
) -> tuple[list[Intended], list[RefusedRow]]:
    """Pairs that keep the rules, and why the others do not; under the lock of the tree.

    Links that end some day count as if they did not: the triggers look at days, this at places.
    """
    tree = _read(organisation, customers, wanted, by)
    good: list[Intended] = []
    refused: list[RefusedRow] = []
    for row in wanted:
        child, parent = row.pair.child, row.pair.parent
        name, sentence = tree.fault(child, parent)
        if sentence:
            refused.append(RefusedRow(row.index, "invalid", name, sentence))
            continue
        row.child_code, row.parent_code = customers[child].code, customers[parent].code
        tree.busy.add(child)
        tree.add(child, parent)
        good.append(row)
    return good, refused


def _read(
    organisation: Department,
    customers: Mapping[int, Customer],
    wanted: Sequence[Intended],
    by: User,
) -> _Tree:
    ids = [pk for pk, row in customers.items() if row.organisation_id == organisation.pk]
    first = min((row.day for row in wanted), default=date.max)
    layers = RepairProfile.objects.filter(customer__in=ids).exclude(unit_layer="")
    links = list(
        UnitLink.objects.filter(organisation=organisation)
        .exclude(ends_on__lte=first)
        .values_list("child_id", "parent_id", "starts_on", "ends_on")
    )
    tree = _Tree(
        organisation=organisation,
        customers=customers,
        own=set(
            units_for(by, CustomerPerm.UNIT_CREATE).filter(pk__in=ids).values_list("pk", flat=True)
        ),
        seen=set(
            customers_for(by, CustomerPerm.VIEW).filter(pk__in=ids).values_list("pk", flat=True)
        ),
        ranks={pk: RANKS[layer] for pk, layer in layers.values_list("customer_id", "unit_layer")},
        busy={child for child, _parent, starts, ends in links if ends is None or ends > starts},
    )
    for child, parent, starts, ends in links:
        if ends is None or ends > starts:
            tree.add(child, parent)
    return tree


def _keys(rows: CustomerQuerySet, ids: Sequence[int]) -> set[int]:
    return set(rows.filter(pk__in=ids).values_list("pk", flat=True))
