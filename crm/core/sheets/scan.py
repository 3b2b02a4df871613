"""One pass over the XML of a worksheet, by byte patterns, for what the reader would not tell.

The reader gives error cells and formulas never computed as empty (B215), and it lays cells out
densely, so that one value in XFD1048576 would ask for gigabytes (B212). Patterns instead of a
parser, because a million rows must pass in seconds.
"""

import re
from dataclasses import dataclass, field
from typing import Final

MAX_COLUMNS: Final = 256
MAX_FAULTS: Final = 20_000

BadCells = dict[tuple[int, int], str]
"""(row number from 1, column from 0) → `formula_error` or `formula_not_computed`."""

_CELL: Final = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_PLACE: Final = re.compile(rb'(?:^|\s)r="([A-Z]{1,3})([0-9]{1,7})"')
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?(?:v[^>]*>[^<]|is>)")
_FAR_ROW: Final = re.compile(rb'r="(?<=\sr=")[A-Z]{1,3}([0-9]{6,7})"[^>]*(?<!/)>')
_ODD_HINT: Final = re.compile(rb"r(?:\s*=\s*'|\s+=|=\s)")
_ODD_PLACE: Final = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br(?:\s*=\s*'|\s+=|=\s)")


def _beyond(columns: str) -> re.Pattern[bytes]:
    """Finds a cell with a value in one of these columns."""
    return re.compile(rf'r="(?<=\sr=")(?:{columns})[0-9]+"[^>]*(?<!/)>'.encode())


_EDGES: Final = (
    *((26 * step, _beyond(f"[{chr(64 + step)}-Z][A-Z]|[A-Z]{{3}}")) for step in range(1, 10)),
    (MAX_COLUMNS, _beyond("I[W-Z]|[J-Z][A-Z]|[A-Z]{3}")),
)


class TooFarOut(ValueError):
    """Values so far right or down that reading would fill too many cells between them."""


class OddMarkup(ValueError):
    """Cell references written as no office program writes them, which these patterns would miss."""


class TooManyFaults(ValueError):
    """More cells without a knowable value than anybody would mend one by one."""


@dataclass
class CellScan:
    """Running state over one worksheet part; `take` gets it piece by piece, whole rows each."""

    max_cells: int
    bad: BadCells = field(default_factory=dict)
    _edge: int = 0
    _last_row: int = 0

    def take(self, piece: bytes) -> None:
        """Look at the next piece. Raises `OddMarkup`, `TooFarOut`, `TooManyFaults`."""
        if _ODD_HINT.search(piece) and _ODD_PLACE.search(piece):
            raise OddMarkup
        while _EDGES[self._edge][1].search(piece):
            self._edge += 1
            if self._edge == len(_EDGES):
                raise TooFarOut
        self._last_row = max(self._last_row, *map(int, _FAR_ROW.findall(piece)), 0)
        if self._last_row * _EDGES[self._edge][0] > self.max_cells:
            raise TooFarOut
        if b't="e"' in piece or _FORMULA.search(piece):
            self._note_faults(piece)

    def _note_faults(self, piece: bytes) -> None:
        for cell in _CELL.finditer(piece):
            if b't="e"' in cell[1]:
                self.bad[_position(cell[1])] = "formula_error"
            elif _FORMULA.search(cell[2]) and not _VALUE.search(cell[2]):
                self.bad[_position(cell[1])] = "formula_not_computed"
            if len(self.bad) > MAX_FAULTS:
                raise TooManyFaults


def _position(attributes: bytes) -> tuple[int, int]:
    """`C4` → (4, 2): the row as the office numbers it, the column from 0."""
    place = _PLACE.search(attributes)
    if place is None:
        raise OddMarkup
    column = 0
    for letter in place[1]:
        column = column * 26 + letter - 64
    return int(place[2]), column - 1
