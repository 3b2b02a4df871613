"""Who may do what, and which people a person reaches: the whole rule of rights (D9).

Every room's gate starts from `rights_of`. Nothing here looks at `is_superuser`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone

from crm.core.access import fetch
from crm.core.errors import Forbidden, NotFound
from crm.core.policy import Perm
from crm.core.prepared import Prepared
from crm.identity.choices import Duty, IdentityPerm, Profile, Scope, UserKind
from crm.identity.models import (
    AccountManager,
    AccountManagerQuerySet,
    ApiClient,
    Department,
    DepartmentQuerySet,
    Post,
    PostQuerySet,
    RoleRight,
    SavedView,
    SavedViewQuerySet,
    User,
    UserQuerySet,
)

_BELOW: Final = """
CASE WHEN EXISTS (
    SELECT 1 FROM identity_roleright AS r
    WHERE r.duty = identity_post.duty AND r.scope IN ('T', 'R')
) THEN ARRAY(
    WITH RECURSIVE below AS (
        SELECT id, is_live FROM identity_department WHERE id = identity_post.department_id
        UNION ALL
        SELECT d.id, d.is_live FROM identity_department AS d JOIN below ON d.parent_id = below.id
    )
    SELECT id FROM below WHERE is_live ORDER BY id
) END
"""
CUSTOMER_DATA: Final = frozenset({"customer", "contact"})
"""Objects whose direct edit becomes a proposal in a tobacco bureau (trust 4.2)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of trust 4.3 in the hands of one person: `duty` held in `department_id`."""

    duty: str
    scope: Scope
    department_id: int
    fieldset: str


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A live post, where it is, and what it opens: permission string → cells."""

    duty: str
    department_id: int
    cells: dict[str, list[Cell]]
    department_kind: str
    organisation_id: int
    below: tuple[int, ...] = ()
    """Live departments from its own downwards, where a cell reaches by the tree (T, R)."""


def rights_of(user: User, perm: Perm) -> list[Cell]:
    """The cells of all live confirmed posts of an active person; an empty list otherwise.

    An outside system has what the token of the running request names, and nothing without one.
    Profile tobacco turns `u` on customer data into `p` here (trust 4.2). Rules: D9, R-77.
    """
    if not user.is_active:
        return []
    if user.kind == UserKind.SYSTEM:
        if str(perm) not in user.token_scopes or user.organisation_id is None:
            return []
        if perm.action == "u" and perm.object in CUSTOMER_DATA and _proposes_only(user):
            return []
        return [Cell(Duty.API, Scope.CLIENT, user.organisation_id, "")]
    return [cell for post in posts_of(user) for cell in post.cells.get(str(perm), ())]


def _proposes_only(user: User) -> bool:
    """In a tobacco bureau customer data changes by form alone, for machines too (trust 4.2)."""
    return user.organisation is not None and user.organisation.profile == Profile.TOBACCO


def may(user: User, perm: Perm) -> bool:
    """Whether any cell of the person opens `perm` at all; which rows, the gate says."""
    return bool(rights_of(user, perm))


def ensure_may(user: User, perm: Perm) -> None:
    """Refuse when no cell opens `perm`. Raises Forbidden."""
    if not may(user, perm):
        raise Forbidden


def posts_of(user: User) -> tuple[HeldPost, ...]:
    """The person's live posts with their cells: one query a request, kept on the instance."""
    if not user.is_active:
        return ()
    if user.posts_read is None:
        user.posts_read = _read_posts(user)
    return user.posts_read


def forget_rights(user: User) -> None:
    """Read the person's posts anew next time; services that change posts call it."""
    user.posts_read = None


_HOME: Final = [field.attname for field in Department._meta.concrete_fields]


def _posts_with_cells(user_id: int, day: date) -> "QuerySet[Post, tuple[Any, ...]]":
    """What `_read_posts` asks: post by post its cells, its tree, its organisation."""
    parts = ("object", Value("."), "action", Value("|"), "scope", Value("|"), "fieldset")
    said = Concat(*parts, output_field=TextField())
    cells = RoleRight.objects.filter(duty=OuterRef("duty")).order_by("pk").values(said=said)
    rows: QuerySet[Post, tuple[Any, ...]] = (
        Post.objects.held_by(user_id, day)
        .order_by("pk")
        .values_list(
            "duty",
            "department_id",
            "department__kind",
            ArraySubquery(cells),
            Func(template=_BELOW, output_field=ArrayField(BigIntegerField())),
            *(f"department__organisation__{name}" for name in _HOME),
        )
    )
    return rows


_POSTS: Final = Prepared(_posts_with_cells, -1, date.min)


def _read_posts(user: User) -> tuple[HeldPost, ...]:
    """Posts, their cells and their organisation in one question.

    The person's own organisation comes along and is kept on him: every page names it.
    """
    found = []
    for duty, department_id, kind, said, below, *values in _POSTS.rows(
        user.pk, timezone.localdate()
    ):
        home = Department.from_db(user._state.db, _HOME, values)
        if home.pk is not None and home.pk == user.organisation_id:
            user.organisation = home
        cells = _cells(duty, department_id, home.profile or "", said)
        found.append(HeldPost(duty, department_id, cells, kind, home.pk, tuple(below or ())))
    return tuple(found)


