"""Where run-time files lie, and how private ones are made. Standard library only."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OTHERWISE = "Or set DATABASE_URL to a PostgreSQL of your own."


class SetupError(RuntimeError):
    """The program cannot start here; the message says why and what mends it."""


def var() -> Path:
    """The folder for everything that is made at run time."""
    return Path(os.environ.get("KEDANG_VAR") or ROOT / "var").absolute()


def write_private(path: Path, text: str) -> None:
    """Write `path` in one piece, readable by its owner only."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` as a lock among processes; it ends with the process at the latest."""
    try:
        file = path.open("a")
    except PermissionError as error:
        raise not_yours(path) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def not_yours(path: Path) -> SetupError:
    """Say whose file it probably is and what to do about it."""
    return SetupError(
        f"{path} is not yours to use. If the program ran as another account before (root, for "
        "example), run it as that account again, or delete var/, which deletes its data. "
        + OTHERWISE
    )
