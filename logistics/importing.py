"""物流公司 from a workbook: head offices by legal name, branches by 简称-地市 (R-45 to R-49)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.search import loose_key, strict_key
from crm.core.text import CheckFailed, clean_line, is_blank
from crm.identity.choices import Profile
from crm.identity.models import Department, User
from crm.imports.kinds import Checker, Column, Draft, Key, Kind, Listed, Order, Outcome, Problem
from logistics.choices import FirmKind
from logistics.formulas import FirmDetails, join_branch_name, split_branch_name
from logistics.models import LogisticsFirm
from logistics.services.sheets import SheetFirm, take_back_firm, write_firms
from logistics.values import CELLS, short_of

_KINDS: Final = {"总部": FirmKind.HEAD, "分支": FirmKind.BRANCH}


def _kind(value: Any) -> str:
    found = _KINDS.get(clean_line(value, 20))
    if found is None:
        raise CheckFailed("choice", _("请填写“总部”或“分支”"))
    return str(found)


def _parent(value: Any) -> str:
    return "" if is_blank(value) else str(CELLS["name"](value))


def name_of(draft: Draft) -> str:
    """The name as it is kept: a branch's with a plain dash."""
    name = str(draft.values.get("name", ""))
    parts = split_branch_name(name)
    is_branch = draft.values.get("kind") == FirmKind.BRANCH
    return join_branch_name(parts.short_name, parts.city) if is_branch and parts.is_whole else name


