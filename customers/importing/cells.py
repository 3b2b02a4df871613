"""Cells of both workbooks of customers that are words of a table, and the checks they share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from crm.core.selectors import dictionary
from crm.core.text import CheckFailed, clean_line, is_blank
from crm.imports.kinds import Draft
from customers.values import CELLS

Cell = Callable[[Any], Any]


def choice(words: Mapping[str, str], *, empty: str | None = None) -> Cell:
    """A cell that holds one of a few words; blank gives `empty` where that is allowed."""

    def check(value: Any) -> str:
        if empty is not None and is_blank(value):
            return empty
        found = words.get(clean_line(value, 60))
        if found is None:
            raise CheckFailed("choice", _("请填写：%(words)s") % {"words": "、".join(words)})
        return str(found)

    return check


def cell(key: str) -> Cell:
    """The check of a field of the archive, the same as behind form and API (D13)."""
    return CELLS[key]


def line(limit: int) -> Cell:
    return lambda value: clean_line(value, limit)


class Words:
    """Words of code tables → their codes, asked for once a file (T-77, T-78, R-32)."""

    def __init__(
        self, tables: Mapping[str, str], organisation_id: int, extra: Mapping[str, str]
    ) -> None:
        self._known = {
            field: {
                label: code for code, label in dictionary(kind, organisation_id=organisation_id)
            }
            for field, kind in tables.items()
        }
        self._extra = extra

    def meet(self, drafts: Sequence[Draft]) -> None:
        """Put the code in place of the word; mark words no table has."""
        for draft in drafts:
            for field, words in self._known.items():
                word = draft.values.get(field, "")
                if not word:
                    continue
                code = words.get(word) or self._extra.get(word)
                if code is None:
                    told = _("请填写：%(words)s") % {"words": "、".join(words)}
                    draft.refuse(field, "choice", told)
                    continue
                draft.values[field] = code
