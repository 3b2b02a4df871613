"""Clocks: work and floor take turns, so that a busy moment of the machine hits both."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WARM_UP = 10
_begin = time.monotonic()


def say(text: str) -> None:
    """Progress, beside the results."""
    sys.stderr.write(f"[{time.monotonic() - _begin:6.1f} s] {text}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Times:
    """What many calls took, in milliseconds."""

    taken: Sequence[float]

    def at(self, percent: float) -> float:
        """The time that `percent` of the calls did not pass (nearest rank)."""
        ordered = sorted(self.taken)
        return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]

    @property
    def p50(self) -> float:
        return self.at(50)

    @property
    def p95(self) -> float:
        return self.at(95)


def take_turns(
    *calls: Callable[[int], object], rounds: int, warm_up: int = WARM_UP
) -> tuple[Times, ...]:
    """Call each once a round with the round's number; the first rounds are not counted.

    Every round begins with another one, so that nobody always follows the same neighbour.
    """
    taken: tuple[list[float], ...] = tuple([] for _call in calls)
    for number in range(-warm_up, rounds):
        for place in range(len(calls)):
            turn = (number + place) % len(calls)
            begin = time.perf_counter()
            calls[turn](number % rounds)
            spent = (time.perf_counter() - begin) * 1000
            if number >= 0:
                taken[turn].append(spent)
    return tuple(Times(kept) for kept in taken)
