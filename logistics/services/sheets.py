"""Firms written by the hundred: the set-based twins of `firms` (D13)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from crm.core.bulk import bulk_insert, bulk_update, drop_staging, stage
from crm.core.history import save_as
from logistics.choices import FirmKind
from logistics.formulas import FirmDetails, join_branch_name
from logistics.models import LogisticsFirm

if TYPE_CHECKING:
    from crm.identity.models import User

_DETAILS = ("address", "postcode", "contact", "contact_position", "phone")
_INSERTED = (
    ("organisation", "bigint"),
    ("kind", "text"),
    ("name", "text"),
    ("short_name", "text"),
    ("city", "text"),
    ("parent", "bigint"),
    *((name, "text") for name in _DETAILS),
)


@dataclass(frozen=True, slots=True)
class SheetFirm:
    """A firm as a sheet has it; `pk` when it is here already, `parent` the head's legal name."""

    short_name: str
    city: str
    details: FirmDetails
    name: str = ""
    parent: str = ""
    pk: int | None = None

    @property
    def full_name(self) -> str:
        return join_branch_name(self.short_name, self.city) if self.parent else self.name


@transaction.atomic
def write_firms(
    *, organisation_id: int, firms: Sequence[SheetFirm], reason: str, form: str, by: "User"
) -> dict[str, int]:
    """Register the new firms and change the known ones, set-based: name → version now.

    Head offices come before their branches. A firm that stands as the sheet has it is left alone;
    one out of use comes back. Raises ValidationError. Rules: R-45, R-46, R-47, R-48, R-49, D13.
    """
    heads = _heads(organisation_id, firms, reason=reason, form=form, by=by)
    new = [_new(organisation_id, firm, heads) for firm in firms if firm.pk is None]
    if new:
        staging = stage(_INSERTED, new)
        columns = {name: f"s.{name}" for name, _kind in _INSERTED}
        bulk_insert(
            LogisticsFirm, staging=staging, columns=columns, by=by, reason=reason, form=form
        )
        drop_staging(staging)
    known = [(firm.pk, firm.short_name, True, *_told(firm)) for firm in firms if firm.pk]
    if known:
        kinds = [("id", "bigint"), ("short_name", "text"), ("is_live", "boolean")]
        kinds += [(name, "text") for name in _DETAILS]
        staging = stage(kinds, known)
        columns = {name: f"s.{name}" for name, _kind in kinds if name != "id"}
        bulk_update(
            LogisticsFirm, staging=staging, columns=columns, by=by, reason=reason, form=form
        )
        drop_staging(staging)
    names = [firm.full_name for firm in firms]
    rows = LogisticsFirm.objects.of_organisation(organisation_id).filter(name__in=names)
    return dict(rows.values_list("name", "version"))


@transaction.atomic
def take_back_firm(*, firm: LogisticsFirm, before: int, reason: str, by: "User") -> None:
    """Undo what an import did to one locked firm: out of use if it made it (`before` is 0), else
    as it stood in version `before`. Rules: UX-54, B-18.
    """
    if before == 0:
        firm.is_live = False
    else:
        old = firm.history.filter(version=before).latest("history_id")
        names = [*_DETAILS, "is_live"]
        if not firm.branches.exists():  # those out of use bear its short name too
            names.append("short_name")
        for name in names:
            setattr(firm, name, getattr(old, name))
    save_as(firm, by=by, reason=reason, expected=None)


def _heads(
    organisation_id: int, firms: Sequence[SheetFirm], *, reason: str, form: str, by: "User"
) -> dict[str, int]:
    """Head offices of the branches by name. One without branches yet takes the short name that
    its first branches bear: sheets shorten 西北捷运 to 西北捷 (R-46)."""
    shorts = {firm.parent: firm.short_name for firm in firms if firm.parent}
    rows = LogisticsFirm.objects.of_organisation(organisation_id).heads()
    found = list(rows.filter(name__in=shorts).values_list("pk", "name", "short_name"))
    renamed = [(pk, shorts[name]) for pk, name, short in found if short != shorts[name]]
    if renamed:
        staging = stage([("id", "bigint"), ("short_name", "text")], renamed)
        columns = {"short_name": "s.short_name"}
        bulk_update(
            LogisticsFirm, staging=staging, columns=columns, by=by, reason=reason, form=form
        )
        drop_staging(staging)
    return {name: pk for pk, name, _short in found}


def _new(organisation_id: int, firm: SheetFirm, heads: dict[str, int]) -> tuple[Any, ...]:
    kind = FirmKind.BRANCH if firm.parent else FirmKind.HEAD
    parent = heads[firm.parent] if firm.parent else None
    name, short = firm.full_name, firm.short_name
    return (organisation_id, str(kind), name, short, firm.city, parent, *_told(firm))


def _told(firm: SheetFirm) -> tuple[str, ...]:
    details = asdict(firm.details)
    return tuple(details[name] for name in _DETAILS)
