"""What a text typed into the search box can mean. Pure; one reading for every door (UX-02)."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from crm.core.search import fold, name_tokens, pinyin_tokens, strict_key

FULL_CODE: Final = 14
CODE_FROM: Final = 4
"""Fewer digits of a code name no city yet, and would bury what else the digits may be."""
TAIL: Final = 4
LONGEST_PHONE: Final = 17
"""Area, number, extension: 029-88888888-802123."""
_DIALLING: Final = re.compile("[-+()‐-―]")
_SEALED: Final = re.compile("[0-9]{12,30}|[0-9]{17}X|[A-Z][0-9]{7,9}")
_KEY: Final = re.compile("[0-9A-Z]{15,20}")
_SOME_CODE: Final = re.compile("[0-9A-Za-z]")
_LAST4: Final = re.compile("[0-9]{3}[0-9X]")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question in all its readings; a reading that makes no sense is empty.

    `name` is any part of a folded name, of one character its start. `letters` are pinyin initials:
    three or more anywhere, fewer at the start. `number` are digits whatever stood between them.
    """

    typed: str = ""
    name: str = ""
    letters: str = ""
    number: str = ""
    key: str = ""

    @classmethod
    def of(cls, text: str) -> "Asked":
        """Read a text; width, case and spaces do not matter (UX-29)."""
        name, plain = fold(text), strict_key(text)
        number = _DIALLING.sub("", plain)
        return cls(
            typed=unicodedata.normalize("NFKC", text).strip(),
            name=name,
            letters=name if name.isascii() and name.isalnum() and not name.isdigit() else "",
            number=number if number.isascii() and number.isdigit() else "",
            key=plain.upper(),
        )

    @property
    def full_code(self) -> str:
        return self.number if len(self.number) == FULL_CODE else ""

    @property
    def code_start(self) -> str:
        return self.number if CODE_FROM <= len(self.number) <= FULL_CODE else ""

    @property
    def licence(self) -> str:
        return self.number if len(self.number) == 12 else ""

    @property
    def credit_code(self) -> str:
        return self.key if _KEY.fullmatch(self.key) else ""

    @property
    def aliases(self) -> list[str]:
        """Spellings under which a foreign code may be kept; those are compared as they are."""
        if not (2 <= len(self.typed) <= 60 and _SOME_CODE.search(self.typed)):
            return []
        return sorted({self.typed, self.key, self.key.lower()})

    @property
    def phone(self) -> str:
        """A telephone number or its end, without the country's own code."""
        bare = self.number.removeprefix("86") if len(self.number) == 13 else self.number
        return bare if TAIL <= len(bare) <= LONGEST_PHONE else ""

    @property
    def last4(self) -> str:
        return self.key if _LAST4.fullmatch(self.key) else ""

    @property
    def sealed(self) -> str:
        """A whole certificate or account number."""
        return self.key if _SEALED.fullmatch(self.key) else ""

    @property
    def is_number(self) -> bool:
        """Whether one customer is meant, or a few: rarely is any of it part of a name as well."""
        numbers = (self.code_start, self.phone, self.sealed, self.credit_code, self.last4)
        return any(numbers)

    @property
    def name_grams(self) -> set[int]:
        return name_tokens(self.name)

    @property
    def letter_grams(self) -> set[int]:
        return pinyin_tokens(self.letters)

    @property
    def longer_name_grams(self) -> set[int]:
        """Of one character more: no row bears them, their figures tell how common the text is."""
        return name_tokens(self.name, 3)

    @property
    def longer_letter_grams(self) -> set[int]:
        return pinyin_tokens(self.letters, 4)

    def matches(self, folded: str, pinyin: str, code: str) -> str:
        """By which part a row is found: `name`, `pinyin`, `code`, or empty."""
        if self.name and (self.name in folded if len(self.name) > 1 else folded[:1] == self.name):
            return "name"
        if self.letters and (
            self.letters in pinyin if len(self.letters) > 2 else pinyin.startswith(self.letters)
        ):
            return "pinyin"
        return "code" if self.code_start and code.startswith(self.code_start) else ""
