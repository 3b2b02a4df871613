"""Who acts in the bench: a bureau of ten departments and a hundred managers, and others beside.

Written by plain rows: nothing of it is measured.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from knox.models import get_token_model

from crm.approvals.services import load_routes
from crm.identity.choices import (
    DepartmentKind,
    Duty,
    Profile,
    Scope,
    SourceSystem,
    UserKind,
)
from crm.identity.models import ApiClient, Department, Post, RoleRight, User
from customers.choices import CustomerPerm

DEPARTMENTS: Final = 10
MANAGERS: Final = 100
BUREAU, OTHERS, FLOW = "bench", "bench-others", "bench-flow"
SIGNERS: Final = {
    "service": (Duty.CSC, DepartmentKind.SERVICE_CENTRE),
    "delivery": (Duty.DC, DepartmentKind.DISTRIBUTION_CENTRE),
    "network": (Duty.NET, DepartmentKind.NETWORK_OFFICE),
    "deputy": (Duty.DSM, DepartmentKind.COMPANY),
}


@dataclass(frozen=True, slots=True)
class World:
    """The people by what they reach. `head` has five departments below his own."""

    bureau: Department
    others: Department
    flow: Department
    markets: list[Department]
    squads: list[Department]
    managers: list[User]
    head: User
    squad_leader: User
    company: User
    keeper: User
    stranger: User
    signers: dict[str, User]
    applicant: User

    def manager_of(self, place: int) -> User:
        """The manager of a row by its place; every tenth of a department is his."""
        return self.managers[place % MANAGERS]


def find_world() -> World:
    """The people of the bench, made when they are not there."""
    if not Department.objects.filter(code=BUREAU, parent__isnull=True).exists():
        _build()
    _let_heads_see_their_tree()
    people = {user.username: user for user in User.objects.filter(username__startswith="bench")}
    departments = {(row.organisation_id, row.code): row for row in Department.objects.all()}
    roots = {row.code: row for row in departments.values() if row.parent_id is None}
    bureau = roots[BUREAU]
    return World(
        bureau=bureau,
        others=roots[OTHERS],
        flow=roots[FLOW],
        markets=[departments[bureau.pk, f"market-{n}"] for n in range(DEPARTMENTS)],
        squads=[departments[bureau.pk, f"squad-{n}"] for n in range(DEPARTMENTS)],
        managers=[people[f"bench-manager-{n}"] for n in range(MANAGERS)],
        **{
            name: people[f"bench-{name}"]
            for name in (
                "head",
                "squad_leader",
                "company",
                "keeper",
                "stranger",
                "applicant",
            )
        },
        signers={name: people[f"bench-{name}"] for name in SIGNERS},
    )


def issue_token(world: World) -> str:
    """A token that may read the customers of the whole bureau."""
    client = ApiClient.objects.filter(user__organisation=world.bureau).first()
    if client is None:
        user = _person("api", world.bureau, None, kind=UserKind.SYSTEM)
        client = ApiClient.objects.create(user=user, name="bench", system=SourceSystem.ORDER_CENTRE)
    _row, clear = get_token_model().objects.create(
        client.user,
        expiry=timedelta(days=1),
        name=f"bench {timezone.now():%F %T.%f}",
        scopes=[str(CustomerPerm.VIEW), "contact.v"],
        networks=[],
    )
    return str(clear)


@transaction.atomic
def _let_heads_see_their_tree() -> None:
    """No duty of trust 4.3 sees customers by department tree, though an office may give one that
    scope. Here the representative has it in place of his area. Reference data was loaded before.
    """
    seen = RoleRight.objects.filter(duty=Duty.REP, object="customer", action="v")
    seen.exclude(scope=Scope.TEAM).delete()
    if not seen.exists():
        RoleRight.objects.create(
            duty=Duty.REP, object="customer", action="v", scope=Scope.TEAM, fieldset=""
        )


@transaction.atomic
def _build() -> None:
    bureau, others, flow = (
        _organisation(BUREAU, "基准市烟草公司", Profile.TOBACCO),
        _organisation(OTHERS, "旁邻维修公司", Profile.REPAIR),
        _organisation(FLOW, "办件市烟草公司", Profile.TOBACCO),
    )
    offices = [_department(bureau, f"office-{n}", DepartmentKind.OFFICE) for n in range(2)]
    for number in range(DEPARTMENTS):
        parent = offices[number * len(offices) // DEPARTMENTS]
        _department(parent, f"market-{number}", DepartmentKind.MARKET)
        _department(bureau, f"squad-{number}", DepartmentKind.SQUAD)
    below = {row.code: row for row in Department.objects.filter(organisation=bureau)}
    for number in range(MANAGERS):
        market = below[f"market-{number * DEPARTMENTS // MANAGERS}"]
        _person(f"manager-{number}", market, Duty.AM)
    _person("head", offices[0], Duty.REP)
    _person("squad_leader", below["squad-0"], Duty.SL)
    _person("company", bureau, Duty.GM)
    _person("keeper", bureau, Duty.ARC)
    _person("stranger", others, Duty.AM)
    for name, (duty, kind) in SIGNERS.items():
        _person(name, _department(flow, name, kind), duty)
    _person("applicant", _department(flow, "market", DepartmentKind.MARKET), Duty.AM)
    load_routes(organisation=flow)


def _organisation(code: str, name: str, profile: Profile) -> Department:
    root: Department = Department.objects.create(
        code=code, name=name, kind=DepartmentKind.COMPANY, profile=profile
    )
    root.organisation = root
    root.save(update_fields=["organisation"])
    return root


def _department(parent: Department, code: str, kind: DepartmentKind) -> Department:
    made: Department = Department.objects.create(
        code=code,
        name=f"{kind.label}{code.rpartition('-')[2]}",
        kind=kind,
        parent=parent,
        organisation_id=parent.organisation_id,
    )
    return made


def _person(name: str, department: Department, duty: Duty | None, **fields: Any) -> User:
    now = timezone.now()
    user = User.objects.create(
        username=f"bench-{name}",
        name=name,
        organisation_id=department.organisation_id,
        department=department,
        is_active=True,
        must_change_password=False,
        password=make_password(None),
        password_changed_at=now,
        confirmed_at=now,
        **fields,
    )
    if duty is not None:
        Post.objects.create(
            user=user,
            department=department,
            duty=duty,
            starts_on=date(2020, 1, 1),
            confirmed_at=now,
        )
    return user
