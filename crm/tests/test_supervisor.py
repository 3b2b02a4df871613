"""The supervised group of `make run`, with tiny children in place of web, worker and beat."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm import embedded, postgres, processes, supervisor
from crm.watch import Group, Watch

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(120)]

IDLE = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    f"subprocess.Popen([sys.executable, '-c', {IDLE!r}]); print('deaf', flush=True);"
    "time.sleep(600)"
)
READY = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz/ready" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


class Run:
    """A supervisor in a process of its own, as `make run` starts it."""

    def __init__(self, place, children, **options):
        self.place = place
        commands = {
            name: [sys.executable, "-c", *code.split("\t")] for name, code in children.items()
        }
        script = (
            "import sys; from crm.supervisor import Child, Group, run;"
            f"sys.exit(run(Group(children=[Child(n, c) for n, c in {commands!r}.items()],"
            f" **{options!r})))"
        )
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", script],
            cwd=embedded.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pid_of(self, name):
        return wait_for(lambda: processes.recall(self.place / "run" / f"{name}.pid"))

    def end(self, sign=signal.SIGTERM):
        """Send the signal; return exit code, seconds taken and all it said."""
        begin = time.monotonic()
        self.process.send_signal(sign)
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - begin, said


@pytest.fixture
def start(place):
    runs = []

    def _start(children, **options):
        runs.append(Run(place, children, **options))
        return runs[-1]

    yield _start
    for run in runs:
        if run.process.poll() is None:
            run.end()
        run.process.stdout.close()
    supervisor.stop()


def wait_for(look, seconds=20):
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return found


def alive(pid):
    """Whether the process lives; a dead one that nobody buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def group_of(leader):
    return [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if alive(entry.name) and _group(entry) == leader
    ]


def _group(entry):
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[2])
    except OSError:
        return None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def test_the_group_starts_says_where_it_is_and_ends_at_ctrl_c(start, place):
    port = free_port()
    run = start(
        {"web": f"{READY}\t{port}", "worker": IDLE},
        before=[sys.executable, "-c", "print('manager / demo password')"],
        ready=f"http://127.0.0.1:{port}/healthz/ready",
        address=f"http://127.0.0.1:{port}/",
    )
    said = [run.process.stdout.readline() for _ in range(4)]
    pids = [run.pid_of("web"), run.pid_of("worker")]
    assert all(alive(pid) for pid in pids)
    assert said[0] == "Preparing:\n"
    assert said[1] == "manager / demo password\n"
    assert said[2].startswith("Kedang is ready after ")
    assert f"http://127.0.0.1:{port}/" in said[2]

    code, seconds, _ = run.end(signal.SIGINT)

    assert code == 0
    assert seconds < 10
    assert not any(alive(pid) for pid in pids)
    assert sorted(path.name for path in (place / "run").glob("*.pid")) == []


def test_a_child_that_dies_is_started_again_and_the_others_stay(start, place):
    run = start({"web": IDLE, "worker": IDLE})
    web, worker = run.pid_of("web"), run.pid_of("worker")

    os.kill(web, signal.SIGKILL)

    second = wait_for(lambda: (pid := run.pid_of("web")) != web and pid)
    assert alive(second)
    assert run.pid_of("worker") == worker
    code, _, said = run.end()
    assert code == 0
    assert "web ended (code -9) and starts again in 1 s" in said


def test_a_child_that_dies_at_once_is_tried_less_and_less_often(start, place):
    run = start({"web": "import sys; print('born', flush=True); sys.exit(7)", "beat": IDLE})
    log = place / "log" / "web.log"
    wait_for(lambda: log.exists() and log.read_text() == "born\n" * 3)
    time.sleep(2)  # halfway between its third death and its fourth birth, four seconds later

    _, _, said = run.end()

    assert [f"again in {pause} s" in said for pause in (1, 2, 4, 8)] == [True, True, True, False]
    assert log.read_text() == "born\n" * 3
    assert "code 7" in said


def test_a_deaf_child_and_its_own_child_are_ended_within_ten_seconds(start, place):
    run = start({"worker": STUBBORN, "beat": IDLE})
    leader = run.pid_of("worker")
    wait_for(lambda: len(group_of(leader)) == 2)

    code, seconds, _ = run.end()

    assert code == 0
    assert seconds < 10
    assert group_of(leader) == []


def test_a_killed_supervisor_takes_its_children_along(start, place):
    run = start({"web": IDLE, "worker": IDLE})
    pids = [run.pid_of("web"), run.pid_of("worker")]

    run.end(signal.SIGKILL)

    wait_for(lambda: not any(alive(pid) for pid in pids))


def test_stop_ends_what_a_killed_supervisor_left_behind(start, place, capsys):
    run = start({"worker": STUBBORN})
    leader = run.pid_of("worker")
    wait_for(lambda: len(group_of(leader)) == 2)
    run.end(signal.SIGKILL)
    assert alive(leader)

    assert supervisor.stop() == 0

    assert group_of(leader) == []
    assert capsys.readouterr().out == "Kedang has been stopped.\n"
    assert list((place / "run").glob("*.pid")) == []


def test_stop_from_elsewhere_ends_the_running_group(start, place, capsys):
    run = start({"web": IDLE})
    web = run.pid_of("web")
    assert supervisor.status() == 0

    assert supervisor.stop() == 0

    assert run.process.wait(timeout=30) == 0
    assert not alive(web)
    assert supervisor.status() == 3
    assert supervisor.stop() == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["Kedang is not running."] * 2