class FirmChecker(Checker):
    """Heads and branches may stand in any order."""

    def __init__(self, organisation: Department) -> None:
        rows = LogisticsFirm.objects.of_organisation(organisation.pk)
        self._known = {row.name: row for row in rows}
        branched = rows.filter(parent__isnull=False).values_list("parent__name", flat=True)
        self._branched = set(branched)
        self._loose = {loose_key(name): name for name in self._known}
        self._heads: dict[str, Draft] = {}
        self._branches: list[Draft] = []

    def take(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            kind = draft.values.get("kind")
            if kind == FirmKind.HEAD:
                self._take_head(draft)
            elif kind == FirmKind.BRANCH:
                self._take_branch(draft)
            name = name_of(draft)
            if known := self._known.get(name):
                draft.links |= {"pk": known.pk, "version": known.version}

    def _take_head(self, draft: Draft) -> None:
        name = draft.values.get("name", "")
        if draft.values.get("parent"):
            draft.refuse("parent", "head_has_parent", _("总部没有上级，请清空“所属总部”"))
        if name and "-" in name:
            draft.refuse("name", "legal_name", _("总部名称应为法定全称"))
        if name and not draft.errors:
            self._heads.setdefault(name, draft)
            other = self._loose.setdefault(loose_key(name), name)
            if other != name:
                draft.doubt("name", "similar_name", _("与“%(name)s”相近，请确认") % {"name": other})

    def _take_branch(self, draft: Draft) -> None:
        values = draft.values
        parts = split_branch_name(values.get("name", ""))
        if values.get("name") and not parts.is_whole:
            words = _("分支机构名称应为“简称-地市”，例如 金达莱-西安")
            draft.refuse("name", "branch_name", words)
        elif parts.is_whole and values.get("city") and parts.city != values["city"]:
            draft.refuse("city", "branch_city", _("地市与分支机构名称中的地市不一致"))
        if not values.get("parent"):
            draft.refuse("parent", "required", _("分支机构须指明所属总部"))
        if not draft.errors:
            self._branches.append(draft)

    def finish(self) -> Iterator[tuple[int, Problem]]:
        shorts = self._shorts()
        owners: dict[str, str] = {
            row.short_name: row.name for row in self._known.values() if row.kind == FirmKind.HEAD
        }
        for name in sorted(self._heads):
            if owners.setdefault(shorts[name], name) != name:
                words = _("简称“%(short)s”已由“%(name)s”使用")
                told = words % {"short": shorts[name], "name": owners[shorts[name]]}
                yield self._heads[name].number, Problem("name", "short_name_taken", told)
        for draft in self._branches:
            head = draft.values["parent"]
            if head not in shorts:
                words = _("没有这个总部，或它在本文件中有误；请先登记总部")
                yield draft.number, Problem("parent", "unknown_head", words)
            elif split_branch_name(draft.values["name"]).short_name != shorts[head]:
                words = _("该总部的简称是“%(short)s”") % {"short": shorts[head]}
                yield draft.number, Problem("name", "short_name", words)

    def links(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        shorts = self._shorts()
        for name, draft in self._heads.items():
            yield draft.number, {"short_name": shorts[name]}

    def _shorts(self) -> dict[str, str]:
        """Head → short name: as its branches have it, else as most in the file write it."""
        votes: dict[str, Counter[str]] = {}
        for draft in self._branches:
            short, head = split_branch_name(draft.values["name"]).short_name, draft.values["parent"]
            if head.startswith(short):
                votes.setdefault(head, Counter())[short] += 1
        known = {n: row for n, row in self._known.items() if row.kind == FirmKind.HEAD}
        found: dict[str, str] = {}
        for name in {*self._heads, *known}:
            row = known.get(name)
            if row is not None and name in self._branched:
                found[name] = row.short_name
            elif name in votes:
                found[name] = _most_written(votes[name])
            else:
                found[name] = row.short_name if row is not None else short_of(name)
        return found


def _most_written(votes: Counter[str]) -> str:
    """The short name most branches write; of two the longer one."""
    return min(votes, key=lambda short: (-votes[short], -len(short), short))


class LogisticsKind(Kind):
    """The workbook `logistics.xlsx`."""

    code: ClassVar[str] = "logistics"
    label: ClassVar[Any] = gettext_lazy("物流公司")
    profile: ClassVar[str] = Profile.REPAIR
    fieldset: ClassVar[str] = "firms"
    sheet: ClassVar[str] = "物流公司"
    task: ClassVar[str] = "logistics.import_firms"
    columns: tuple[Column, ...] = (
        Column("kind", ("总部/分支", "类别"), _kind, required=True),
        Column("name", ("名称", "公司名称"), CELLS["name"], required=True),
        Column("parent", ("所属总部",), _parent),
        Column("city", ("地市",), CELLS["city"], required=True),
        Column("address", ("地址",), CELLS["address"], required=True),
        Column("postcode", ("邮政编码",), CELLS["postcode"], required=True),
        Column("contact", ("主要联系人",), CELLS["contact"], required=True),
        Column(
            "contact_position", ("职务", "联系人职务"), CELLS["contact_position"], required=True
        ),
        Column("phone", ("电话", "联系电话"), CELLS["phone"], required=True),
    )

    def checker(
        self,
        organisation: Department,
        people: Mapping[str, Sequence[Listed]],
        by: User | None = None,
    ) -> FirmChecker:
        return FirmChecker(organisation)

    def keys(self, draft: Draft) -> Iterable[Key]:
        name = name_of(draft)
        return [Key("name", strict_key(name), "name")] if name else []

    def stage_of(self, draft: Draft) -> int:
        return int(draft.values["kind"] == FirmKind.BRANCH)

    def commit(self, drafts: Sequence[Draft], order: Order) -> list[Outcome]:
        told: list[Outcome] = []
        fresh: list[Draft] = []
        live = LogisticsFirm.objects.select_for_update().in_bulk(
            [draft.links["pk"] for draft in drafts if "pk" in draft.links]
        )
        for draft in drafts:
            row = live.get(draft.links.get("pk", 0))
            if row is not None and row.version != draft.links["version"]:
                told.append(moved_on(draft))
            else:
                fresh.append(draft)
        now = write_firms(
            organisation_id=order.organisation.pk,
            firms=[_firm(draft) for draft in fresh],
            reason=order.reason,
            form=order.number,
            by=order.by,
        )
        keys = dict(
            LogisticsFirm.objects.of_organisation(order.organisation.pk)
            .filter(name__in=now)
            .values_list("name", "pk")
        )
        for draft in fresh:
            name = name_of(draft)
            told.append(outcome_of(draft, "firm", keys[name], now[name], name))
        return told

    def undo(
        self, records: Sequence[tuple[int, Sequence[tuple[str, int, int, int]]]], order: Order
    ) -> list[int]:
        wanted = {pk: (number, *rest) for number, found in records for _kind, pk, *rest in found}
        rows = LogisticsFirm.objects.select_for_update().filter(pk__in=wanted).order_by("-kind")
        done: list[int] = []
        for row in sorted(rows, key=lambda one: one.kind == FirmKind.HEAD):
            number, before, after = wanted[row.pk]
            if row.version != after or (before == 0 and row.branches.live().exists()):
                continue
            take_back_firm(firm=row, before=before, reason=order.reason, by=order.by)
            done.append(number)
        return done


def moved_on(draft: Draft) -> Outcome:
    """The row was changed by somebody between check and commit (B233)."""
    words = _("检查之后该记录已被他人修改，请重新检查")
    column = next(iter(draft.values), "")
    return Outcome(draft.number, "refused", problem=Problem(column, "moved_on", words))


def outcome_of(draft: Draft, kind: str, pk: int, version: int, text: str) -> Outcome:
    """Made, changed or the same, by the versions before and after."""
    before = int(draft.links.get("version", 0))
    if before == version:
        return Outcome(draft.number, "same", text)
    what = "changed" if before else "made"
    return Outcome(draft.number, what, text, [(kind, pk, before, version)])


def _firm(draft: Draft) -> SheetFirm:
    values = draft.values
    is_branch = values["kind"] == FirmKind.BRANCH
    short = split_branch_name(values["name"]).short_name if is_branch else draft.links["short_name"]
    return SheetFirm(
        name="" if is_branch else values["name"],
        short_name=short,
        city=values["city"],
        parent=values["parent"] if is_branch else "",
        pk=draft.links.get("pk"),
        details=FirmDetails(
            address=values["address"],
            postcode=values["postcode"],
            contact=values["contact"],
            contact_position=values["contact_position"],
            phone=values["phone"],
        ),
    )


LOGISTICS: Final = LogisticsKind()
