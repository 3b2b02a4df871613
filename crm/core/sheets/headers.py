"""Finding columns by their titles, however an office writes them (B223, B224)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HEADER_ROWS: Final = 5
"""The header must stand within this many rows from the top."""

_NOISE: Final = re.compile(r"[\s*:\u200b\ufeff]+")


@dataclass(frozen=True)
class HeaderMatch:
    """Which column holds which field, and what the mapping step must ask about."""

    columns: dict[str, int]
    missing: tuple[str, ...]
    unknown: tuple[tuple[int, str], ...]
    repeated: tuple[str, ...]


def header_key(title: str) -> str:
    """Titles are equal when their keys are: width, case, spaces, line breaks, `*` do not count."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", title)).casefold()


def match_header(header: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> HeaderMatch:
    """Match titles to fields; `wanted` maps each field to the titles it goes by.

    A title that stands twice is taken at its first place and named in `repeated`; nothing is
    dropped silently.
    """
    fields = {header_key(title): field for field, known in wanted.items() for title in known}
    columns: dict[str, int] = {}
    unknown: list[tuple[int, str]] = []
    repeated: list[str] = []
    for place, title in enumerate(header):
        field = fields.get(header_key(title))
        if field is None:
            unknown.append((place, title))
        elif field in columns:
            repeated.append(title)
        else:
            columns[field] = place
    missing = tuple(field for field in wanted if field not in columns)
    return HeaderMatch(columns, missing, tuple(unknown), tuple(repeated))
