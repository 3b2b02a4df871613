"""People a workbook names and nobody knows: put on the list, without log-in (PM-21, R-44)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.core.history import save_as
from crm.identity.choices import DepartmentKind, Duty, Sex
from crm.identity.errors import SamePerson
from crm.identity.models import AccountManager, Department, Post, User

_HOMES = {Duty.AM: DepartmentKind.MARKET, Duty.LO: DepartmentKind.MONOPOLY}
_SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person as a workbook's sheet of people has him."""

    name: str
    duty: Duty
    mobile: str = ""
    position: str = ""
    sex: str = ""
    address: str = ""
    postcode: str = ""


@transaction.atomic
def list_people(
    *, organisation: Department, people: Sequence[ListedPerson], by: User, confirmed_by: User
) -> dict[str, int]:
    """Make the people and their posts; nobody of them can log in: name → key.

    Whoever brought the list proposes, whoever released it confirms. A way in opens only when the
    administrators issue a code. Raises SamePerson, ValidationError. Rules: PM-21, R-44, D9.
    """
    if by.pk == confirmed_by.pk:
        raise SamePerson(_("建立账号与确认账号不能是同一人"))
    made: dict[str, int] = {}
    for person in people:
        home = _home_of(organisation, person.duty)
        row = _person(person, organisation, home, by=by, confirmed_by=confirmed_by)
        post = Post(
            user=row,
            department=home,
            duty=person.duty,
            starts_on=timezone.localdate(),
            granted_by=by,
            confirmed_by=confirmed_by,
            confirmed_at=timezone.now(),
        )
        save_as(post, by=by, reason=_("随导入名单设立"), expected=None)
        if person.duty == Duty.AM:
            _keep_card(row, person, by=by)
        made[person.name] = row.pk
    return made


def _home_of(organisation: Department, duty: Duty) -> Department:
    rows = Department.objects.filter(organisation=organisation, is_live=True)
    return rows.filter(kind=_HOMES.get(duty, "")).order_by("pk").first() or organisation


def _person(
    person: ListedPerson,
    organisation: Department,
    home: Department,
    *,
    by: User,
    confirmed_by: User,
) -> User:
    row = User(
        username=f"listed-{secrets.token_hex(6)}",
        name=person.name,
        mobile=person.mobile,
        organisation=organisation,
        department=home,
        is_active=True,
        created_by=by,
        confirmed_by=confirmed_by,
        confirmed_at=timezone.now(),
    )
    row.set_unusable_password()
    row.full_clean(exclude=["password"])
    row.save()
    return row


def _keep_card(row: User, person: ListedPerson, *, by: User) -> None:
    card = AccountManager(
        user=row,
        position=person.position or str(Duty.AM.label),
        mobile=person.mobile,
        sex=_SEXES.get(person.sex, Sex.UNKNOWN),
        home_address=person.address,
        postcode=person.postcode,
    )
    save_as(card, by=by, reason=_("随导入名单设立"), expected=None)
