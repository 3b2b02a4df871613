"""How far each right reaches: every scope of trust 4.2 is a column of the customer and values.

One table serves the SQL of the gates and the question about one row in hand, so the two cannot
drift apart (D9).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, QuerySet, Value
from django.utils import timezone

from crm.core.paging import here
from crm.core.policy import Perm
from crm.core.request import once
from crm.identity.access import Cell, below_post, posts_of, rights_of
from crm.identity.choices import Scope, UserKind
from crm.identity.models import User
from customers.choices import CustomerPerm, GrantLevel
from customers.models import Customer, CustomerLoan

READ_ON_LOAN: Final = frozenset(
    {CustomerPerm.VIEW, CustomerPerm.HISTORY, CustomerPerm.CONTACT_VIEW}
)
"""What a task opens by itself; anything else needs a right with scope K."""

READ_ACTIONS: Final = frozenset("vhf")
_REGION_COLUMNS: Final = (("0000", "province_id"), ("00", "city_id"), ("", "region_id"))
"""What the zeros at the end of a division's six digits say about its level (GB/T 2260)."""

_ONE_BY_ONE: Final = frozenset({"department_id", "area_id"})
MOST_BRANCHES: Final = 64
HERE: Final = here("id", BigIntegerField())
"""Each of several departments in turn; see `pages`."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to customers: rows of `organisation_id` whose `column` is one of `values`.

    `fieldset` narrows what is shown of rows reached only like this.
    """

    organisation_id: int
    column: str
    values: frozenset[Any]
    fieldset: str = ""
    scope: Scope | None = None
    duty: str = ""

    def reaches(self, row: Customer) -> bool:
        """Whether this way leads to a row in hand."""
        return (
            row.organisation_id == self.organisation_id and getattr(row, self.column) in self.values
        )

    def as_q(self, prefix: str = "") -> Q:
        """The same as a condition; `prefix` follows a relation to the customer."""
        return self._q(prefix, self.values)

    def ranges(self, *, by_home: bool) -> tuple[Q, tuple[int, ...]]:
        """A condition that one index range answers, and the departments that take the place of
        `HERE` in it one after another: so a page is a merge of short walks. None: there is no HERE.

        Unless an index of the organisation may serve (`by_home`), it is hidden from the planner,
        or that walks its covering index past the rows of all other departments.
        """
        if self.column not in _ONE_BY_ONE or not 1 < len(self.values) <= MOST_BRANCHES:
            return self.as_q(), ()
        here_only = self._q("", frozenset({HERE}))
        if not by_home:
            home = _looked_at("organisation_id", self.organisation_id)
            here_only = Q(home, **{self.column: HERE})
        return here_only, tuple(sorted(self.values))

    def _q(self, prefix: str, values: frozenset[Any]) -> Q:
        home = {f"{prefix}organisation_id": self.organisation_id}
        if self.column == "organisation_id":
            return Q(**home)
        if len(values) == 1:
            return Q(**home, **{f"{prefix}{self.column}": next(iter(values))})
        return Q(**home, **{f"{prefix}{self.column}__in": sorted(values)})


def _looked_at(column: str, value: int) -> Func:
    """`column` = `value` as no index serves it, though the statistics do."""
    is_same = " IS NOT DISTINCT FROM "
    return Func(
        F(column),
        Value(value),
        arg_joiner=is_same,
        template="(%(expressions)s)",
        output_field=BooleanField(),
    )


LENT: Final = "lent"
_SHARED: Final = f"""
SELECT g.content_object_id, p.codename FROM customers_customergrant AS g
JOIN auth_permission AS p ON p.id = g.permission_id
WHERE g.user_id = %(user)s AND (g.ends_on IS NULL OR g.ends_on >= %(today)s)
UNION
SELECT g.content_object_id, p.codename FROM customers_customergroupgrant AS g
JOIN auth_permission AS p ON p.id = g.permission_id
JOIN identity_user_groups AS u ON u.group_id = g.group_id
WHERE u.user_id = %(user)s AND (g.ends_on IS NULL OR g.ends_on >= %(today)s)
UNION
SELECT l.customer_id, '{LENT}' FROM customers_customerloan AS l
JOIN unnest(%(departments)s::bigint[], %(duties)s::text[]) AS held (department_id, duty)
    ON l.department_id = held.department_id AND l.duty = held.duty
WHERE l.until IS NULL OR l.until >= %(today)s
"""  # noqa: S608  (a constant of ours)
"""(customer, level) shared with a person by name or by group and not yet ended, and what is lent to
his posts.
"""


