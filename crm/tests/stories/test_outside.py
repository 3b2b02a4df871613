"""Outside systems in trouble: real calls both ways, Kedang on a port, the neighbours on another."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from crm.identity.choices import Duty, SourceSystem
from crm.neighbours.config import Config, Keys, webhook_url
from crm.neighbours.server import Server
from crm.neighbours.street import Street
from crm.outbox import services as outbox
from crm.outbox.choices import DeliveryStatus, Topic
from crm.outbox.models import Delivery, Endpoint
from crm.tests.stories.town import Story
from onboarding.models import InboundMessage, RegistrationForm
from onboarding.services import registration
from onboarding.tests.factories import SCOPES, Town

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.processes,
    pytest.mark.slow,
]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def identity(number):
    """A valid resident number for each of many people."""
    body = f"61060219790215{number:03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[rest]


class Outside:
    """The five systems over HTTP: each on a port of its own, so that one may be dead."""

    def __init__(self, town, kedang, *, timeout=1):
        self.town, self.timeout = town, timeout
        self.ports = {system: free_port() for system in SCOPES}
        keys = {}
        for system in SCOPES:
            _endpoint, secret = outbox.register_endpoint(
                organisation_id=town.organisation.pk,
                system=system,
                url=webhook_url(system, port=self.ports[system]),
                by=town.deputy,
                timeout=timeout,
            )
            keys[str(system)] = Keys(secret, town.clients[system].clear_token)
        self.street = Street(Config(kedang, keys), delay=0.01)
        self.servers = []

    def open(self, *systems):
        for system in systems:
            server = Server(self.street, self.ports[system])
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            self.servers.append((server, thread))

    def close(self):
        for server, thread in self.servers:
            server.shutdown()
            server.server_close()
            thread.join()
        eventually(lambda: not [t for t in threading.enumerate() if "report-" in t.name])

    def answer(self):
        """What the worker does."""
        outbox.deliver_due(seconds=5)

    def wake(self, system):
        endpoint = Endpoint.objects.get(system=system)
        outbox.wake_endpoint(endpoint=endpoint, by=self.town.deputy)

    def heard(self, system):
        entries = self.street.diary.entries()
        return [e for e in entries if e["direction"] == "in" and e["system"] == system]


@contextmanager
def town_with_outside(kedang):
    town = Town()
    outside = Outside(town, kedang)
    try:
        yield town, outside
    finally:
        outside.close()


@pytest.fixture
def outside(live_server, settings, monkeypatch):
    """The bureau with its outside systems; the courier is the test itself, as after RF-41."""
    settings.KEDANG_WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr("crm.core.jobs._send", lambda *_what: None)
    with town_with_outside(live_server.url) as (_town, running):
        yield running


def eventually(test, seconds=20):
    end = time.monotonic() + seconds
    while not (found := test()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def ask_for_licences(town, count):
    """Forms that wait for ZM."""
    for number in range(count):
        form = town.start(identity_no=identity(101 + number), store_name=f"川口{number}号店")
        registration.submit_licence_block(form=form, by=town.officer)
        town.sign(form, Duty.SL, town.squad_leader)
        town.sign(form, Duty.LH, town.licence_head)


def tell_em(town, count):
    for number in range(count):
        outbox.publish(
            topic=Topic.NOTICE_EM,
            key=f"n-{number}",
            payload={"form": f"n-{number}"},
            organisation_id=town.organisation.pk,
        )


def test_rf_43_a_receiver_in_every_kind_of_trouble_loses_nothing_and_delays_nobody(outside):
    town = outside.town
    outside.open(*SCOPES)
    for fault, seconds in [
        ("500", 0),
        ("timeout", 2),
        ("garbage", 0),
        ("answer_after_timeout", 1.5),
    ]:
        outside.street.faults.order({"system": "zm", "fault": fault, "seconds": seconds})
    ask_for_licences(town, 3)
    tell_em(town, 5)
    begin = time.monotonic()
    outside.answer()
    assert time.monotonic() - begin < 5
    em = Delivery.objects.filter(endpoint__system=SourceSystem.EM)
    assert set(em.values_list("status", "attempts")) == {(DeliveryStatus.SENT, 1)}
    zm = Delivery.objects.filter(endpoint__system=SourceSystem.ZM)
    assert zm.filter(status=DeliveryStatus.PENDING).exists()
    for _round in range(12):
        outside.wake(SourceSystem.ZM)
        outside.answer()
        if not zm.exclude(status=DeliveryStatus.SENT).exists():
            break
    assert set(zm.values_list("status", flat=True)) == {DeliveryStatus.SENT}
    calls = outside.heard("zm")
    assert [call["fault"] for call in calls if call["fault"]] == [
        "500",
        "timeout",
        "garbage",
        "answer_after_timeout",
    ]
    assert len({call["event"] for call in calls}) == 3
    assert len(calls) == 3 + 4
    forms = RegistrationForm.objects
    assert eventually(lambda: set(forms.values_list("stage", flat=True)) == {"licensed"})
    taken = InboundMessage.objects.filter(system="zm").values_list("serial", "result")
    assert sorted(taken) == sorted((f"zm-{event}", "applied") for event in events(calls))


def events(calls):
    return {call["event"] for call in calls}


def test_a_report_sent_twice_has_one_effect(outside):
    """Domain 6.3: once by (system, serial number)."""
    outside.open(*SCOPES)
    outside.street.faults.order({"system": "zm", "fault": "twice"})
    ask_for_licences(outside.town, 1)
    outside.answer()
    sent = lambda: [e for e in outside.street.diary.entries() if e["direction"] == "out"]  # noqa: E731
    assert eventually(lambda: len(sent()) == 2)
    assert [entry["status"] for entry in sent()] == [200, 200]
    assert sent()[0]["answer"] == sent()[1]["answer"]
    assert InboundMessage.objects.filter(system="zm").count() == 1


def test_em_is_dead_for_half_the_flow_and_hears_everything_in_order_when_it_wakes(outside):
    """Issue 2 section 10: receiver dead for half the flow; RF-43."""
    outside.open(*(system for system in SCOPES if system != SourceSystem.EM))
    story = Story(outside.town, systems=lambda _town: outside)
    story.upto("data_entry")
    network = story.cast["network1"]
    network.press(story.page, f"{story.page}enter/")
    outside.answer()
    assert eventually(lambda: network.get(story.page).lights["CRM 系统"] == "green")
    assert network.get(story.page).lights["订货系统 EM"] == "amber"
    assert "EM" in network.press(story.page, "enter/finish").said
    waiting = Delivery.objects.filter(endpoint__system=SourceSystem.EM)
    assert set(waiting.values_list("status", flat=True)) == {DeliveryStatus.PENDING}
    outside.open(SourceSystem.EM)
    outside.wake(SourceSystem.EM)
    story.rest()
    assert story.stage == "active"
    topics = [call["topic"] for call in outside.heard("em")]
    assert topics == ["onboarding.notice_em", "onboarding.base_data", "onboarding.base_data"]
    assert not Delivery.objects.exclude(status=DeliveryStatus.SENT).exists()
