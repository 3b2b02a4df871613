"""Retailers in all states of flow A, so that every queue has something to sign."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from crm.core.checkdigits import check_bank_account, check_resident_id
from crm.core.text import CheckFailed
from crm.demo.bureau import CITY, Bureau
from crm.demo.flow import Desk, Flow
from crm.demo.sources import Record
from crm.identity.choices import Duty, SourceSystem
from customers.choices import CustomerKind, CustomerStatus, Lifecycle
from customers.services.register import register_customers
from customers.values import NewCustomer, NewRetail
from onboarding.choices import Task
from onboarding.formulas import WITHHOLDING

Play = Callable[[Flow, Desk, int], None]


def _draft(_flow: Flow, _desk: Desk, _number: int) -> None:
    """Started, not submitted."""


def _squad(flow: Flow, desk: Desk, number: int) -> None:
    flow.submit_licence(desk)
    if number % 5 == 4:
        login = f"squad{[s.pk for s in flow.bureau.squads].index(desk.form.area_id) + 1}"
        flow.send_back(desk, Duty.SL, login, "经营场所地址不详，请补充门牌号")
        desk.again()
        flow.submit_licence(desk)


def _monopoly(flow: Flow, desk: Desk, _number: int) -> None:
    flow.submit_licence(desk)
    flow.squad_signs(desk)


def _licensing(flow: Flow, desk: Desk, number: int) -> None:
    _monopoly(flow, desk, number)
    flow.monopoly_signs(desk)


def _licensed(flow: Flow, desk: Desk, number: int) -> None:
    _licensing(flow, desk, number)
    flow.licence_issued(desk)


def _sales(flow: Flow, desk: Desk, number: int) -> None:
    """At the manager's desk with nought to four ticks; some accounts wait for a second person."""
    _licensed(flow, desk, number)
    flow.notify(desk)
    if number % 5 == 0:
        return
    flow.fill_sales(desk)
    for task in (Task.SURVEY, Task.DELIVERY, Task.MONOPOLY_CHECK)[: number % 5]:
        flow.tick(desk, task)
    if number % 5 >= 3 and flow.codes_of(desk.record)["settlement_mode"] == WITHHOLDING:
        flow.key_account(desk)
        flow.bank_binds(desk)
        if number % 5 == 4:
            flow.confirm_account(desk)


def _departments(flow: Flow, desk: Desk, number: int) -> None:
    """With the three departments: nought to two have signed."""
    _licensed(flow, desk, number)
    flow.notify(desk)
    flow.fill_sales(desk)
    flow.complete_sales(desk)
    flow.submit_sales(desk)
    signed = number % 3
    for place in range(signed):
        flow.department_signs(desk, (number + place) % 3)


def _deputy(flow: Flow, desk: Desk, number: int) -> None:
    _departments(flow, desk, number - number % 3)
    for place in range(3):
        flow.department_signs(desk, place)


def _entry(flow: Flow, desk: Desk, number: int) -> None:
    _deputy(flow, desk, number)
    flow.deputy_signs(desk)


def _reporting(flow: Flow, desk: Desk, number: int) -> None:
    _entry(flow, desk, number)
    flow.enter(desk)
    for system in (SourceSystem.EM, SourceSystem.CRM):
        flow.echo(desk, system)
    flow.finish(desk)


def _activating(flow: Flow, desk: Desk, number: int) -> None:
    _reporting(flow, desk, number)
    flow.transfer(desk)
    flow.receipt(desk)


def _active(flow: Flow, desk: Desk, number: int) -> None:
    _activating(flow, desk, number)
    flow.activate(desk)


def _withdrawn(flow: Flow, desk: Desk, _number: int) -> None:
    flow.submit_licence(desk)
    flow.withdraw(desk, "申请人暂不开业")


def _terminated(flow: Flow, desk: Desk, number: int) -> None:
    _licensing(flow, desk, number)
    flow.licence_refused(desk)


PLAN: Final[tuple[tuple[Play, int], ...]] = (
    (_draft, 10),
    (_squad, 12),
    (_monopoly, 10),
    (_licensing, 7),
    (_licensed, 6),
    (_sales, 8),
    (_departments, 6),
    (_deputy, 4),
    (_entry, 3),
    (_reporting, 2),
    (_activating, 2),
    (_active, 1),
    (_withdrawn, 1),
    (_terminated, 1),
)
"""How far, and how many at most; whoever is left has been a customer for long."""


def seed_retailers(bureau: Bureau, records: list[Record]) -> dict[str, int]:
    """Forms at every stage, the other rows as customers in force; how many of each."""
    flow = Flow(bureau)
    good = [record for record in records if is_sound(record)]
    plays = list(_in_turn(len(good)))
    for number, (play, record) in enumerate(zip(plays, good, strict=False)):
        play(flow, flow.start(record, number), number)
    rest = good[len(plays) :]
    rows = [_in_force(flow, record, number) for number, record in enumerate(rest)]
    done = register_customers(
        organisation=bureau.organisation, rows=rows, by=bureau.people["licence"]
    )
    return {"forms": len(plays), "in force": len(done.codes)}


def is_sound(record: Record) -> bool:
    """Whether numbers carry their check digits: others are for the import to refuse."""
    try:
        check_resident_id(record["身份证号"], date.fromisoformat("2026-01-01"))
        check_bank_account(record["扣款账号"], "personal")
    except CheckFailed:
        return False
    return True


def _in_turn(most: int) -> Iterator[Play]:
    """The plan dealt out in turn, so that a small set reaches every stage too."""
    left = dict(PLAN)
    share = 1.0 if most > sum(left.values()) else 0.8
    limit = int(most * share)
    while limit > 0 and any(left.values()):
        for play, _count in PLAN:
            if left[play] and limit > 0:
                left[play] -= 1
                limit -= 1
                yield play


def _in_force(flow: Flow, record: Record, number: int) -> NewCustomer:
    """A retailer as he stood in the books before Kedang."""
    bureau = flow.bureau
    officer = bureau.officer_for(record, number)
    premises = record["经营场所"]
    return NewCustomer(
        name=record["店铺名称"],
        province=f"{CITY[:2]}0000",
        city=CITY,
        customer_kind=CustomerKind.RETAIL,
        status=CustomerStatus.NORMAL,
        lifecycle=Lifecycle.MATURE,
        address=premises,
        mobile=record["联系电话"],
        legal_representative=record["法定代表人"],
        department=officer.department_id,
        area=officer.department_id,
        manager=bureau.manager_for(record, number).pk,
        retail=NewRetail(
            licence_no=record["许可证号"],
            licence_valid_to=date.fromisoformat(record["许可证有效期至"][:10]),
            store_name=record["店铺名称"],
            business_premises=premises,
            legal_representative=record["法定代表人"],
            identity_no=record["身份证号"],
            delivery_route=bureau.lines[record["送货线路"]].pk,
            delivery_address=premises,
            visit_cycle="week",
            **flow.codes_of(record),
        ),
    )
