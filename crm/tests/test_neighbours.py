"""The neighbours by themselves: signatures, repeats, faults; Kedang is a small fake API here."""

import json
import stat
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import date
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crm.neighbours.answers import Heard, licence_no, report_on
from crm.neighbours.config import SYSTEMS, Config, Keys, read_config, webhook_url, write_config
from crm.neighbours.faults import Fault
from crm.neighbours.server import Server
from crm.neighbours.street import Street
from crm.outbox.channels.webhook import Call, send
from crm.outbox.formulas import SIGNATURE_HEADER, sign
from crm.places import SetupError

pytestmark = pytest.mark.processes

SECRET, TODAY = "geheim", date(2026, 11, 22)
LICENCE = "onboarding.licence_requested"


class FakeKedang(BaseHTTPRequestHandler):
    """Answers what it is told to, and remembers every report."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kedang = self.server
        kedang.reports.append((self.path, self.headers["Authorization"], body))
        status = kedang.plan.pop(0) if kedang.plan else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *said):
        """Quiet."""


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def kedang():
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeKedang)
    server.daemon_threads, server.reports, server.plan = True, [], []
    with serving(server):
        yield server


@pytest.fixture
def street(kedang, settings):
    settings.KEDANG_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    keys = {system: Keys(SECRET, f"kd_{system}") for system in SYSTEMS}
    config = Config(f"http://127.0.0.1:{kedang.server_port}", keys)
    with serving(Server(Street(config, delay=0.01), 0)) as server:
        yield server


def event(number=1, topic=LICENCE, **data):
    payload = {"form": f"DJ2026{number:06d}"} | data
    return {"id": f"e-{number}", "topic": topic, "key": payload["form"], "data": payload}


def call(server, said, *, system="zm", seconds=5, secret=SECRET):
    """One webhook as Kedang's own outbox sends it."""
    body = json.dumps(said, ensure_ascii=False).encode()
    url = f"{server.address}/{system}/"
    return send(Call(url, secret, seconds, said["id"], said["topic"], "d-1", body))


def ask(server, method, path, body=None):
    line = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    line.request(method, path, json.dumps(body) if body is not None else None)
    answer = line.getresponse()
    told = json.loads(answer.read())
    line.close()
    return answer.status, told


def order(server, fault, system="zm", **more):
    return ask(server, "POST", "/faults", {"system": system, "fault": fault, **more})


