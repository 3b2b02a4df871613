"""Answers about firms and routes that other rooms ask for."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from crm.core.selectors import Change, Entry, timeline_of
from crm.core.versions import ConflictRow, conflict_rows
from logistics.choices import FirmKind
from logistics.models import DeliveryRoute, LogisticsFirm, days_text
from logistics.values import short_of

DAYS = "weekdays"
FIRM_COLUMNS: Final[dict[str, Any]] = {
    "name": _("名称"),
    "kind": _("类别"),
    "city": _("地市"),
    "contact": _("主要联系人"),
    "contact_position": _("联系人职务"),
    "phone": _("联系电话"),
    "address": _("地址"),
    "postcode": _("邮政编码"),
    "is_live": _("状态"),
}
ROUTE_COLUMNS: Final[dict[str, Any]] = {
    "code": _("线路代码"),
    "name": _("线路名称"),
    "weekdays": _("送货日"),
    "is_live": _("状态"),
}
"""What a file holds of a firm and of a line."""


def _state(row: LogisticsFirm | DeliveryRoute) -> str:
    return str(_("启用") if row.is_live else _("停用"))


def firm_cells(firm: LogisticsFirm) -> list[str]:
    """One row in the order of FIRM_COLUMNS."""
    said = [firm.contact, firm.contact_position, firm.phone, firm.address, firm.postcode]
    return [firm.name, str(firm.get_kind_display()), firm.city, *said, _state(firm)]


def route_cells(route: DeliveryRoute) -> list[str]:
    """One row in the order of ROUTE_COLUMNS."""
    return [route.code, route.name, days_text(route.weekdays), _state(route)]


FREIGHT = "物流"
CITY = "市"


def timeline_of_route(route: DeliveryRoute) -> list[Entry]:
    """Who changed what on a route, its days in words (B-47)."""
    return [
        replace(entry, changes=[_in_words(change) for change in entry.changes])
        for entry in timeline_of(route)
    ]


def _in_words(change: Change) -> Change:
    if change.field != DAYS:
        return change
    return replace(change, before=days_text(change.before), after=days_text(change.after))


def conflict_of_route(
    route: DeliveryRoute, *, base_version: int, mine: Mapping[str, Any]
) -> list[ConflictRow]:
    """The three-way page of a route, its days in words (RF-06)."""
    rows = conflict_rows(route, base_version=base_version, mine=mine)
    return [_days_in_words(row) if row.field == DAYS else row for row in rows]


def _days_in_words(row: ConflictRow) -> ConflictRow:
    return replace(
        row,
        before=days_text(row.before),
        mine=days_text(row.mine),
        now=days_text(row.now),
    )


def firm_words(*, organisation_id: int) -> frozenset[str]:
    """Every word sheets may mean a live firm by: legal name, the same without 有限责任公司, short
    name (R-45, R-49)."""
    rows = LogisticsFirm.objects.of_organisation(organisation_id).live()
    words: set[str] = set()
    for name, short in rows.values_list("name", "short_name"):
        words |= {name, short_of(name), short}
    return frozenset(words)


def routes_by_word(*, organisation_id: int) -> dict[str, int]:
    """Name or code of a live route → its key, as sheets write it."""
    rows = DeliveryRoute.objects.of_organisation(organisation_id).live()
    found = dict(rows.values_list("code", "pk"))
    return found | dict(rows.values_list("name", "pk"))


class Carriers:
    """An organisation's live firms by what papers call them, read once for many rows (D13)."""

    def __init__(self, firms: Iterable[LogisticsFirm]) -> None:
        self._by_name: dict[str, int] = {}
        self._heads: dict[str, int] = {}
        self._branches: dict[tuple[str, str], int] = {}
        for firm in firms:
            self._by_name[firm.name] = firm.pk
            if firm.kind == FirmKind.HEAD:
                self._heads[firm.short_name] = firm.pk
            else:
                self._branches[firm.short_name, firm.city] = firm.pk

    def find(self, name: str, *, city: str = "") -> int | None:
        """The firm a customer of `city` means: its full name, else the branch of that city under
        the short name, else the head office (R-46, R-49). None for a name that is none.
        """
        if name in self._by_name:
            return self._by_name[name]
        short = next((one for one in (name, name.removesuffix(FREIGHT)) if one in self._heads), "")
        branch = self._branches.get((short, city.removesuffix(CITY)))
        return branch if branch is not None else self._heads.get(short)


def carriers_of(organisation_id: int) -> Carriers:
    """The live firms of an organisation, for finding them by name (R-49)."""
    firms = LogisticsFirm.objects.of_organisation(organisation_id).live()
    return Carriers(firms.only("pk", "name", "kind", "short_name", "city"))
