"""What is shown, as a file: an offer that says what will be in it, then a watermarked workbook.

A room's export page gives an `Offer` (GET) and an `ExportSheet` (POST); gate, mask and log stand in
the room's selector and service.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.models import AccessLog
from crm.core.services.access_log import MOST_ROWS
from crm.core.sheets import Table, write_sheet
from crm.core.views import GatedPage

if TYPE_CHECKING:
    from crm.identity.models import User

_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_IN_MEMORY: Final = 2**20


@dataclass(frozen=True, slots=True)
class Offer:
    """What the button will do, said before it is pressed (UX-10).

    `rows` may be one more than the limit: then `needs_approval`. `left_out` are rows that are
    shown but may not be taken out; `masked` the columns that arrive masked.
    """

    title: str
    columns: Sequence[str]
    rows: int
    asked: Sequence[str] = ()
    masked: Sequence[str] = ()
    left_out: int = 0
    back_url: str = ""
    hidden: Sequence[tuple[str, str]] = field(default_factory=tuple)

    @property
    def needs_approval(self) -> bool:
        return self.rows > MOST_ROWS

    @property
    def most(self) -> int:
        return MOST_ROWS


@dataclass(frozen=True, slots=True)
class ExportSheet:
    """One finished list: the words of the header, the rows, who took it and under which number."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    log: AccessLog
    by: "User"
    asked: Sequence[str] = ()

    @property
    def number(self) -> str:
        """The running number of the access log, which leads from the file to the log row."""
        return f"DC{self.log.pk:010d}"

    @property
    def mark(self) -> str:
        """What is printed at the foot of every page (B298)."""
        at = timezone.localtime(self.log.at)
        return f"{self.by.name or self.by.username} {at:%Y-%m-%d %H:%M} {self.number}"

    def watermark(self) -> Table:
        """The sheet that says where the file comes from."""
        rows: list[Sequence[object]] = [
            (_("导出人"), f"{self.by.name}（{self.by.username}）"),
            (_("单位"), str(self.by.organisation or "")),
            (_("导出时间"), self.log.at),
            (_("列表"), self.title),
            (_("筛选条件"), "；".join(self.asked) or _("无")),
            (_("行数"), len(self.rows)),
            (_("列数"), len(self.header)),
            (_("访问日志编号"), self.number),
            (_("说明"), _("客户档案是企业重要的商业秘密，仅供工作使用，不得外传。")),
        ]
        return Table(_("导出说明"), (_("项目"), _("内容")), rows)


def sheet_response(sheet: ExportSheet) -> FileResponse:
    """The workbook as a download, streamed from a temporary file (B290 to B292, B298, B304)."""
    book = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (the answer closes it)
    write_sheet(
        book,  # type: ignore[arg-type]  # a spooled file is a binary file
        sheet.header,
        sheet.rows,
        title=sheet.title,
        extra=[sheet.watermark()],
        mark=sheet.mark,
    )
    book.seek(0)
    at = timezone.localtime(sheet.log.at)
    name = quote(f"{sheet.title}-{at:%Y%m%d-%H%M}.xlsx")
    response = FileResponse(book, content_type=_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response["X-Kedang-Export"] = sheet.number
    return response


class ExportPage(GatedPage):
    """GET says what will be in the file, POST gives it. The address carries the list's filters."""

    template_name = "core/export.html"

    def get_offer(self) -> Offer:
        """Counted and named through the gate."""
        raise NotImplementedError

    def get_sheet(self) -> ExportSheet:
        """Rows through the gate, masked, logged."""
        raise NotImplementedError

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> FileResponse:
        return sheet_response(self.get_sheet())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(offer=self.get_offer(), **kwargs)
