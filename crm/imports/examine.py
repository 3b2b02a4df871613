"""Look at a whole file without writing anything: cells, keys, what only all rows can tell.

The check page, `import_sheet --check` and the commit of the command all come through here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final

from django.utils.translation import gettext as _

from crm.core.sheets import HeaderMatch, Row, Sheet, SheetRefused, match_header, read_sheets
from crm.core.text import BadCell, CheckFailed, fold_width, is_blank
from crm.identity.models import Department, User
from crm.imports.kinds import Checker, Column, Draft, Kind, Listed, Problem

CHUNK: Final = 5_000
MOST_ROWS: Final = 1_000_000
_FORMULA: Final = ("=", "+", "@")
_PEOPLE: Final = {
    "name": ("姓名",),
    "duty": ("岗位",),
    "position": ("职务",),
    "mobile": ("移动电话", "手机"),
    "sex": ("性别",),
    "address": ("家庭住址",),
    "postcode": ("邮政编码",),
}
_REMEMBERED: Final = 1_000
Checks = Sequence[tuple[Column, Callable[[Any], Any]]]
Mends = Mapping[int, Mapping[str, str]]
"""Row number → field → what a person typed instead."""


@dataclass(frozen=True, slots=True)
class Source:
    """One sheet of an opened file, its columns matched, and the people beside it."""

    sheet: Sheet
    match: HeaderMatch
    people: Mapping[str, Sequence[Listed]]
    sheets: tuple[str, ...]


@dataclass(slots=True)
class Examined:
    """What a file holds; `late` problems and `links` came to light after the last row."""

    rows: int = 0
    late: dict[int, list[Problem]] = field(default_factory=dict)
    links: dict[int, dict[str, Any]] = field(default_factory=dict)


def open_source(
    kind: Kind,
    file: BinaryIO,
    *,
    file_name: str,
    sheet: str = "",
    encoding: str = "",
    mapping: Mapping[str, int] | None = None,
) -> Source:
    """Find the sheet and its columns; `mapping` (field → place) overrides the titles.

    Raises SheetRefused. Corpus: B206 to B228.
    """
    wanted = [title for column in kind.columns for title in column.titles]
    found = read_sheets(file, file_name=file_name, wanted=wanted, encoding=encoding or None)
    chosen = _chosen(kind, found, sheet)
    match = match_header(chosen.header, kind.titles())
    if mapping is not None:
        places = {name: at for name, at in mapping.items() if 0 <= at < len(chosen.header)}
        missing = tuple(column.field for column in kind.columns if column.field not in places)
        match = HeaderMatch(places, missing, match.unknown, match.repeated)
    return Source(chosen, match, _people(kind, found), tuple(one.name for one in found))


def _chosen(kind: Kind, sheets: Sequence[Sheet], name: str) -> Sheet:
    """The sheet asked for, else the one of the kind's name, else the first that is no people."""
    for wanted in (name, kind.sheet):
        for sheet in sheets:
            if wanted and sheet.name == wanted:
                return sheet
    if name:
        raise SheetRefused(_("文件里没有名为“%(name)s”的工作表") % {"name": name}, code="no_sheet")
    return next((one for one in sheets if one.name != kind.people_sheet), sheets[0])


def _people(kind: Kind, sheets: Sequence[Sheet]) -> dict[str, list[Listed]]:
    found: dict[str, list[Listed]] = {}
    sheet = next((one for one in sheets if one.name == kind.people_sheet), None)
    if sheet is None or not kind.people_sheet:
        return found
    places = match_header(sheet.header, _PEOPLE).columns
    for row in islice(sheet.rows, MOST_ROWS):
        texts = {name: str(row.values[at]).strip() for name, at in places.items()}
        if texts.get("name"):
            found.setdefault(texts["name"], []).append(Listed(**texts))
    return found


