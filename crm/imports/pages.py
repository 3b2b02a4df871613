"""What the wizard's pages show: steps, tiles, wrong cells, people to be made. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.identity.models import User
from crm.imports.choices import BUSY, BatchStatus, RowState
from crm.imports.kinds import Kind
from crm.imports.models import ImportBatch, ImportRow

STEPS: Final = (
    ("upload", gettext_lazy("上传")),
    ("map", gettext_lazy("对应列")),
    ("check", gettext_lazy("检查")),
    ("release", gettext_lazy("放行")),
    ("run", gettext_lazy("导入")),
    ("result", gettext_lazy("结果")),
)
_AT: Final = {
    BatchStatus.UPLOADED: "map",
    BatchStatus.CHECKING: "check",
    BatchStatus.CHECKED: "check",
    BatchStatus.SUBMITTED: "release",
    BatchStatus.RUNNING: "run",
}
_TONES: Final = {
    BatchStatus.UPLOADED: "quiet",
    BatchStatus.CHECKING: "info",
    BatchStatus.CHECKED: "info",
    BatchStatus.SUBMITTED: "warn",
    BatchStatus.RUNNING: "info",
    BatchStatus.DONE: "good",
    BatchStatus.FAILED: "bad",
}
_KEYS: Final = 2
"""So many columns tell people which row is meant."""


def step_of(batch: ImportBatch | None) -> str:
    return "upload" if batch is None else _AT.get(BatchStatus(batch.status), "result")


def steps_for(now: str, batch: ImportBatch | None = None) -> list[dict[str, Any]]:
    """The six steps, the present one marked; done ones of an open import can be gone back to."""
    names = [name for name, _label in STEPS]
    at = names.index(now)
    shown = []
    for place, (name, label) in enumerate(STEPS):
        state = "now" if place == at else "done" if place < at else "next"
        url = ""
        if name == "map" and place < at and batch is not None and batch.is_open:
            url = reverse("imports:map", args=[batch.pk])
        shown.append({"label": label, "state": state, "url": url})
    return shown


def tone_of(batch: ImportBatch) -> str:
    return _TONES.get(BatchStatus(batch.status), "quiet")


def check_tiles(batch: ImportBatch) -> list[dict[str, Any]]:
    """Counts of a check: right, odd, wrong (UX-50)."""
    odd = sum(one["count"] for one in batch.warnings)
    return [
        {"label": _("数据行"), "value": batch.rows_total},
        {"label": _("可导入"), "value": batch.rows_right, "tone": "good"},
        {"label": _("有误"), "value": batch.rows_wrong, "tone": "bad" if batch.rows_wrong else ""},
        {"label": _("提醒"), "value": odd, "tone": "warn" if odd else ""},
    ]


def result_tiles(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """What became of the rows."""
    refused = counts.get(RowState.REFUSED, 0) + counts.get(RowState.WRONG, 0)
    tiles = [
        {"label": _("新建"), "value": counts.get(RowState.MADE, 0), "tone": "good"},
        {"label": _("更新"), "value": counts.get(RowState.CHANGED, 0), "tone": "good"},
        {"label": _("无变化"), "value": counts.get(RowState.SAME, 0)},
        {"label": _("未导入"), "value": refused, "tone": "bad" if refused else ""},
    ]
    if left := counts.get(RowState.READY, 0):
        tiles.append({"label": _("尚未处理"), "value": left, "tone": "warn"})
    if undone := counts.get(RowState.UNDONE, 0):
        tiles.append({"label": _("已撤销"), "value": undone})
    return tiles


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell of a row that must be looked at."""

    field: str
    label: str
    value: str
    message: str
    is_wrong: bool
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row: its number, what tells people which it is, the cells in question."""

    number: int
    state: str
    label: str
    keys: str
    cells: list[ShownCell]

    @property
    def is_wrong(self) -> bool:
        return any(cell.is_wrong for cell in self.cells)


def shown_rows(
    kind: Kind, rows: Iterable[ImportRow], *, only_errors: bool = False
) -> list[ShownRow]:
    """Rows with their cells in question, wrong ones first, or those alone (UX-50)."""
    return [_shown(kind, row, only_errors=only_errors) for row in rows]


def _shown(kind: Kind, row: ImportRow, *, only_errors: bool) -> ShownRow:
    columns = {column.field: column for column in kind.columns}
    cells = [
        _cell(columns, row.shown, problem, is_wrong=is_wrong)
        for problems, is_wrong in ((row.errors, True), ([] if only_errors else row.doubts, False))
        for problem in problems
    ]
    named = [column.field for column in kind.columns if column.required][:_KEYS]
    words = [row.shown.get(name, "") for name in dict.fromkeys((*named, "name"))]
    keys = " · ".join(word for word in words if word)
    return ShownRow(row.number, row.state, row.get_state_display(), keys, cells)


def _cell(
    columns: Mapping[str, Any],
    shown: Mapping[str, str],
    problem: Sequence[str],
    *,
    is_wrong: bool,
) -> ShownCell:
    name, _code, message = problem
    column = columns.get(name)
    label = column.label if column is not None else name
    sealed = column is not None and column.sealed
    return ShownCell(name, label, shown.get(name, ""), message, is_wrong, sealed)


@dataclass(frozen=True, slots=True)
class Acts:
    """What this person may do with this import now."""

    change: bool
    submit: bool
    release: bool
    give_back: bool
    cancel: bool
    resume: bool
    undo: bool
    download: bool


def acts_for(
    batch: ImportBatch, user: User, *, may_release: bool, written: bool, left: bool
) -> Acts:
    """Buttons of the page; the services ask again."""
    is_own = batch.created_by_id == user.pk
    status = batch.status
    stopped = status in (BatchStatus.CANCELLED, BatchStatus.FAILED)
    ended = stopped or status == BatchStatus.DONE
    return Acts(
        change=batch.is_open,
        submit=status == BatchStatus.CHECKED and batch.rows_right > 0,
        release=status == BatchStatus.SUBMITTED and may_release and not is_own,
        give_back=status == BatchStatus.SUBMITTED,
        cancel=status in BUSY,
        resume=stopped and left,
        undo=ended and written,
        download=bool(batch.header) and (ended or status == BatchStatus.CHECKED),
    )
