"""Rows of the workbooks of an office, or of the small invented set that comes with the code."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from crm.core.sheets import Sheet, read_sheets

BUILT_IN: Final = Path(__file__).resolve().parent / "data"
Record = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sources:
    """One folder with workbooks; without it the built-in set."""

    folder: Path | None

    @property
    def name(self) -> str:
        return str(self.folder) if self.folder else "built-in"

    def retailers(self, most: int) -> list[Record]:
        """Retailers with licence, sales data, identity number and account."""
        return self._read("retailers.xlsx", "零售客户", "retailers.csv", most)

    def people(self) -> list[Record]:
        """Monopoly officers and customer managers of the bureau."""
        return self._read("retailers.xlsx", "人员", "people.csv", 100)

    def operators(self, most: int) -> list[Record]:
        """Units of the telecom operators: customers of the repair company."""
        return self._read("operators.xlsx", "客户档案", "operators.csv", most)

    def managers(self) -> list[Record]:
        """Manager cards of the repair company."""
        return self._read("operators.xlsx", "客户经理", "managers.csv", 100)

    def firms(self, most: int) -> list[Record]:
        """Logistics firms: head offices before their branches."""
        return self._read("logistics.xlsx", "物流公司", "logistics.csv", most)

    def subscribers(self, most: int) -> list[Record]:
        """Users of the cable operator: always the built-in few, the workbook holds thousands."""
        with (BUILT_IN / "subscribers.csv").open("rb") as file:
            return list(islice(_records(read_sheets(file, file_name="subscribers.csv")[0]), most))

    def _read(self, workbook: str, sheet: str, built_in: str, most: int) -> list[Record]:
        book = self.folder / workbook if self.folder else None
        path = book if book is not None and book.is_file() else BUILT_IN / built_in
        with path.open("rb") as file:
            sheets = read_sheets(file, file_name=path.name)
            found = next((one for one in sheets if one.name == sheet), sheets[0])
            return list(islice(_records(found), most))


def sources_in(folder: Path | None, *, near: Path) -> Sources:
    """The folder that was named, else `../shared/data` beside the project where it is."""
    usual = near.parent / "shared" / "data"
    chosen = folder or usual
    return Sources(chosen if chosen.is_dir() else None)


def _records(sheet: Sheet) -> Iterator[Record]:
    for row in sheet.rows:
        texts = [str(value).strip() for value in row.values]
        yield dict(zip(sheet.header, texts, strict=True))
