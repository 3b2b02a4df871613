"""One file of very many rows, written in a process of its own: how long it takes, what it holds.

Django is not needed here: what is measured are the writers alone.
"""

import csv
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from crm.core.sheets import write_large_sheet

Rows = Iterator[Sequence[object]]
HEADER: Final = (
    *("客户代码", "客户名称", "状态", "地市", "客户经理", "归属部门"),
    *("办公电话", "地址", "建档日期", "户数"),
)


def _plain_csv(path: Path, rows: Rows) -> None:
    """The floor: the same rows by the library alone, no sign of a formula looked at."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        writer.writerows(rows)


def _workbook(path: Path, rows: Rows) -> None:
    write_large_sheet(path, HEADER, rows, title="客户")


WRITERS: Final[dict[str, Callable[[Path, Rows], None]]] = {"csv": _plain_csv, "xlsx": _workbook}


def written(kind: str, samples: Sequence[Sequence[object]], number: int) -> tuple[float, float]:
    """Seconds and peak MiB of a fresh process that writes `number` rows made of the samples."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(write, kind, samples, number).result()


def write(kind: str, samples: Sequence[Sequence[object]], number: int) -> tuple[float, float]:
    """The same in this process."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        WRITERS[kind](Path(folder) / f"rows.{kind}", islice(cycle(samples), number))
        return time.perf_counter() - begin, _peak()


def _peak() -> float:
    """Most memory this process ever held, in MiB. (`ru_maxrss` would hold the parent's as well.)"""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (held,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(held) / 1024
