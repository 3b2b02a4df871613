"""宝塔区烟草专卖局(公司): its departments, the people of flow A, its routes and lines."""

from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from crm.approvals.services import load_routes
from crm.demo.sources import Record, Sources
from crm.demo.staff import Hire, Office
from crm.identity.choices import DepartmentKind, Duty, Profile
from crm.identity.models import Department, User
from logistics.models import DeliveryRoute
from logistics.services import register_route

NAME: Final = "宝塔区烟草专卖局(公司)"
CODE: Final = "baota-tobacco"
CITY: Final = "610600"
HOME: Final = "610602"
SQUADS: Final = ("城区中队", "川道中队", "北川中队")
LEADERS: Final = ("孙志强", "钱卫东", "周立新")
OFFICER, MANAGER = "专管员", "客户经理"
FIELD: Final = ("officer", "manager")
"""Log-ins of which only the first three have a password: the others never used their codes."""
DEPARTMENTS: Final = {
    DepartmentKind.MONOPOLY: "专卖管理科",
    DepartmentKind.LICENSING: "专卖办证中心",
    DepartmentKind.SERVICE_CENTRE: "客户服务中心",
    DepartmentKind.DISTRIBUTION_CENTRE: "配送中心",
    DepartmentKind.NETWORK_OFFICE: "网建办",
    DepartmentKind.ORDER_CENTRE: "订单中心",
    DepartmentKind.MARKET: "市场部",
}
NAMED: Final = (
    ("monopoly", "郑国栋", Duty.LH, DepartmentKind.MONOPOLY),
    ("licence", "何静", Duty.LIC, DepartmentKind.LICENSING),
    ("service", "吴丽华", Duty.CSC, DepartmentKind.SERVICE_CENTRE),
    ("delivery", "冯海涛", Duty.DC, DepartmentKind.DISTRIBUTION_CENTRE),
    ("network1", "陈晓燕", Duty.NET, DepartmentKind.NETWORK_OFFICE),
    ("network2", "许文斌", Duty.NET, DepartmentKind.NETWORK_OFFICE),
    ("centre", "韩雪", Duty.OC, DepartmentKind.ORDER_CENTRE),
)
"""Log-in, name, duty, department; the deputy manager sits in the company itself."""


@dataclass(slots=True)
class Bureau:
    """The bureau as the flow needs it: people by log-in, lines by name."""

    office: Office
    people: dict[str, User] = field(default_factory=dict)
    officers: dict[str, User] = field(default_factory=dict)
    managers: dict[str, User] = field(default_factory=dict)
    squads: list[Department] = field(default_factory=list)
    lines: dict[str, DeliveryRoute] = field(default_factory=dict)

    @property
    def organisation(self) -> Department:
        return self.office.organisation

    def leader_of(self, squad_id: int) -> User:
        """The squad leader who signs for a squad."""
        number = [squad.pk for squad in self.squads].index(squad_id)
        return self.people[f"squad{number + 1}"]

    def officer_for(self, record: Record, number: int) -> User:
        """Who takes the retailer in: every third the first officer, so that his desk is full."""
        first = next(iter(self.officers.values()))
        return first if number % 3 == 0 else self.officers.get(record[OFFICER], first)

    def manager_for(self, record: Record, number: int) -> User:
        """Who looks after him: every third the first manager."""
        first = next(iter(self.managers.values()))
        return first if number % 3 == 0 else self.managers.get(record[MANAGER], first)


def found_bureau(sources: Sources, *, people: list[Record] | None = None) -> Bureau:
    """Make the bureau with all its people; retailers come later."""
    bureau = Bureau(Office(code=CODE, name=NAME, profile=Profile.TOBACCO, region=HOME))
    organisation = bureau.organisation
    departments = _departments(bureau.office)
    for number, leader in enumerate(LEADERS):
        _hire(bureau, f"squad{number + 1}", leader, Duty.SL, departments[SQUADS[number]])
        bureau.squads.append(departments[SQUADS[number]])
    for username, name, duty, kind in NAMED:
        _hire(bureau, username, name, duty, departments[kind])
    _hire(bureau, "deputy", "杨振华", Duty.DSM, organisation)
    _hire_field_staff(bureau, people or sources.people(), departments[DepartmentKind.MARKET])
    load_routes(organisation=organisation)
    return bureau


def draw_lines(bureau: Bureau, records: list[Record]) -> None:
    """Delivery lines as the retailers name them, three days a week each."""
    days = cycle(("135", "246"))
    for number, name in enumerate(sorted({record["送货线路"] for record in records}), start=1):
        bureau.lines[name] = register_route(
            code=f"L{number:03d}", name=name, weekdays=next(days), by=bureau.people["delivery"]
        )


def _departments(office: Office) -> dict[str, Department]:
    made: dict[str, Department] = {}
    for kind, name in DEPARTMENTS.items():
        made[kind] = office.department(kind.replace("_", "-"), name, kind)
    for number, name in enumerate(SQUADS, start=1):
        made[name] = office.department(
            f"squad{number}", name, DepartmentKind.SQUAD, parent=made[DepartmentKind.MONOPOLY]
        )
    return made


def _hire(
    bureau: Bureau, username: str, name: str, duty: Duty, department: Department, mobile: str = ""
) -> User:
    may_log_in = username.rstrip("0123456789") not in FIELD or username[-1] in "123"
    person = bureau.office.hire(Hire(username, name, duty, department, mobile, may_log_in))
    bureau.people[username] = person
    return person


def _hire_field_staff(bureau: Bureau, records: list[Record], market: Department) -> None:
    officers = [record for record in records if record["岗位"] == OFFICER]
    managers = [record for record in records if record["岗位"] == MANAGER]
    for number, record in enumerate(officers, start=1):
        squad = bureau.squads[(number - 1) % len(bureau.squads)]
        name, mobile = record["姓名"], record["移动电话"]
        bureau.officers[name] = _hire(bureau, f"officer{number}", name, Duty.LO, squad, mobile)
    for number, record in enumerate(managers, start=1):
        name, mobile = record["姓名"], record["移动电话"]
        bureau.managers[name] = _hire(bureau, f"manager{number}", name, Duty.AM, market, mobile)
