"""What every work is handed, and how the table of works is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.database import Place
from bench.results import Result
from bench.world import World


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how large. `only` holds the works named on the command line."""

    place: Place
    size: int
    world: World
    only: frozenset[str]


@dataclass(frozen=True, slots=True)
class Work:
    """One line of the table: its name, what it measures, and how."""

    name: str
    says: str
    measure: Callable[[Setting], Iterator[Result]]


class Unmeasured(Exception):
    """Why a work has no figure: something it needs is not there. Told, and the run fails."""
