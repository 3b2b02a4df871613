"""How two folded names are alike: the slips people make while typing. Pure (B-14, speed.md 7)."""

from collections.abc import Iterator
from enum import StrEnum

from crm.core.search import same_sound


class Slip(StrEnum):
    """What turned one name into the other."""

    SAME = "same"
    SWAP = "swap"
    """Two neighbours changed places."""
    DOUBLE = "double"
    """A sign stands twice."""
    SOUND = "sound"
    """Other signs, read alike."""
    SIGN = "sign"
    """One sign more or less."""


def slip_between(one: str, other: str) -> Slip | None:
    """The one slip between two folded names; None when they differ by more."""
    if one == other:
        return Slip.SAME
    if len(one) == len(other):
        return _at_one_length(one, other)
    short, long = sorted((one, other), key=len)
    place = _first_difference(short, long)
    if short != long[:place] + long[place + 1 :]:
        return None
    return Slip.DOUBLE if place and long[place] == long[place - 1] else Slip.SIGN


def corrections(name: str) -> set[str]:
    """What a name may have been before a sign was doubled, put in or swapped with its neighbour."""
    return {*without_one(name), *_swapped(name)} - {name}


def without_one(name: str) -> Iterator[str]:
    """The name with one sign left out, each place in turn; a run of one sign counts once."""
    for place, mark in enumerate(name):
        if not place or mark != name[place - 1]:
            yield name[:place] + name[place + 1 :]


def _swapped(name: str) -> Iterator[str]:
    for place in range(len(name) - 1):
        yield name[:place] + name[place + 1] + name[place] + name[place + 2 :]


def _at_one_length(one: str, other: str) -> Slip | None:
    place = _first_difference(one, other)
    pair = one[place : place + 2]
    if one[:place] + pair[::-1] + one[place + 2 :] == other:
        return Slip.SWAP
    return Slip.SOUND if same_sound(one, other) else None


def _first_difference(one: str, other: str) -> int:
    for place, (mark, like) in enumerate(zip(one, other, strict=False)):
        if mark != like:
            return place
    return min(len(one), len(other))
