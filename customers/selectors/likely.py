"""Which of many names are likely the same customer: for the run over a whole organisation (B-14).

Every slip of one sign is found by looking the corrected name up among the others, whole names by
their sound; longer names that differ by more meet in blocks of rare grams. Nothing is compared
with everything (speed.md 7).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, islice
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from crm.core.likeness import Slip, corrections, slip_between
from crm.core.search import sounds_as
from customers.domains import DuplicateReason

SHORTEST: Final = 4
"""A shorter core of a name is like too many others."""
LONG: Final = 8
"""From this length on names may differ by more than one slip."""
LIKE: Final = 85
"""Of a hundred: how like two long cores must be, one of them with words that the other lacks."""
BLOCK: Final = 50
"""A block of more names is dropped: its grams say nothing."""
LAST_BLOCK: Final = 1_000
"""The same for the rarest grams of a name, without which it would be compared with nobody."""
_BLOCKED_BY: Final = 4
"""So many of a name's rarest grams are looked at, in pairs."""

_OF_SLIP: Final = {
    Slip.SWAP: (98, DuplicateReason.SWAP),
    Slip.DOUBLE: (98, DuplicateReason.DOUBLE),
    Slip.SOUND: (96, DuplicateReason.SOUND),
}


class Likely(NamedTuple):
    """Two names by their places, the earlier first; `score` of a hundred."""

    first: int
    second: int
    score: int
    reason: DuplicateReason


def likely_pairs(cores: Sequence[str], whole: Mapping[str, int]) -> Iterator[Likely]:
    """Pairs among different cores of names, each once.

    `whole` leads from folded names with company words to the place of their core: a slip in those
    words leaves another core. Rules: B-14.
    """
    places = {core: place for place, core in enumerate(cores) if len(core) >= SHORTEST}
    told: set[tuple[int, int]] = set()
    ways = (_slips({**whole, **places}), _homophones(places), _in_blocks(places, cores))
    for one, other, score, reason in chain.from_iterable(ways):
        pair = (one, other) if one < other else (other, one)
        if one != other and pair not in told:
            told.add(pair)
            yield Likely(*pair, score, reason)


def _slips(places: Mapping[str, int]) -> Iterator[Likely]:
    for core, place in places.items():
        for corrected in corrections(core):
            other = places.get(corrected)
            if other is None:
                continue
            slip = slip_between(core, corrected)
            if slip in _OF_SLIP:
                yield Likely(place, other, *_OF_SLIP[slip])
            else:
                score = round(fuzz.ratio(core, corrected))
                yield Likely(place, other, score, DuplicateReason.SIGN)


def _homophones(places: Mapping[str, int]) -> Iterator[Likely]:
    by_sound: defaultdict[str, list[int]] = defaultdict(list)
    for core, place in places.items():
        by_sound[sounds_as(core)].append(place)
    for alike in by_sound.values():
        if 1 < len(alike) <= BLOCK:
            for one, other in combinations(alike, 2):
                yield Likely(one, other, *_OF_SLIP[Slip.SOUND])


def _in_blocks(places: Mapping[str, int], cores: Sequence[str]) -> Iterator[Likely]:
    """Long names that share two of their rarest grams."""
    long = {core: place for core, place in places.items() if len(core) >= LONG}
    shares = Counter(gram for core in long for gram in _grams(core))
    blocks: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    rarest: set[tuple[str, str]] = set()
    for core, place in long.items():
        shared = {gram for gram in _grams(core) if shares[gram] > 1}
        rare = sorted(shared, key=lambda gram: (shares[gram], gram))[:_BLOCKED_BY]
        for number, (one, other) in enumerate(combinations(rare, 2)):
            pair = (one, other) if one < other else (other, one)
            blocks[pair].append(place)
            if not number:
                rarest.add(pair)
    for pair, block in blocks.items():
        if 1 < len(block) <= (LAST_BLOCK if pair in rarest else BLOCK):
            yield from _compared(block, cores)


def _compared(block: Sequence[int], cores: Sequence[str]) -> Iterator[Likely]:
    texts = [cores[place] for place in block]
    for number, text in enumerate(texts):
        rest = islice(texts, number + 1, None)
        alike = process.extract(text, list(rest), scorer=fuzz.ratio, limit=None, score_cutoff=LIKE)
        for longer, score, ahead in alike:
            # Signs replaced are another name: the branches of one firm in two cities.
            if Indel.distance(text, longer) == abs(len(text) - len(longer)):
                other = block[number + 1 + ahead]
                yield Likely(block[number], other, round(score), DuplicateReason.NEAR)


def _grams(core: str) -> Iterable[str]:
    return (core[place : place + 2] for place in range(len(core) - 1))
