"""Flow A by services, as the people of the demo bureau do it: one function a stage."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from crm.approvals.choices import Verdict
from crm.approvals.models import Round, Step
from crm.core.selectors import dictionary
from crm.demo.bureau import CITY, Bureau
from crm.demo.sources import Record
from crm.demo.systems import user_of
from crm.identity.choices import Duty, SourceSystem
from crm.identity.models import User
from customers.values import BankAccount
from onboarding.choices import InboundKind, NoticeRoute, Task
from onboarding.formulas import WITHHOLDING
from onboarding.models import RegistrationForm
from onboarding.selectors.sheet import approved_values
from onboarding.services import entry, licensing, registration, sales
from onboarding.services.inbound import Report, take_report
from onboarding.services.values import MonopolyBlock, Notice, SalesBlock

CODED: Final = {
    "order_mode": "订货方式",
    "settlement_mode": "结算方式",
    "customer_level": "客户级别",
    "market_type": "市场类型",
    "business_format": "业态",
    "order_cycle": "订货周期",
}
"""Field → column of the workbook whose words the dictionaries know."""
THREE: Final = ((Duty.CSC, "service"), (Duty.DC, "delivery"), (Duty.NET, "network1"))


@dataclass(slots=True)
class Desk:
    """One retailer on his way: his row, his people, his form once it is started."""

    flow: "Flow"
    record: Record
    officer: User
    manager: User
    form: RegistrationForm

    def again(self) -> None:
        """Read the form anew."""
        self.form = RegistrationForm.objects.select_related("customer", "manager", "area").get(
            pk=self.form.pk
        )


class Flow:
    """The acts of flow A in the hands of the bureau's people and systems."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.people = bureau.people
        self.systems = {system: user_of(bureau.office, system) for system in REPORTERS}
        self._codes = {name: {label: code for code, label in dictionary(name)} for name in CODED}

    def codes_of(self, record: Record) -> dict[str, str]:
        """The words of a row as codes of the dictionaries."""
        return {name: self._codes[name].get(record[column], "") for name, column in CODED.items()}

    # --- monopoly block

    def start(self, record: Record, number: int) -> Desk:
        officer = self.bureau.officer_for(record, number)
        manager = self.bureau.manager_for(record, number)
        if officer.department is None:
            raise ValueError("an officer belongs to a squad")
        block = MonopolyBlock(
            store_name=record["店铺名称"],
            business_premises=record["经营场所"],
            legal_representative=record["法定代表人"],
            identity_no=record["身份证号"],
            phone=record["联系电话"],
            city_id=CITY,
            area=officer.department,
            manager=manager,
        )
        form = registration.start_registration(block=block, by=officer)
        return Desk(self, record, officer, manager, form)

    def submit_licence(self, desk: Desk) -> None:
        registration.submit_licence_block(form=desk.form, by=desk.officer)

    def squad_signs(self, desk: Desk) -> None:
        self._sign(desk, Duty.SL, self.bureau.leader_of(desk.form.area_id))

    def monopoly_signs(self, desk: Desk) -> None:
        self._sign(desk, Duty.LH, self.people["monopoly"])

    def licence_issued(self, desk: Desk) -> None:
        until = date.fromisoformat(desk.record["许可证有效期至"][:10])
        body = {"result": "issued", "licence_no": desk.record["许可证号"], "valid_to": until}
        self._report(desk, SourceSystem.ZM, InboundKind.LICENCE, reason="", **body)

    def licence_refused(self, desk: Desk) -> None:
        body = {"result": "refused", "reason": "经营场所不符合合理布局规定"}
        self._report(desk, SourceSystem.ZM, InboundKind.LICENCE, **body)

    def notify(self, desk: Desk) -> None:
        notices = [Notice(NoticeRoute.ORAL, "何静", "客户服务中心")]
        licensing.notify_service_centre(form=desk.form, notices=notices, by=self.people["licence"])

    # --- sales block

    def fill_sales(self, desk: Desk) -> None:
        desk.again()
        block = SalesBlock(
            visit_cycle="week",
            delivery_route=self.bureau.lines[desk.record["送货线路"]],
            delivery_address=desk.record["经营场所"],
            **self.codes_of(desk.record),
        )
        sales.fill_sales_block(
            form=desk.form, block=block, expected=desk.form.version, by=desk.manager
        )

    def tick(self, desk: Desk, task: Task) -> None:
        by = self.people["delivery"] if task is Task.DELIVERY else desk.manager
        sales.tick_task(form=desk.form, task=task, by=by)

    def key_account(self, desk: Desk) -> None:
        account = BankAccount(
            bank=desk.record["开户银行"],
            holder_name=desk.record["法定代表人"],
            account_no=desk.record["扣款账号"],
        )
        sales.ask_for_binding(form=desk.form, account=account, by=self.people["network1"])

    def bank_binds(self, desk: Desk) -> None:
        self._report(desk, SourceSystem.BANK, InboundKind.BINDING, result="bound", reason="")

    def confirm_account(self, desk: Desk) -> None:
        sales.confirm_account(form=desk.form, by=self.people["network2"])

    def complete_sales(self, desk: Desk) -> None:
        """All four ticks, with the account bound where it is wanted."""
        for task in (Task.SURVEY, Task.DELIVERY, Task.MONOPOLY_CHECK):
            self.tick(desk, task)
        if self.codes_of(desk.record)["settlement_mode"] == WITHHOLDING:
            self.key_account(desk)
            self.bank_binds(desk)
            self.confirm_account(desk)

    def submit_sales(self, desk: Desk) -> None:
        desk.again()
        sales.submit_sales_block(form=desk.form, by=desk.manager)

    def department_signs(self, desk: Desk, number: int) -> None:
        duty, login = THREE[number]
        self._sign(desk, duty, self.people[login])

    def deputy_signs(self, desk: Desk) -> None:
        self._sign(desk, Duty.DSM, self.people["deputy"])

    # --- data entry to activation

    def enter(self, desk: Desk) -> None:
        entry.enter_data(form=desk.form, by=self.people["network1"])

    def echo(self, desk: Desk, system: SourceSystem) -> None:
        desk.again()
        stored = approved_values(desk.form, system)
        self._report(desk, system, InboundKind.ECHO, fields_stored=stored)

    def finish(self, desk: Desk) -> None:
        entry.finish_entry(form=desk.form, by=self.people["network1"])

    def transfer(self, desk: Desk) -> None:
        entry.send_transfer_form(form=desk.form, by=self.people["network1"])

    def receipt(self, desk: Desk) -> None:
        number = f"OC-{desk.form.number}"
        self._report(desk, SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, receipt_no=number)

    def activate(self, desk: Desk) -> None:
        entry.activate_registration(form=desk.form, by=self.people["network1"])

    # --- the two ways to act: a signature, a report

    def send_back(self, desk: Desk, duty: Duty, login: str, reason: str) -> None:
        self._sign(desk, duty, self.people[login], verdict=Verdict.RETURN, opinion=reason)

    def withdraw(self, desk: Desk, reason: str) -> None:
        registration.withdraw_registration(form=desk.form, by=desk.officer, reason=reason)

    def _sign(
        self,
        desk: Desk,
        duty: Duty,
        by: User,
        *,
        verdict: Verdict = Verdict.APPROVE,
        opinion: str = "",
    ) -> None:
        desk.again()
        case = desk.form.sales_case or desk.form.licence_case
        if case is None:
            raise ValueError("nothing has been submitted")
        step = Step.objects.get(case=case, round=case.round, duty=duty)
        digest = Round.objects.get(case=case, number=case.round).digest
        registration.decide_registration(
            step=step, verdict=verdict, by=by, opinion=opinion, digest=digest
        )

    def _report(self, desk: Desk, system: SourceSystem, kind: InboundKind, **body: Any) -> None:
        serial = f"demo-{desk.form.number}-{kind}-{system}"
        report = Report(system, serial, kind, desk.form.number, body)
        taken = take_report(report=report, form=desk.form, by=self.systems[system])
        if taken.reason:
            raise ValueError(f"{serial}: {taken.reason}")


REPORTERS: Final = (
    SourceSystem.ZM,
    SourceSystem.EM,
    SourceSystem.CRM,
    SourceSystem.BANK,
    SourceSystem.ORDER_CENTRE,
)
Act = Callable[[Flow, Desk], None]
