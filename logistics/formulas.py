"""Shape of firms and routes: pure, for form, service and import alike (D13)."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirmDetails:
    """What R-47 asks of head office and branch alike."""

    address: str
    postcode: str
    contact: str
    contact_position: str
    phone: str


@dataclass(frozen=True, slots=True)
class BranchName:
    """The two halves of `简称-地市`; `is_whole` says whether both are there (R-46)."""

    short_name: str
    city: str

    @property
    def is_whole(self) -> bool:
        return bool(self.short_name and self.city)


def split_branch_name(name: str) -> BranchName:
    """〈金达莱-西安〉 → (金达莱, 西安). Any dash will do; a second one spoils it (R-46)."""
    plain = name.strip()
    for dash in "－—–‐‑−":
        plain = plain.replace(dash, "-")
    head, _dash, tail = plain.partition("-")
    if "-" in tail:
        return BranchName("", "")
    return BranchName(head.strip(), tail.strip())


def join_branch_name(short_name: str, city: str) -> str:
    """(金达莱, 西安) → 〈金达莱-西安〉 (R-46)."""
    return f"{short_name}-{city}"


def weekdays_text(days: Iterable[str]) -> str:
    """Chosen days in any order, also twice → the digits in order: ["3", "1"] → "13"."""
    return "".join(sorted(set(days)))
