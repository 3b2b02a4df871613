"""Names made comparable and findable: folding, pinyin initials, int4 tokens. Pure (speed.md 1).

One folding serves index, query and duplicate check. The tables under `data/` are made once by
`scripts/make_pinyin.py`; here they are only read.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal

Kind = Literal["name", "person"]

NAME_RANGE: Final = range(2**30)
PINYIN_RANGE: Final = range(2**30, 2**31)
"""Where tokens of either kind lie, so that a bigram is never taken for a trigram of initials."""

_DATA: Final = Path(__file__).resolve().parent / "data"
_SPACES: Final = re.compile("[\\s\u200b-\u200f\u2060\ufeff\ufe00-\ufe0f\u00ad]+")
_BRACKETS: Final = re.compile("[()\\[\\]{}<>〈〉《》「」『』【】〔〕〖〗\"'“”‘’`´]+")
_DOTS: Final = re.compile("[·•・‧∙⋅·]+")
_COMPANY_WORDS: Final = re.compile(
    "股份有限责任公司|有限责任公司|股份有限公司|集团有限公司|有限公司|集团公司|总公司|分公司"
    "|子公司|公司|集团"
)


def strict_key(name: str) -> str:
    """The key on which a legal name is unique: NFKC, case folded, without any space.

    Brackets of either width are equal, and stay. Corpus: B005, B016.
    """
    return _SPACES.sub("", unicodedata.normalize("NFKC", name).casefold())


def fold(text: str) -> str:
    """The loose fold of index, query and duplicate check.

    As `strict_key`, and brackets, quotes and middle dots go, traditional characters become simple
    ones. May be empty. Corpus: B017, B025.
    """
    return _without_signs(strict_key(text)).translate(_simple_marks())


def loose_key(name: str) -> str:
    """The key on which names only *seem* equal: folded, company words (有限公司, 集团 …) out.

    A name of company words alone keeps them.
    """
    return _without_company(fold(name))


def pinyin_initials(name: str, *, kind: Kind = "name") -> str:
    """First letters as people type them: 重庆长安银行 → `cqcayh`; digits and letters stay.

    `kind="person"` reads the start as a surname (单 → s, 仇 → q). Signs and unknown characters go.
    """
    marks = _without_signs(strict_key(name))
    return _initials_of(marks, marks.translate(_simple_marks()), kind)


def same_sound(one: str, other: str) -> bool:
    """Whether two folded texts are read alike, sign for sign and whatever the tones: 典 and 电.

    A sign nobody can read sounds only like itself.
    """
    return one == other or (len(one) == len(other) and sounds_as(one) == sounds_as(other))


def sounds_as(folded: str) -> str:
    """A text for which all folded texts that are read alike stand: one sign a syllable."""
    return folded.translate(_sounds())


@dataclass(frozen=True, slots=True)
class NameForms:
    """Every form of one name: what the functions of those names say, worked out together."""

    strict: str
    loose: str
    folded: str
    initials: str
    tokens: list[int]


def name_forms(name: str, *, kind: Kind = "name") -> NameForms:
    """`strict_key`, `loose_key`, `fold`, `pinyin_initials` and `tokens` at one go."""
    strict = strict_key(name)
    marks = _without_signs(strict)
    folded = marks.translate(_simple_marks())
    initials = _initials_of(marks, folded, kind)
    found = sorted(name_tokens(folded) | pinyin_tokens(initials))
    return NameForms(strict, _without_company(folded), folded, initials, found)


def _without_signs(strict: str) -> str:
    return _DOTS.sub("", _BRACKETS.sub("", strict))


def _without_company(folded: str) -> str:
    return _COMPANY_WORDS.sub("", folded) or folded


def _initials_of(marks: str, simple: str, kind: Kind) -> str:
    letters, place = _surname_of(simple) if kind == "person" else ("", 0)
    found = [letters]
    phrases, table = _phrases(), _initials()
    while place < len(simple):
        for width in phrases.get(simple[place], ()):
            if reading := _readings().get(simple[place : place + width]):
                found.append(reading)
                place += width
                break
        else:
            found.append(table.get(marks[place]) or _plain(marks[place]))
            place += 1
    return "".join(found)


def name_tokens(folded: str, length: int = 2) -> set[int]:
    """Tokens of the overlapping bigrams of a folded text, in `NAME_RANGE`; empty below two.

    Rows bear those of the given lengths alone; how common longer ones are is counted as well.
    """
    return {_hash(gram) for gram in _grams(folded, length)}


def pinyin_tokens(initials: str, length: int = 3) -> set[int]:
    """Tokens of the overlapping trigrams of initials, in `PINYIN_RANGE`; empty below three."""
    return {PINYIN_RANGE.start | _hash(gram) for gram in _grams(initials, length)}


def _grams(text: str, length: int) -> Iterator[str]:
    return (text[place : place + length] for place in range(len(text) - length + 1))


def tokens(name: str, *, kind: Kind = "name") -> list[int]:
    """What goes into `search_tokens` (int4[]): sorted, without repeats, stable for ever.

    Two grams may share a token (30 bits), so hits are rechecked by LIKE on the folded text.
    """
    initials = pinyin_initials(name, kind=kind)
    return sorted(name_tokens(fold(name)) | pinyin_tokens(initials))


@lru_cache(maxsize=100_000)
def _hash(gram: str) -> int:
    return zlib.crc32(gram.encode("utf-8", "surrogatepass")) & (2**30 - 1)


def _plain(mark: str) -> str:
    return mark if mark.isascii() and mark.isalnum() else ""


def _surname_of(name: str) -> tuple[str, int]:
    """Initials of the surname and how many characters it takes; nothing if it reads as usual."""
    surnames = _surnames()
    for width in (2, 1):
        if reading := surnames.get(name[:width]):
            return reading, width
    return "", 0


def _pairs(name: str) -> Mapping[str, str]:
    lines = (_DATA / name).read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


@cache
def _simple_marks() -> dict[int, str]:
    return {ord(mark): simple for mark, simple in _pairs("traditional.txt").items()}


@cache
def _initials() -> Mapping[str, str]:
    rows = _pairs("pinyin_initials.txt").items()
    return {mark: letter for letter, marks in rows for mark in marks}


@cache
def _sounds() -> dict[int, str]:
    """Character → the first one of its syllable, tones aside."""
    rows = _pairs("pinyin_sounds.txt").values()
    return {ord(mark): marks[0] for marks in rows for mark in marks}


@cache
def _readings() -> Mapping[str, str]:
    return _pairs("pinyin_phrases.txt")


@cache
def _phrases() -> Mapping[str, tuple[int, ...]]:
    """First character → lengths of the phrases that begin with it, longest first."""
    widths: dict[str, set[int]] = {}
    for phrase in _readings():
        widths.setdefault(phrase[0], set()).add(len(phrase))
    return {mark: tuple(sorted(found, reverse=True)) for mark, found in widths.items()}


@cache
def _surnames() -> Mapping[str, str]:
    return _pairs("pinyin_surnames.txt")