def eventually(test, seconds=30):
    end = time.monotonic() + seconds
    while not (found := test()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


# --- what is taken, and what is said


def test_a_genuine_event_is_taken_and_reported_back_under_its_own_serial_number(street, kedang):
    assert call(street, event()).is_taken
    assert eventually(lambda: kedang.reports)
    path, token, body = kedang.reports[0]
    assert (path, token) == ("/api/v1/licence-results/", "Token kd_zm")
    assert (body["system"], body["serial"], body["form"]) == ("zm", "zm-e-1", "DJ2026000001")
    assert (body["result"], body["licence_no"]) == ("issued", "612026000001")


def test_a_call_with_a_wrong_signature_is_refused_and_nothing_is_done(street, kedang):
    answer = call(street, event(), secret="another")
    assert (answer.is_taken, answer.error) == (False, "HTTP 401")
    time.sleep(0.1)
    assert kedang.reports == []


def test_an_old_signature_is_refused(street):
    body = json.dumps(event()).encode()
    line = HTTPConnection("127.0.0.1", street.server_port, timeout=5)
    header = sign(SECRET, body, now=int(time.time()) - 301)
    line.request("POST", "/zm/", body, {SIGNATURE_HEADER: header})
    assert line.getresponse().status == 401
    line.close()


def test_an_unknown_system_and_a_body_that_is_no_event_are_told_so(street):
    assert call(street, event(), system="mars").error == "HTTP 404"
    assert call(street, {"id": "1", "topic": "x"}).error == "HTTP 400"


def test_a_repeated_event_is_answered_200_and_acted_on_once(street, kedang):
    assert call(street, event()).is_taken
    assert call(street, event()).is_taken
    eventually(lambda: kedang.reports)
    time.sleep(0.1)
    assert len(kedang.reports) == 1
    marks = [entry["repeated"] for entry in ask(street, "GET", "/log")[1] if "event" in entry]
    assert marks == [False, True]


def test_a_topic_nobody_answers_is_noted_and_no_more(street, kedang):
    assert call(street, event(topic="onboarding.notice_em"), system="em").is_taken
    time.sleep(0.1)
    assert kedang.reports == []


@pytest.mark.parametrize("status", [409, 429, 503])
def test_a_busy_kedang_is_asked_again_with_the_same_serial_number(street, kedang, status):
    kedang.plan = [status]
    call(street, event())
    assert eventually(lambda: len(kedang.reports) == 2)
    assert {body["serial"] for _path, _token, body in kedang.reports} == {"zm-e-1"}


def test_a_report_that_kedang_refuses_is_not_sent_again(street, kedang):
    kedang.plan = [422]
    call(street, event())
    eventually(lambda: kedang.reports)
    time.sleep(0.35)
    assert len(kedang.reports) == 1


# --- faults


@pytest.mark.parametrize(
    ("fault", "error"), [("500", "HTTP 500"), ("garbage", "BadStatusLine"), ("timeout", "timeout")]
)
def test_an_event_that_was_not_taken_is_done_when_it_comes_again(street, kedang, fault, error):
    is_slow = fault == "timeout"
    order(street, fault, **({"seconds": 2} if is_slow else {}))
    first = call(street, event(), seconds=0.3 if is_slow else 10)
    assert (first.is_taken, first.error, first.is_down) == (False, error, True)
    time.sleep(0.1)
    assert kedang.reports == []
    assert call(street, event()).is_taken
    assert eventually(lambda: len(kedang.reports) == 1)


def test_an_answer_after_the_timeout_has_done_the_work_and_the_repeat_does_it_not_again(
    street, kedang
):
    order(street, "answer_after_timeout", seconds=1)
    first = call(street, event(), seconds=0.2)
    assert (first.is_taken, first.error) == (False, "timeout")
    assert eventually(lambda: kedang.reports)
    assert call(street, event()).is_taken
    time.sleep(0.1)
    assert len(kedang.reports) == 1


def test_a_silent_system_takes_the_event_and_says_nothing(street, kedang):
    order(street, "silent")
    assert call(street, event()).is_taken
    time.sleep(0.15)
    assert kedang.reports == []


def test_a_late_report_comes_late(street, kedang):
    order(street, "late", seconds=0.3)
    begin = time.monotonic()
    call(street, event())
    assert eventually(lambda: kedang.reports)
    assert time.monotonic() - begin >= 0.3


def test_a_report_sent_twice_carries_one_serial_number(street, kedang):
    order(street, "twice")
    call(street, event())
    assert eventually(lambda: len(kedang.reports) == 2)
    assert Counter(body["serial"] for _p, _t, body in kedang.reports) == {"zm-e-1": 2}


@pytest.mark.parametrize(
    ("system", "topic", "result"),
    [("zm", LICENCE, "refused"), ("bank", "onboarding.bind_requested", "failed")],
)
def test_a_refusal_names_its_reason(street, kedang, system, topic, result):
    order(street, "refuse", system)
    call(street, event(topic=topic), system=system)
    assert eventually(lambda: kedang.reports)
    body = kedang.reports[0][2]
    assert body["result"] == result
    assert body["reason"]
    assert "licence_no" not in body


@pytest.mark.parametrize("system", ["em", "crm"])
def test_a_wrong_field_is_one_field_of_all(street, kedang, system):
    topic = {"em": "onboarding.base_data", "crm": "onboarding.crm_data"}[system]
    fields = {"store_name": "川口鑫家烟酒商行", "phone": "18649145818"}
    order(street, "wrong_field", system)
    call(street, event(topic=topic, fields=fields), system=system)
    assert eventually(lambda: kedang.reports)
    stored = kedang.reports[0][2]["fields_stored"]
    assert [name for name in fields if stored[name] != fields[name]] == ["phone"]


def test_a_system_in_trouble_delays_no_other(street):
    """RF-43."""
    order(street, "timeout", seconds=2)
    stuck = threading.Thread(target=call, args=(street, event()), kwargs={"seconds": 2})
    stuck.start()
    assert call(street, event(2, "onboarding.base_data", fields={}), system="em").is_taken
    assert stuck.is_alive()
    stuck.join()


def test_faults_are_counted_down_and_can_be_called_off(street):
    order(street, "500", count=2)
    assert [call(street, event()).error for _time in range(2)] == ["HTTP 500"] * 2
    assert call(street, event()).is_taken
    order(street, "500", "em", count=5)
    assert ask(street, "GET", "/faults")[1] == [
        {"system": "em", "fault": "500", "count": 5, "seconds": 0.0}
    ]
    assert ask(street, "DELETE", "/faults") == (200, [])
    assert call(street, event(3, "x"), system="em").is_taken


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"system": "mars", "fault": "500"},
        {"system": "zm", "fault": "burn"},
        {"system": "em", "fault": "refuse"},
        {"system": "zm", "fault": "wrong_field"},
        {"system": "zm", "fault": "500", "count": 0},
        {"system": "zm", "fault": "late", "seconds": -1},
        ["zm"],
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(street, asked):
    assert ask(street, "POST", "/faults", asked)[0] == 400
    assert ask(street, "GET", "/faults")[1] == []


def test_the_log_can_be_read_from_a_number_on(street, kedang):
    call(street, event())
    assert eventually(lambda: len(ask(street, "GET", "/log")[1]) == 2)
    entries = ask(street, "GET", "/log")[1]
    assert {entry["direction"] for entry in entries} == {"in", "out"}
    assert ask(street, "GET", "/log?after=1")[1] == entries[1:]
    assert SECRET not in json.dumps(entries)


# --- pure parts


def test_every_repeat_gets_the_same_licence_of_twelve_digits():
    heard = Heard("zm", "e-1", LICENCE, {"form": "DJ2026000001"})
    assert report_on(heard, today=TODAY) == report_on(heard, today=TODAY)
    assert [licence_no(form) for form in ("DJ2026000001", "DJ20261234567", "")] == [
        "612026000001",
        "610261234567",
        "610000000000",
    ]


def test_a_leap_day_is_a_fine_day_to_issue_a_licence():
    heard = Heard("zm", "e-1", LICENCE, {"form": "DJ2028000001"})
    assert report_on(heard, today=date(2028, 2, 29)).body["valid_to"] == "2033-02-28"


def test_every_fault_is_played_by_somebody():
    assert len(Fault) == 9


def test_the_keys_are_private_and_never_printed(tmp_path):
    path = tmp_path / "neighbours.json"
    write_config(path, Config("http://127.0.0.1:8000", {"zm": Keys(SECRET, "kd_1")}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = read_config(path)
    assert found.systems["zm"] == Keys(SECRET, "kd_1")
    assert SECRET not in repr(found)
    assert webhook_url("zm") == "http://127.0.0.1:8010/zm/"


@pytest.mark.parametrize("text", [None, "not json", "[]", '{"base_url": "x"}'])
def test_a_file_that_is_missing_or_wrong_is_told_in_plain_words(tmp_path, text):
    path = tmp_path / "neighbours.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SetupError, match=r"neighbours\.json"):
        read_config(path)
