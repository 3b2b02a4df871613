"""What can be imported: columns, keys, checks across rows, and how rows are written (D12, D13).

The engine knows no subject. A room above derives `Kind` and `Checker` and hands the kind to the
pages and to the command; there is no registry.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeVar

if TYPE_CHECKING:
    from crm.identity.models import Department, User


T = TypeVar("T")


def sliced(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`, read no further ahead than that."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


class Problem(NamedTuple):
    """What is wrong or odd about one cell: field, machine code, sentence with the mend."""

    column: str
    code: str
    message: str


@dataclass(slots=True)
class Draft:
    """One row of a file on its way: checked values by field, what is wrong, what is odd.

    `links` are keys of rows of ours that its words were found to mean (manager, region, the row it
    changes); they are staged with the values.
    """

    number: int
    values: dict[str, Any]
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    links: dict[str, Any] = field(default_factory=dict)

    def refuse(self, column: str, code: str, message: str) -> None:
        """Mark a cell wrong, unless that very cell is marked already."""
        if all(found.column != column for found in self.errors):
            self.errors.append(Problem(column, code, message))

    def doubt(self, column: str, code: str, message: str) -> None:
        """Mark a cell odd: the row is taken."""
        self.warnings.append(Problem(column, code, message))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: field, the titles it goes by, the pure check of a cell (D13).

    The field `sealed` says that its value is of class S: it is staged as ciphertext only (D6).
    """

    field: str
    titles: tuple[str, ...]
    check: Callable[[Any], Any]
    required: bool = False
    sealed: bool = False

    @property
    def label(self) -> str:
        return self.titles[0]


@dataclass(frozen=True, slots=True)
class Listed:
    """A person of the workbook's own sheet of people: whom nobody knows yet is offered as new."""

    name: str
    duty: str = ""
    position: str = ""
    mobile: str = ""
    sex: str = ""
    address: str = ""
    postcode: str = ""


class Key(NamedTuple):
    """One thing by which a row is known; it may stand once in a file."""

    what: str
    value: Hashable
    column: str


@dataclass(frozen=True, slots=True)
class Order:
    """One commit: for whom, by whom, released by whom, under which number."""

    organisation: "Department"
    by: "User"
    released_by: "User"
    number: str

    @property
    def reason(self) -> str:
        return f"导入 {self.number}"


class Outcome(NamedTuple):
    """What became of one row: `made`, `changed`, `same` or `refused`.

    `records` are (model label, key, version before, version after); before is 0 for a new one.
    """

    number: int
    what: str
    text: str = ""
    records: Sequence[tuple[str, int, int, int]] = ()
    problem: Problem | None = None


class Checker(ABC):
    """The checks of one file that need more than one cell. Rows come in chunks."""

    @abstractmethod
    def take(self, drafts: Sequence[Draft]) -> None:
        """Look at rows whose cells were checked; mark what is wrong or odd."""

    def finish(self) -> Iterable[tuple[int, Problem]]:
        """What could be known only after the last row: row number and problem."""
        return ()

    def links(self) -> Iterable[tuple[int, Mapping[str, Any]]]:
        """Links that only the whole file could tell, asked for after `finish`."""
        return ()


class Kind(ABC):
    """One kind of import.

    `takes_own`: rows have an owner, so somebody may import his own alone (trust 4.3, `O: c`).
    """

    code: ClassVar[str]
    label: ClassVar[Any]
    profile: ClassVar[str]
    fieldset: ClassVar[str]
    sheet: ClassVar[str]
    people_sheet: ClassVar[str] = ""
    task: ClassVar[str]
    takes_own: ClassVar[bool] = False
    columns: tuple[Column, ...]

    def fitted(self, organisation: "Department") -> Self:
        """The kind with the columns this organisation adds to it; asked for twice it is once."""
        return self

    def barred(self, user: "User") -> frozenset[str]:
        """Columns whose field the person may not write (B235); none where no field rule speaks."""
        return frozenset()

    @abstractmethod
    def checker(
        self,
        organisation: "Department",
        people: Mapping[str, Sequence[Listed]],
        by: "User | None" = None,
    ) -> Checker:
        """The checks across rows; `people` are those of the people sheet, by name, `by` is whose
        sight bounds what is said of rows that are here, None for the command's bare check.
        """

    @abstractmethod
    def keys(self, draft: Draft) -> Iterable[Key]:
        """By what the row is known."""

    def stage_of(self, draft: Draft) -> int:
        """Rows of a lower stage are written first: what others hang on."""
        return 0

    @abstractmethod
    def commit(self, drafts: Sequence[Draft], order: Order) -> list[Outcome]:
        """Write rows of one stage, set-based, inside the caller's transaction."""

    def finish(self, drafts: Iterable[Draft], order: Order) -> Iterable[Outcome]:
        """Write what needs all rows to be there, in the transaction that ends the import.

        Told is what it added to a row: records for the undo, which make a row without changes a
        changed one, or a problem, which stands as a warning.
        """
        return ()

    @abstractmethod
    def undo(
        self, records: Sequence[tuple[int, Sequence[tuple[str, int, int, int]]]], order: Order
    ) -> list[int]:
        """Take back rows that nobody touched since; the numbers of those taken back."""

    def titles(self) -> dict[str, tuple[str, ...]]:
        """Field → titles, as `match_header` wants it."""
        return {column.field: column.titles for column in self.columns}

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.field == name), None)
