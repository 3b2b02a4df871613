"""Who writes from which version: `If-Match`, the hidden field, the three-way page (D10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from crm.core.errors import BadRequest, PreconditionFailed, PreconditionRequired
from crm.core.selectors import column_of, display

_ETAG = re.compile(r'^"v(\d{1,9})"$')


def etag_of(row: models.Model) -> str:
    """The strong entity tag of a governed row: its version, quoted."""
    return f'"v{row.version}"'  # type: ignore[attr-defined]


def version_wanted(header: str | None) -> int:
    """The version `If-Match` names.

    Raises PreconditionRequired (428) when it is missing or `*`, PreconditionFailed (412) for a
    weak tag, BadRequest (400) for anything else. Rules: D10, RF-07, B169 of the corpus.
    """
    if not header or header.strip() == "*":
        raise PreconditionRequired(_("修改须带 If-Match 头，值取自最近一次读取的 ETag"))
    if header.strip().startswith("W/"):
        raise PreconditionFailed(_("If-Match 不接受弱校验标签"))
    found = _ETAG.match(header.strip())
    if found is None:
        raise BadRequest(_('If-Match 格式应为 "v版本号"'))
    return int(found.group(1))


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One field on the three-way page: as it was, as I typed it, as it is now."""

    field: str
    label: str
    before: str
    mine: str
    now: str
    clashes: bool

    @property
    def theirs(self) -> str:
        """What stands there now, as the table calls it."""
        return self.now

    @property
    def choice(self) -> str:
        """The side that is ticked at first: none where both changed it, else whoever did."""
        if self.clashes:
            return ""
        return "theirs" if self.mine == self.before else "mine"


def conflict_rows(
    row: models.Model, *, base_version: int, mine: Mapping[str, Any]
) -> list[ConflictRow]:
    """Every field that I or somebody else changed since `base_version` (RF-06, UX-36).

    `mine` maps model field names to typed values; "before" comes from the history row of the
    version the form was opened on. A field clashes when both sides changed it differently.
    """
    base = row.history.filter(version=base_version).order_by("-history_id").first()  # type: ignore[attr-defined]
    rows = []
    for name, typed in mine.items():
        field = column_of(type(row), name)
        now = getattr(row, field.attname)
        before = getattr(base, field.attname, now) if base is not None else now
        wanted = getattr(typed, "pk", typed)
        if (wanted or None) == (before or None) and (now or None) == (before or None):
            continue
        rows.append(
            ConflictRow(
                field=name,
                label=str(field.verbose_name),
                before=display(field, before),
                mine=display(field, wanted),
                now=display(field, now),
                clashes=wanted not in (before, now) and now != before,
            )
        )
    return rows