class Shares:
    """What is lent to or shared with one person, read once and asked for many rights."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def _levels(self) -> list[tuple[int, str]]:
        return once(("shares", self.user.pk), self._ask)

    def _ask(self) -> list[tuple[int, str]]:
        """Written out: every list asks it, and putting the union together took ten times as long
        as the answer. An outside system holds no post: nothing is lent to it.
        """
        posts = () if self.user.kind == UserKind.SYSTEM else posts_of(self.user)
        asked: dict[str, Any] = {
            "user": self.user.pk,
            "today": timezone.localdate(),
            "departments": [post.department_id for post in posts],
            "duties": [post.duty for post in posts],
        }
        with connection.cursor() as cursor:
            cursor.execute(_SHARED, asked)
            return list(cursor.fetchall())

    @property
    def lent(self) -> frozenset[int]:
        """Customers of the person's open and recent tasks."""
        return frozenset(pk for pk, level in self._levels if level == LENT)

    def granted(self, perm: Perm) -> frozenset[int]:
        """Customers shared by name at a level that opens `perm`."""
        levels = {GrantLevel.WORK, GrantLevel.VIEW}
        if perm.action not in READ_ACTIONS:
            levels.remove(GrantLevel.VIEW)
        return frozenset(pk for pk, level in self._levels if level in levels)


def ways_of(user: User, perm: Perm, shares: Shares | None = None) -> list[Way]:
    """Every way in which `user` may do `perm` to customers of his own organisation.

    Nothing for people who are inactive or belong nowhere. `is_superuser` opens nothing. Shares by
    name widen the scope of rights the person has anyway (trust 4.2). Rules: D9, R-77.
    """
    if not user.is_active or user.organisation_id is None:
        return []
    cells, shared = rights_of(user, perm), shares or Shares(user)
    ways = [_WAYS[cell.scope](user, cell) for cell in cells]
    if perm in READ_ON_LOAN:
        ways.append(_rows(user, shared.lent, Scope.TASK))
    if cells:
        ways.append(_rows(user, shared.granted(perm), None))
    return list(dict.fromkeys(way for way in ways if way.values))


def lent_ids(posts: Iterable[tuple[int, str]]) -> frozenset[int]:
    """Customers lent to any of the (department, duty) pairs today."""
    return frozenset(_loans(posts).values_list("customer_id", flat=True))


def _loans(posts: Iterable[tuple[int, str]]) -> QuerySet[CustomerLoan]:
    wanted = Q(pk__in=[])
    for department_id, duty in posts:
        wanted |= Q(department_id=department_id, duty=duty)
    return CustomerLoan.objects.running(timezone.localdate()).filter(wanted)


def _rows(user: User, ids: frozenset[int], scope: Scope | None) -> Way:
    return Way(_home(user), "id", ids, scope=scope)


def _home(user: User) -> int:
    """The organisation of a person who has one; `ways_of` asked before."""
    if user.organisation_id is None:
        raise ValueError("a person without organisation reaches nothing")
    return user.organisation_id


def _way(user: User, cell: Cell, column: str, values: Iterable[Any]) -> Way:
    return Way(_home(user), column, frozenset(values), cell.fieldset, cell.scope, cell.duty)


def _own(user: User, cell: Cell) -> Way:
    return _way(user, cell, "manager_id", [user.pk])


def _team(user: User, cell: Cell) -> Way:
    return _way(user, cell, "department_id", below_post(user, cell))


def _area(user: User, cell: Cell) -> Way:
    return _way(user, cell, "area_id", below_post(user, cell))


def _task(user: User, cell: Cell) -> Way:
    return _way(user, cell, "id", lent_ids([(cell.department_id, cell.duty)]))


def _all(user: User, cell: Cell) -> Way:
    return _way(user, cell, "organisation_id", [user.organisation_id])


def _portal(user: User, cell: Cell) -> Way:
    """A portal customer reaches what is shared with him by name and nothing else."""
    return _way(user, cell, "id", ())


def _client(user: User, cell: Cell) -> Way:
    prefix = user.api_client.region_prefix
    if not prefix:
        return _all(user, cell)
    code = prefix.ljust(6, "0")
    column = next(name for tail, name in _REGION_COLUMNS if code.endswith(tail))
    return _way(user, cell, column, [code])


_WAYS: Final[dict[Scope, Callable[[User, Cell], Way]]] = {
    Scope.OWN: _own,
    Scope.TEAM: _team,
    Scope.AREA: _area,
    Scope.TASK: _task,
    Scope.PORTAL: _portal,
    Scope.ALL: _all,
    Scope.CLIENT: _client,
}
