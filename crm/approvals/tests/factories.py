"""A bureau that signs: its routes, its people, and cases opened by the services."""

import itertools

from crm.approvals.choices import CaseKind, Verdict
from crm.approvals.digest import digest_of
from crm.approvals.formulas import Line, Proposal, Subject
from crm.approvals.models import Round
from crm.approvals.services import load_routes, open_case, record_decision
from crm.identity.choices import DepartmentKind, Duty
from crm.identity.tests.factories import DepartmentFactory, OrganisationFactory, UserFactory

_keys = itertools.count(1)

SIGNERS = {
    "squad_leader": (Duty.SL, DepartmentKind.SQUAD, "孙队"),
    "licence_head": (Duty.LH, DepartmentKind.MONOPOLY, "钱专卖"),
    "service": (Duty.CSC, DepartmentKind.SERVICE_CENTRE, "周服务"),
    "delivery": (Duty.DC, DepartmentKind.DISTRIBUTION_CENTRE, "吴配送"),
    "network": (Duty.NET, DepartmentKind.NETWORK_OFFICE, "郑网建"),
    "deputy": (Duty.DSM, DepartmentKind.COMPANY, "王副经理"),
}


class Bureau:
    """A tobacco bureau with one signer for every step; `bureau.deputy` is a person."""

    def __init__(self, *, routes=True):
        self.organisation = OrganisationFactory()
        self.market = self.department(DepartmentKind.MARKET)
        self.manager = self.person(Duty.AM, self.market, "李经理")
        self.colleague = self.person(Duty.AM, self.market, "赵经理")
        self.departments = {}
        for name, (duty, kind, called) in SIGNERS.items():
            self.departments[name] = self.department(kind)
            setattr(self, name, self.person(duty, self.departments[name], called))
        self.officer = self.person(Duty.LO, self.departments["squad_leader"], "冯专管")
        self.deputy_2 = self.person(Duty.DSM, self.departments["deputy"], "陈副经理")
        if routes:
            load_routes(organisation=self.organisation)

    def department(self, kind):
        return DepartmentFactory(parent=self.organisation, kind=kind)

    def person(self, duty, department, name):
        return UserFactory(name=name, duty=duty, department=department)

    @property
    def departments_three(self):
        return [self.service, self.delivery, self.network]

    def open(self, kind=CaseKind.SALES, by=None, *, proposal=None, copies=(), subject=None):
        """A new case about a subject of its own."""
        return open_case(
            kind=kind,
            subject=subject or self.subject(),
            proposal=proposal or a_proposal(),
            by=by or self.manager,
            copies=copies,
        )

    def subject(self, **changes):
        number = next(_keys)
        values = {
            "organisation_id": self.organisation.pk,
            "text": f"便民商店{number}入网登记",
            "key": f"DJ{number:06d}",
            "customer_id": None,
        }
        return Subject(**values | changes)


def a_proposal(**values):
    """Three lines of three classes and the digest of their clear values."""
    clear = {"shop_name": "便民商店", "mobile": "13800138000", "account": "6222020200012340000"}
    clear |= values
    lines = (
        Line("shop_name", "店铺名称", "", clear["shop_name"]),
        Line("mobile", "联系电话", "", clear["mobile"], cls="P", shape="phone"),
        Line("account", "扣款账号", "", clear["account"], cls="S"),
    )
    return Proposal(lines=lines, digest=digest_of(clear), facts={"settlement": "withholding"})


def step_of(case, duty, *, round_number=None):
    """The step of the present round that this duty signs."""
    case.refresh_from_db()
    return case.steps.get(duty=duty, round=round_number or case.round)


def digest_on(case):
    """The digest a signer sees."""
    case.refresh_from_db()
    return Round.objects.get(case=case, number=case.round).digest


def sign(case, duty, by, *, verdict=Verdict.APPROVE, opinion=""):
    """One decision as the sign page sends it."""
    return record_decision(
        step=step_of(case, duty), verdict=verdict, by=by, digest=digest_on(case), opinion=opinion
    )
