"""The story's acts in the test's own process: Django's test client instead of a socket.

People are those of `Town`; the outside systems say through the API what `crm.neighbours` would.
"""

import json

from django.test import Client
from django.utils import timezone

from crm.demo.story.browser import Api, Browser, Unexpected
from crm.demo.story.net_entry import NetEntry
from crm.identity.choices import SourceSystem, UserKind
from crm.identity.tests.factories import ApiClientFactory, UserFactory, bearer
from crm.neighbours.answers import ANSWERS, Heard, report_on
from crm.outbox.models import Message
from onboarding.tests.factories import IDENTITY, Town

BACKEND = "django.contrib.auth.backends.ModelBackend"
READS = ["registration.v", "customer.v", "cases.v", "events.v"]


class Here(Browser):
    """One person's browser on the test client, tokens checked as in production."""

    def __init__(self, person):
        super().__init__("http://testserver", person.username)
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(person, backend=BACKEND)

    def _call(self, method, path, body):
        kind = "application/x-www-form-urlencoded"
        headers = {"referer": f"http://testserver{path}"}
        answer = self.client.generic(method, path, body or "", content_type=kind, headers=headers)
        return answer.status_code, answer.get("Location", ""), answer.content.decode()


class Systems:
    """ZM, EM, CRM, bank and order centre: each answers once what it has heard."""

    def __init__(self, town):
        self.town = town
        self.client = Client()
        self.faults = {}
        self.dead = set()
        self.heard = set()

    def answer(self):
        """Let every living system report on what it has not heard yet."""
        for system, topic in ANSWERS:
            if system in self.dead:
                continue
            for message in Message.objects.filter(topic=topic).order_by("pk"):
                if (system, message.uid) not in self.heard:
                    self.heard.add((system, message.uid))
                    self.report(system, message)

    def report(self, system, message):
        fault = self.faults.pop(system, None)
        heard = Heard(system, str(message.uid), message.topic, message.payload, fault)
        report = report_on(heard, today=timezone.localdate())
        if report is None:
            return
        token = bearer(self.town.clients[SourceSystem(system)])
        body = json.dumps(report.body)
        answer = self.client.post(report.path, body, "application/json", headers=token)
        assert answer.status_code == 200, answer.content.decode()


class Reader(Api):
    """The checker's API client; outside systems answer before it looks."""

    def __init__(self, town, systems):
        self.systems = systems
        user = UserFactory(kind=UserKind.SYSTEM, department=town.organisation, name="检查程序")
        self.token = bearer(ApiClientFactory(user=user, system=SourceSystem.OTHER, scopes=READS))

    def get(self, path):
        self.systems.answer()
        answer = Client().get(path, headers=self.token)
        if answer.status_code != 200:
            raise Unexpected(f"{path}: {answer.status_code} {answer.content.decode()}")
        return answer.json()


class Story(NetEntry):
    """One retailer in `Town`; the flow goes on from wherever a test has left it."""

    def __init__(self, town=None, *, settlement="网上扣划", systems=Systems):
        self.town = town or Town()
        self.systems = systems(self.town)
        town = self.town
        self.people = {
            "officer1": town.officer,
            "squad1": town.squad_leader,
            "monopoly": town.licence_head,
            "licence": town.licensing,
            "manager1": town.manager,
            "service": town.service,
            "delivery": town.delivery,
            "network1": town.network,
            "network2": town.network_2,
            "deputy": town.deputy,
        }
        cast = {desk: Here(person) for desk, person in self.people.items()}
        super().__init__(cast, Reader(town, self.systems), self.row_of(settlement), 1)
        self.squad = str(town.squad)
        self.steps = self.play()

    def row_of(self, settlement):
        return {
            "店铺名称": "川口鑫家烟酒商行",
            "经营场所": "延安市宝塔区川口镇北街253号",
            "法定代表人": "何然雨",
            "身份证号": IDENTITY,
            "联系电话": "18649145818",
            "订货方式": "网上订货",
            "结算方式": settlement,
            "客户级别": "A3",
            "送货线路": str(self.town.route),
            "市场类型": "城镇",
            "业态": "烟酒商店",
            "订货周期": "周一",
            "开户银行": "中国农业银行",
            "扣款账号": "6222020000000000000",
        }

    def wait_for_light(self, browser, system):
        self.systems.answer()
        super().wait_for_light(browser, system)

    def upto(self, stage):
        """Play on until the form first stands at `stage`."""
        for step in self.steps:
            if step.stage == stage:
                return self
        raise AssertionError(f"the flow never comes to {stage}")

    def rest(self):
        """Play the remaining acts."""
        return list(self.steps)

    @property
    def stage(self):
        return self.api.get(f"/api/v1/registration-forms/{self.number}/")["stage"]

    def turn(self, desk, verdict, opinion=""):
        """One decision from the person's queue."""
        self.decide(self.cast[desk], verdict, opinion)

    def has_step(self, desk):
        """Whether this form waits in the person's queue."""
        return self.record["店铺名称"] in self.cast[desk].get("/approvals/").html
