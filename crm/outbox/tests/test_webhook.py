"""One call to a real receiver that behaves badly (B284, RF-43)."""

import json
import time

import pytest

from crm.outbox.channels import targets, webhook
from crm.outbox.channels.webhook import Answer, Call, send
from crm.outbox.formulas import SIGNATURE_HEADER, sign

BODY = json.dumps({"id": "e1", "key": "k1"}).encode()


def call_to(receiver, seconds=1.0, url="", secret="s"):  # noqa: S107
    receiver.secret = "s"
    return Call(
        url=url or receiver.url,
        secret=secret,
        seconds=seconds,
        event="e1",
        topic="customers.changed",
        delivery="1.1",
        body=BODY,
    )


def test_an_event_arrives_signed_with_its_id(receiver):
    assert send(call_to(receiver)) == Answer(is_taken=True)
    assert receiver.calls == [("e1", "1.1")]
    assert receiver.events == {"e1": {"id": "e1", "key": "k1"}}


def test_a_wrong_secret_is_refused_by_the_receiver(receiver):
    assert send(call_to(receiver, secret="other")) == Answer(is_taken=False, error="HTTP 401")
    assert receiver.refused == 1
    assert receiver.events == {}


@pytest.mark.parametrize(
    ("step", "error", "is_down"),
    [
        ("500", "HTTP 500", True),
        ("redirect", "HTTP 302", False),
        ("garbage", "BadStatusLine", True),
        ("hang_up", "RemoteDisconnected", True),
        ("huge", "HTTPException", True),
    ],
)
def test_what_is_no_2xx_is_not_taken(receiver, step, error, is_down):
    receiver.plan.append(step)
    assert send(call_to(receiver)) == Answer(is_taken=False, error=error, is_down=is_down)
    assert receiver.events == {}


@pytest.mark.parametrize("step", ["timeout", "late", "drip"])
def test_the_whole_call_ends_in_time_however_the_answer_drags(receiver, step):
    """B284: never answering, answering late, and one byte at a time."""
    receiver.plan.append(step)
    began = time.monotonic()
    answer = send(call_to(receiver, seconds=0.3))
    assert answer == Answer(is_taken=False, error="timeout", is_down=True)
    assert time.monotonic() - began < 0.6


def test_nobody_listening_is_an_answer_too(receiver):
    closed = call_to(receiver, url="http://127.0.0.1:65000/")
    assert send(closed) == Answer(is_taken=False, error="ConnectionRefusedError", is_down=True)


def test_https_to_a_receiver_without_a_trusted_certificate_sends_nothing(receiver):
    answer = send(call_to(receiver, url=receiver.url.replace("http:", "https:")))
    assert not answer.is_taken
    assert receiver.calls == []


def test_a_name_that_points_inside_is_never_connected_to(receiver, settings, monkeypatch):
    """B281: checked with the very address that would be called."""
    settings.KEDANG_WEBHOOK_NETWORKS = []
    port = int(receiver.url.split(":")[2].split("/")[0])
    monkeypatch.setattr(
        targets.socket, "getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("127.0.0.1", port))]
    )
    answer = send(call_to(receiver, url=f"http://em.example.cn:{port}/"))
    assert not answer.is_taken
    assert answer.error.startswith("bad target")
    assert receiver.calls == []


def test_the_name_is_looked_up_once_so_it_cannot_turn_round(receiver, settings, monkeypatch):
    """B281: a second look-up would say something else; there is none."""
    settings.KEDANG_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    port = int(receiver.url.split(":")[2].split("/")[0])
    answers = [[(2, 1, 6, "", ("127.0.0.1", port))]]
    monkeypatch.setattr(targets.socket, "getaddrinfo", lambda *_a, **_k: answers.pop())
    assert send(call_to(receiver, url=f"http://em.example.cn:{port}/")).is_taken
    assert answers == []


def test_a_call_shows_no_secret_when_it_is_printed(receiver):
    """B286."""
    call = call_to(receiver, secret="very-secret")
    assert "very-secret" not in repr(call)
    assert "very-secret" not in str(webhook._headers(call))
    assert sign("very-secret", BODY, now=1) != sign("s", BODY, now=1)
    assert SIGNATURE_HEADER in webhook._headers(call)
