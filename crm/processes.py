"""Processes that must not outlive us, and those of an earlier run that might have."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from crm.places import ROOT, write_private

LOG_BYTES = 20 * 2**20
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, Linux only
_PROC = Path("/proc/self/stat")
# The dynamic linker is asked here, not in the child between fork and exec.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path], *, env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a child in a group of its own that is told to end when we die, however we die."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
            preexec_fn=partial(_end_with, os.getpid()),  # noqa: PLW1509  (we have one thread)
        )


def _end_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent is gone."""
    if _prctl is not None:
        _prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def remember(path: Path, pid: int) -> None:
    """Write down a process so that it can be told from a later one with the same number."""
    write_private(path, f"{pid} {_birth(pid)}")


def recall(path: Path) -> int | None:
    """Return the process written down there, if it still lives."""
    try:
        pid, birth = path.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if birth != "dead" and _birth(int(pid)) == birth else None


def end_groups(leaders: Iterable[int], *, seconds: float) -> list[int]:
    """Ask each leader to end, then end its whole group; return those that had to be killed."""
    groups = list(leaders)
    for leader in groups:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    _wait_for(groups, seconds)
    stubborn = [leader for leader in groups if _group_lives(leader)]
    for leader in stubborn:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
    _wait_for(stubborn, 2)
    return stubborn


def _wait_for(groups: list[int], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(_group_lives(leader) for leader in groups):
        time.sleep(0.05)


def _birth(pid: int) -> str:
    """When the process began, in the kernel's own count; "dead" if it is not there."""
    if not _PROC.exists():
        return "unknown" if _answers(pid) else "dead"
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return "dead" if not fields or fields[0] == "Z" else fields[19]


def _group_lives(leader: int) -> bool:
    if not _PROC.exists():
        return _answers(-leader)
    return any(fields[2] == str(leader) and fields[0] != "Z" for fields in _all_stats())


def _all_stats() -> Iterator[list[str]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        if fields := _stat(path):
            yield fields


def _stat(path: Path) -> list[str]:
    """Return the fields after the program's name: state, parent, group, …"""
    try:
        return path.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
