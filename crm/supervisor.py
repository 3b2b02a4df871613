"""`make run`: web, worker and beat as one group that starts, is watched and ends together (D3).

    python -m crm.supervisor run | stop | status

A child that dies is started again, later each time. When the supervisor ends, however it ends,
its children end too, and the built-in database if the group started it.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from crm import embedded, postgres, processes
from crm.launch import ensure_keys
from crm.places import SetupError, var
from crm.watch import PATIENCE, Child, Group, Watch, run_folder, say


class Ended(BaseException):
    """Somebody wants the group to end."""


def full_group() -> Group:
    """Web, worker and beat of Kedang."""
    port = os.environ.get("KEDANG_PORT", "8000")
    celery = [sys.executable, "-m", "celery", "-A", "crm"]
    web = (
        f"gunicorn crm.wsgi --bind 127.0.0.1:{port} --worker-class gthread --workers 2 --threads 4"
        " --timeout 60 --graceful-timeout 5 --no-control-socket"
    )
    return Group(
        children=[
            # Several web processes add up their figures in files.
            Child(
                "web",
                [sys.executable, "-m", *web.split()],
                {"PROMETHEUS_MULTIPROC_DIR": str(run_folder() / "prometheus")},
            ),
            Child(
                "worker",
                [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"],
            ),
            Child("beat", [*celery, "beat"]),
            *_demo_children(port),
        ],
        before=[sys.executable, "-m", "crm.prepare"],
        ready=f"http://127.0.0.1:{port}/healthz/ready",
        address=f"http://127.0.0.1:{port}/",
        database=not os.environ.get("DATABASE_URL"),
    )


def _demo_children(port: str) -> list[Child]:
    """The outside systems, which exist in a demo only."""
    if not _is_demo():
        return []
    told = ["--kedang", f"http://127.0.0.1:{port}"]
    return [Child("neighbours", [sys.executable, "manage.py", "neighbours", *told])]


def _is_demo() -> bool:
    return os.environ.get("KEDANG_DEMO") == "1"


# --- run


def run(group: Group) -> int:
    """Run the group until somebody ends it."""
    for folder in (run_folder(), var() / "log"):
        folder.mkdir(parents=True, exist_ok=True)
    with _only_one() as alone:
        if not alone:
            say(f"Kedang is running already: {group.address}  (`make stop` ends it)")
            return 0
        shutil.rmtree(run_folder() / "prometheus", ignore_errors=True)  # an earlier run's figures
        (run_folder() / "prometheus").mkdir()
        processes.remember(run_folder() / "supervisor.pid", os.getpid())
        _on_signals(_end)
        watch = Watch(group, dict(os.environ))
        try:
            watch.start()
            watch.forever()
        except Ended:
            say("Ending …")
            return 0
        except (SetupError, subprocess.CalledProcessError) as error:
            say(f"Kedang could not start: {error}")
            return 1
        finally:
            _on_signals(signal.SIG_IGN)
            watch.end()
            (run_folder() / "supervisor.pid").unlink(missing_ok=True)


def _end(_sign: int, _frame: FrameType | None) -> NoReturn:
    _on_signals(signal.SIG_IGN)  # a second Ctrl-C must not cut the end short
    raise Ended


def _on_signals(what: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, what)


# --- stop and status


def stop() -> int:
    """End a running group, or what is left of one, and the built-in database."""
    head = processes.recall(run_folder() / "supervisor.pid")
    if head is not None:
        os.kill(head, signal.SIGTERM)
        end = time.monotonic() + 20
        while processes.recall(run_folder() / "supervisor.pid") and time.monotonic() < end:
            time.sleep(0.1)
        if processes.recall(run_folder() / "supervisor.pid"):
            os.kill(head, signal.SIGKILL)
    left = list(_left_over().values())
    processes.end_groups(left, seconds=PATIENCE)
    database = embedded.stop()
    for path in run_folder().glob("*.pid"):
        path.unlink()
    say("Kedang has been stopped." if head or left or database else "Kedang is not running.")
    return 0


def status() -> int:
    """Say what runs."""
    head = processes.recall(run_folder() / "supervisor.pid")
    for name, pid in _left_over().items():
        say(f"{name}: process {pid}")
    server = postgres.find_server()
    if server:
        say(f"database: process {server.pid} on port {server.port}")
    say("Kedang is running." if head else "Kedang is not running.")
    return 0 if head else 3


def _left_over() -> dict[str, int]:
    found = {path.stem: processes.recall(path) for path in run_folder().glob("*.pid")}
    return {name: pid for name, pid in found.items() if pid and name != "supervisor"}


@contextlib.contextmanager
def _only_one() -> Iterator[bool]:
    """Hold the group's lock for life; False when another supervisor holds it."""
    with (run_folder() / "supervisor.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def main(words: list[str]) -> int:
    """Do what the command line asks."""
    if words == ["run"]:
        return _run_full()
    if words in (["stop"], ["status"]):
        return stop() if words == ["stop"] else status()
    sys.stderr.write("Usage: python -m crm.supervisor run | stop | status\n")
    return 2


def _run_full() -> int:
    group = full_group()
    if _is_demo():  # its outside systems live on this machine
        os.environ.setdefault("KEDANG_WEBHOOK_NETWORKS", "127.0.0.0/8")
    if os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings.dev").endswith(".dev"):
        ensure_keys()
    return run(group)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as trouble:
        sys.exit(f"{trouble}")