def test_a_second_run_says_that_the_first_is_running_and_leaves_it_alone(start, place):
    first = start({"web": IDLE}, address="http://127.0.0.1:8000/")
    web = first.pid_of("web")
    (place / "run" / "prometheus" / "kept").touch()

    second = start({"web": IDLE}, address="http://127.0.0.1:8000/")
    said, _ = second.process.communicate(timeout=20)

    assert second.process.returncode == 0
    assert said == "Kedang is running already: http://127.0.0.1:8000/  (`make stop` ends it)\n"
    assert first.pid_of("web") == web
    assert alive(web)
    assert (place / "run" / "prometheus" / "kept").exists()


def test_a_process_that_has_the_number_of_a_dead_child_is_spared(place):
    (place / "run").mkdir(parents=True)
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as stranger:
        (place / "run" / "web.pid").write_text(f"{stranger.pid} 1")

        supervisor.stop()

        assert stranger.poll() is None
        stranger.kill()


def test_a_failed_preparation_starts_nothing(start, place):
    run = start({"web": IDLE}, before=[sys.executable, "-c", "raise SystemExit(3)"], database=True)
    said, _ = run.process.communicate(timeout=30)

    assert run.process.returncode == 1
    assert "Kedang could not start" in said
    assert not (place / "log" / "web.log").exists()
    assert postgres.find_server() is None


def test_the_database_it_started_ends_with_it_and_children_use_the_powerless_role(start, place):
    run = start(
        {"web": f"import os; print(os.environ['DATABASE_URL'], flush=True); {IDLE}"},
        database=True,
    )
    told = wait_for(lambda: (log := place / "log" / "web.log").exists() and log.read_text())
    assert told == embedded.url("app") + "\n"
    database = postgres.find_server().pid

    code, seconds, _ = run.end(signal.SIGINT)

    assert code == 0
    assert seconds < 10
    assert not alive(database)
    assert postgres.find_server() is None


def test_a_database_that_ran_before_is_left_running(start, place):
    embedded.start()
    database = postgres.find_server()
    run = start({"web": IDLE}, database=True)
    run.pid_of("web")

    run.end()

    assert postgres.find_server() == database


def test_a_database_that_a_killed_supervisor_left_is_ended_by_the_next(start, place):
    killed = start({"web": IDLE}, database=True)
    killed.pid_of("web")
    killed.end(signal.SIGKILL)
    assert embedded.is_running()
    run = start({"web": IDLE}, database=True)
    wait_for(lambda: (log := place / "run" / "supervisor.pid") and processes.recall(log))
    run.pid_of("web")

    run.end()

    assert postgres.find_server() is None


def test_a_database_that_is_only_just_starting_is_ended_with_the_group(place, monkeypatch):
    """A signal between the server's first breath and our note of it leaves nothing behind."""
    begun = embedded.start

    def start_and_be_interrupted():
        begun()
        raise supervisor.Ended

    monkeypatch.setattr(embedded, "start", start_and_be_interrupted)
    (place / "run").mkdir(parents=True)
    watch = Watch(Group(children=[], database=True), {})
    with pytest.raises(supervisor.Ended):
        watch.start()
    assert postgres.find_server() is not None
    watch.end()
    assert postgres.find_server() is None


def test_a_database_that_dies_comes_back_while_the_group_runs(start, place):
    run = start({"web": IDLE}, database=True)
    web = run.pid_of("web")
    first = postgres.find_server()

    os.kill(first.pid, signal.SIGKILL)

    def find_another():
        found = postgres.find_server()
        return found if found and found.ready and found.pid != first.pid else None

    second = wait_for(find_another)
    assert second.port == first.port
    assert run.pid_of("web") == web
    _, _, said = run.end()
    assert "The database ended and starts again" in said
    assert postgres.find_server() is None


def test_children_follow_a_database_that_had_to_move(start, place):
    told = "import os; print(os.environ['DATABASE_URL'], flush=True); "
    run = start({"web": told + IDLE}, database=True)
    run.pid_of("web")
    first = postgres.find_server()
    os.kill(first.pid, signal.SIGKILL)
    with hold(first.port):
        lines = wait_for(lambda: two_lines(place / "log" / "web.log"))

    assert lines[0].endswith(f":{first.port}/kedang")
    assert lines[1] == embedded.url("app")
    assert lines[1] != lines[0]


def hold(port):
    """Take the port as soon as it is free."""

    def try_it():
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            return None

    return wait_for(try_it)


def two_lines(path):
    lines = path.read_text().splitlines()
    return lines if len(lines) == 2 else None


def test_the_port_of_another_program_is_not_taken_for_ours(start, place):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        run = start({"web": IDLE}, ready=f"http://127.0.0.1:{port}/healthz/ready")
        said, _ = run.process.communicate(timeout=20)

    assert run.process.returncode == 1
    assert f"another program uses port {port}" in said
    assert not (place / "log" / "web.log").exists()


def test_the_real_group_is_web_worker_and_beat_on_the_wanted_port(place, monkeypatch):
    monkeypatch.setenv("KEDANG_PORT", "8123")

    group = supervisor.full_group()

    assert [child.name for child in group.children] == ["web", "worker", "beat"]
    assert "--no-control-socket" in group.children[0].command
    assert "127.0.0.1:8123" in group.children[0].command
    assert group.ready == "http://127.0.0.1:8123/healthz/ready"
    assert group.database is True
    monkeypatch.setenv("DATABASE_URL", "postgres://else/where")
    assert supervisor.full_group().database is False


def test_the_command_line_knows_three_words(capsys):
    assert supervisor.main(["dance"]) == 2
    assert "run | stop | status" in capsys.readouterr().err
