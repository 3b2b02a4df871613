"""A bureau that takes in retailers: people, routes, systems, and a form at any stage."""

import itertools
from datetime import date

from crm.approvals.choices import Verdict
from crm.approvals.models import Round, Step
from crm.approvals.tests.factories import Bureau
from crm.identity.choices import DepartmentKind, Duty, SourceSystem, UserKind
from crm.identity.models import User
from crm.identity.tests.factories import ApiClientFactory, UserFactory
from customers.values import BankAccount
from logistics.tests.factories import DeliveryRouteFactory
from onboarding.choices import InboundKind, NoticeRoute, Task
from onboarding.selectors.sheet import approved_values
from onboarding.services import entry, licensing, registration, sales
from onboarding.services.inbound import Report, take_report
from onboarding.services.values import MonopolyBlock, Notice, SalesBlock

_serials = itertools.count(1)
IDENTITY = "61060219790215027X"
SCOPES = {
    SourceSystem.ZM: [
        "inbound_licence.x",
        "registration.v",
        "customer.c",
        "customer.v",
        "events.v",
    ],
    SourceSystem.EM: ["inbound_echo.x", "registration.v", "customer.v", "events.v"],
    SourceSystem.CRM: ["inbound_echo.x", "registration.v", "customer.v", "events.v"],
    SourceSystem.BANK: ["inbound_binding.x", "bank_binding.x", "bank_binding.v", "events.v"],
    SourceSystem.ORDER_CENTRE: ["inbound_receipt.x", "registration.v", "customer.v", "events.v"],
}


class Town(Bureau):
    """A bureau with a licensing department, two people of the network office and its neighbours."""

    def __init__(self):
        super().__init__()
        self.squad = self.departments["squad_leader"]
        licensing_department = self.department(DepartmentKind.LICENSING)
        self.licensing = self.person(Duty.LIC, licensing_department, "何办证")
        self.network_2 = self.person(Duty.NET, self.departments["network"], "许网建")
        self.route = DeliveryRouteFactory(organisation=self.organisation)
        self.clients = {
            system: ApiClientFactory(
                user=UserFactory(
                    kind=UserKind.SYSTEM, department=self.organisation, name=str(system.label)
                ),
                system=system,
                scopes=scopes,
            )
            for system, scopes in SCOPES.items()
        }

    def system(self, name):
        """The user of an outside system as a request with its token would bring it."""
        user = User.objects.get(pk=self.clients[name].user_id)
        user.token_scopes = frozenset(SCOPES[name])
        return user

    def block(self, **changes):
        values = {
            "store_name": "川口鑫家烟酒商行",
            "business_premises": "延安市宝塔区川口镇北街253号",
            "legal_representative": "何然雨",
            "identity_no": IDENTITY,
            "phone": "18649145818",
            "city_id": "610600",
            "area": self.squad,
            "manager": self.manager,
        }
        return MonopolyBlock(**values | changes)

    def sales_block(self, **changes):
        values = {
            "order_mode": "online",
            "settlement_mode": "withholding",
            "customer_level": "A3",
            "market_type": "X",
            "business_format": "Y",
            "order_cycle": "mon",
            "visit_cycle": "week",
            "delivery_route": self.route,
            "delivery_address": "延安市宝塔区川口镇北街253号",
        }
        return SalesBlock(**values | changes)

    def start(self, **changes):
        return registration.start_registration(block=self.block(**changes), by=self.officer)

    def sign(self, form, duty, by, *, verdict=Verdict.APPROVE, opinion=""):
        """One signature as the sign page sends it."""
        form.refresh_from_db()
        case = form.sales_case or form.licence_case
        step = Step.objects.get(case=case, round=case.round, duty=duty)
        digest = Round.objects.get(case=case, number=case.round).digest
        return registration.decide_registration(
            step=step, verdict=verdict, by=by, opinion=opinion, digest=digest
        )

    def report(self, system, kind, form, *, serial=None, **body):
        """One message of an outside system about `form`."""
        report = Report(system, serial or f"{system}-{next(_serials)}", kind, form.number, body)
        return take_report(report=report, form=form, by=self.system(system))

    # --- a form brought to a stage by the people and systems that do it

    def licensed(self, **changes):
        form = self.start(**changes)
        registration.submit_licence_block(form=form, by=self.officer)
        self.sign(form, Duty.SL, self.squad_leader)
        self.sign(form, Duty.LH, self.licence_head)
        self.report(
            SourceSystem.ZM,
            InboundKind.LICENCE,
            form,
            result="issued",
            licence_no=f"6106{next(_serials):08d}",
            valid_to=date(2030, 12, 31),
            reason="",
        )
        form.refresh_from_db()
        return form

    def at_manager(self, **changes):
        form = self.licensed(**changes)
        notices = [Notice(NoticeRoute.ORAL, "何办证", "客户服务中心")]
        return licensing.notify_service_centre(form=form, notices=notices, by=self.licensing)

    def filled(self, **changes):
        form = self.at_manager()
        block = self.sales_block(**changes)
        form = sales.fill_sales_block(
            form=form, block=block, expected=form.version, by=self.manager
        )
        for task in (Task.SURVEY, Task.DELIVERY, Task.MONOPOLY_CHECK):
            sales.tick_task(form=form, task=task, by=self.manager)
        if block.settlement_mode == "withholding":
            self.bind(form)
        form.refresh_from_db()
        return form

    def bind(self, form):
        account = BankAccount(
            bank="中国农业银行", holder_name="何然雨", account_no="6222020000000000000"
        )
        sales.ask_for_binding(form=form, account=account, by=self.network)
        self.report(SourceSystem.BANK, InboundKind.BINDING, form, result="bound", reason="")
        return sales.confirm_account(form=form, by=self.network_2)

    def in_review(self, **changes):
        return sales.submit_sales_block(form=self.filled(**changes), by=self.manager)

    def approved(self, **changes):
        form = self.in_review(**changes)
        for duty, person in self.three:
            self.sign(form, duty, person)
        return self.sign(form, Duty.DSM, self.deputy)

    @property
    def three(self):
        return [(Duty.CSC, self.service), (Duty.DC, self.delivery), (Duty.NET, self.network)]

    def echo(self, form, system, **wrong):
        stored = approved_values(form, system) | wrong
        return self.report(system, InboundKind.ECHO, form, fields_stored=stored)

    def entered(self, **changes):
        form = entry.enter_data(form=self.approved(**changes), by=self.network_2)
        for system in (SourceSystem.EM, SourceSystem.CRM):
            self.echo(form, system)
        return entry.finish_entry(form=form, by=self.network_2)

    def reported(self, **changes):
        form = self.entered(**changes)
        entry.send_transfer_form(form=form, by=self.network_2)
        self.report(SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, form, receipt_no="OC-1")
        form.refresh_from_db()
        return form

    def active(self, **changes):
        return entry.activate_registration(form=self.reported(**changes), by=self.network_2)