def _cells(duty: str, department_id: int, profile: str, said: list[str]) -> dict[str, list[Cell]]:
    cells: dict[str, list[Cell]] = {}
    for text in said:
        perm, scope, fieldset = text.split("|")
        thing, _dot, action = perm.partition(".")
        if action == "u" and thing in CUSTOMER_DATA and profile == Profile.TOBACCO:
            perm = f"{thing}.p"
        cell = Cell(duty, Scope(scope), department_id, fieldset)
        known = cells.setdefault(perm, [])
        if cell not in known:
            known.append(cell)
    return cells


def post_departments(user: User, duty: str | None = None) -> list[int]:
    """Departments in which the person holds a live post (with that duty)."""
    held = [post for post in posts_of(user) if duty is None or post.duty == duty]
    return list(dict.fromkeys(post.department_id for post in held))


def duties_of(user: User) -> frozenset[str]:
    """The duties of the person's live posts."""
    return frozenset(post.duty for post in posts_of(user))


def subtree_ids(department_id: int) -> list[int]:
    """Live departments below `department_id`, itself included."""
    return Department.objects.live_below(department_id)


def below_post(user: User, cell: Cell) -> tuple[int, ...]:
    """Live departments below the post that gives a cell of scope T or R, read with the posts."""
    for post in posts_of(user):
        if (post.duty, post.department_id) == (cell.duty, cell.department_id):
            return post.below
    return ()


def _reaches_all(user: User, perm: Perm) -> bool:
    return any(cell.scope is Scope.ALL for cell in rights_of(user, perm))


def departments_for(user: User, perm: IdentityPerm) -> DepartmentQuerySet:
    """The gate of departments: the person's own organisation, for those who keep people."""
    if not _reaches_all(user, perm):
        return Department.objects.none()
    return Department.objects.filter(organisation_id=user.organisation_id)


def people_for(user: User, perm: IdentityPerm) -> UserQuerySet:
    """The gate of people: staff and portal accounts of the person's own organisation."""
    if not _reaches_all(user, perm):
        return User.objects.none()
    return User.objects.filter(organisation_id=user.organisation_id).exclude(kind=UserKind.SYSTEM)


def get_person(user: User, perm: IdentityPerm, pk: int) -> User:
    """One person through the gate. Raises NotFound, Forbidden."""
    return fetch(people_for, user, perm, see=IdentityPerm.PEOPLE_VIEW, pk=pk)


def posts_for(user: User, perm: IdentityPerm) -> PostQuerySet:
    """The gate of posts: those of the organisation's people."""
    if not _reaches_all(user, perm):
        return Post.objects.none()
    return Post.objects.filter(user__organisation_id=user.organisation_id)


def get_post(user: User, perm: IdentityPerm, pk: int) -> Post:
    """One post through the gate. Raises NotFound, Forbidden."""
    return fetch(posts_for, user, perm, see=IdentityPerm.RIGHTS_VIEW, pk=pk)


def managers_for(user: User, perm: IdentityPerm) -> AccountManagerQuerySet:
    """The gate of manager cards; which fields show, `selectors.card_of` says (PM-07)."""
    cells = rights_of(user, perm)
    inside = AccountManager.objects.filter(user__organisation_id=user.organisation_id)
    if any(cell.scope in (Scope.ALL, Scope.CLIENT) for cell in cells):
        return inside
    reach = Q(pk__in=[])
    if any(cell.scope is Scope.OWN for cell in cells):
        reach |= Q(user=user)
    return inside.filter(reach)


def get_manager(user: User, perm: IdentityPerm, pk: int) -> AccountManager:
    """One manager card through the gate. Raises NotFound, Forbidden."""
    return fetch(managers_for, user, perm, see=IdentityPerm.MANAGERS_VIEW, pk=pk)


def clients_for(user: User, perm: IdentityPerm) -> QuerySet[ApiClient]:
    """The gate of API clients: those of the person's own organisation."""
    if not _reaches_all(user, perm):
        return ApiClient.objects.none()
    return ApiClient.objects.filter(user__organisation_id=user.organisation_id)


def get_client(user: User, perm: IdentityPerm, pk: int) -> ApiClient:
    """One API client through the gate. Raises NotFound, Forbidden."""
    return fetch(clients_for, user, perm, see=IdentityPerm.CLIENTS_VIEW, pk=pk)


def saved_views_for(user: User, list_name: str = "") -> SavedViewQuerySet:
    """The gate of saved views: one's own, and those shared with a department one works in.

    A view is a question, not an answer: whoever opens it sees his own rows (UX-05).
    """
    mine = Q(owner=user)
    if departments := post_departments(user):
        mine |= Q(department_id__in=departments)
    rows = SavedView.objects.filter(mine)
    return rows.filter(list_name=list_name) if list_name else rows


def get_saved_view(user: User, pk: int) -> SavedView:
    """A view one may open. Raises NotFound."""
    row = saved_views_for(user).filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def get_own_view(user: User, pk: int) -> SavedView:
    """A view one may change: only its owner, everybody else gets NotFound (B193)."""
    row = SavedView.objects.filter(owner=user, pk=pk).first()
    if row is None:
        raise NotFound
    return row