def ensure_columns(kind: Kind, match: HeaderMatch) -> None:
    """Refuse a file that lacks a column the kind cannot do without (B223).

    Raises SheetRefused.
    """
    lost = [
        column.label
        for column in kind.columns
        if column.required and column.field not in match.columns
    ]
    if lost:
        raise SheetRefused(
            _("缺少必需的列：%(columns)s") % {"columns": "、".join(lost)}, code="missing_columns"
        )


def examine(
    kind: Kind,
    source: Source,
    *,
    organisation: Department,
    told: Examined,
    mends: Mends | None = None,
    by: User | None = None,
) -> Iterator[list[Draft]]:
    """Checked rows in chunks, in the order of the file; `told` fills while they are walked.

    After the last chunk `told.late` names rows that only the whole file shows to be wrong.
    """
    ensure_columns(kind, source.match)
    checker = kind.checker(organisation, source.people, by)
    checks = [(column, _remembering(column)) for column in kind.columns]
    seen: dict[Any, int] = {}
    rows = iter(source.sheet.rows)
    while chunk := list(islice(rows, CHUNK)):
        told.rows += len(chunk)
        if told.rows > MOST_ROWS:
            raise SheetRefused(
                _("一次最多导入 %(most)d 行，请拆分后上传") % {"most": MOST_ROWS}, code="too_large"
            )
        drafts = [_draft(checks, row, source.match.columns, mends or {}) for row in chunk]
        _refuse_repeated(kind, drafts, seen)
        checker.take(drafts)
        yield drafts
    _settle(checker, told)


def _settle(checker: Checker, told: Examined) -> None:
    for number, problem in checker.finish():
        told.late.setdefault(number, []).append(problem)
    for number, found in checker.links():
        told.links[number] = dict(found)


def _remembering(column: Column) -> Callable[[Any], Any]:
    """The check of a cell, asked once for a text that stands in many rows: places, posts, words.

    Checks are pure, so the answer is the same. What is of class S is not kept (D6).
    """
    known: dict[str, Any] = {}
    check = column.check

    def ask(value: Any) -> Any:
        if type(value) is not str:
            return check(value)
        if value in known:
            return known[value]
        good = check(value)
        if len(known) < _REMEMBERED:
            known[value] = good
        return good

    return check if column.sealed else ask


def _draft(checks: Checks, row: Row, places: Mapping[str, int], mends: Mends) -> Draft:
    """One row with every cell checked."""
    draft = Draft(row.number, {})
    typed = mends.get(row.number, {})
    for column, check in checks:
        name = column.field
        if name in typed:
            value: Any = typed[name]
        elif name in places:
            value = row.values[places[name]]
        else:
            continue
        if column.required and is_blank(value) and not isinstance(value, BadCell):
            draft.refuse(name, "required", _("请填写此项"))
            continue
        try:
            good = check(value)
        except CheckFailed as problem:
            draft.refuse(name, problem.code, problem.message)
            continue
        draft.values[name] = good
        if type(value) is str and not column.sealed and value != good:
            _note_text(draft, name, value, good)
        elif type(value) is str and value.startswith(_FORMULA):
            draft.doubt(name, "formula_text", _("以公式符号开头的内容按文字保存，不会执行"))
    return draft


def _note_text(draft: Draft, name: str, value: str, good: Any) -> None:
    """Say that a text was put right: full-width signs, spaces around (B218)."""
    if isinstance(good, str) and good and fold_width(value).replace(" ", "") == good:
        draft.doubt(name, "normalised", _("写法已规范（全角转半角、去掉空格）"))


def _refuse_repeated(kind: Kind, drafts: Iterable[Draft], seen: dict[Any, int]) -> None:
    """A key twice in one file: the later row is wrong and names the earlier."""
    for draft in drafts:
        for what, value, column in kind.keys(draft):
            first = seen.setdefault((what, value), draft.number)
            if first != draft.number:
                draft.refuse(
                    column, "duplicate", _("与第 %(row)d 行重复，请删除其中一行") % {"row": first}
                )
