"""The columns of the room's lists: what each shows, and what sorting by it means (UX-06, UX-09)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.core.lists import CellView


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `order` ends with what is unique; an organisation has few firms and lines, so
    none needs an index of its own.
    """

    key: str
    label: str | Promise
    order: Sequence[str]
    value: Callable[[Any], Any]
    look: str = "text"
    is_locked: bool = False
    is_usual: bool = True


def _plain(key: str, label: Promise, look: str = "text", *, is_usual: bool = True) -> Column:
    """A text as it is stored."""
    return Column(
        key, label, (key, "name", "pk"), lambda row: getattr(row, key), look, is_usual=is_usual
    )


def _state(row: Any) -> Any:
    return _("启用") if row.is_live else _("停用")


_STATE: Final = Column("is_live", _("状态"), ("is_live", "name", "pk"), _state, "status")
FIRM_COLUMNS: Final = (
    Column(
        "name",
        _("名称"),
        ("short_name", "-kind", "name", "pk"),
        lambda row: row.name,
        "name",
        is_locked=True,
    ),
    Column("kind", _("类别"), ("kind", "name", "pk"), lambda row: row.get_kind_display()),
    _plain("city", _("地市")),
    _plain("contact", _("主要联系人"), "person"),
    _plain("contact_position", _("联系人职务")),
    _plain("phone", _("联系电话"), "mono"),
    _plain("address", _("地址"), is_usual=False),
    _plain("postcode", _("邮政编码"), "mono", is_usual=False),
    _STATE,
)
ROUTE_COLUMNS: Final = (
    Column("code", _("线路代码"), ("code", "pk"), lambda row: row.code, "code", is_locked=True),
    Column("name", _("线路名称"), ("name", "pk"), lambda row: row.name, "name", is_locked=True),
    Column("weekdays", _("送货日"), ("weekdays", "name", "pk"), lambda row: row.days_text),
    _STATE,
)


def cells_of(row: Any, columns: Sequence[Column]) -> list[CellView]:
    """One row of the list."""
    tone = "live" if row.is_live else "ended"
    return [CellView(column.look, str(column.label), column.value(row), tone) for column in columns]
