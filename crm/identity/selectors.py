"""Reads of this room that give an answer: holders, cards, what waits, how long one may idle."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from crm.core.errors import NotFound
from crm.core.lists import ListColumn
from crm.identity.access import duties_of, may, rights_of, saved_views_for
from crm.identity.choices import (
    ADMINISTRATORS,
    Density,
    Duty,
    IdentityPerm,
    Profile,
    Scope,
    Width,
)
from crm.identity.models import (
    AccountManager,
    ApiClient,
    ApiToken,
    ListLook,
    Post,
    PostQuerySet,
    RoleRight,
    SavedView,
    User,
    UserQuerySet,
)

NO_VIEW: Final = "none"
"""What the address says when a list is to open without its default view."""
SHORT_IDLE: Final = (*ADMINISTRATORS, Duty.FIN)
"""Who is logged out after a quarter of an hour without doing anything (SEC-23)."""


def holders_of(
    duty: str, *, organisation_id: int | None = None, department_id: int | None = None
) -> UserQuerySet:
    """Active people who hold a live post of this duty there, by key."""
    posts = Post.objects.live(timezone.localdate()).filter(duty=duty)
    if organisation_id is not None:
        posts = posts.filter(department__organisation_id=organisation_id)
    if department_id is not None:
        posts = posts.filter(department_id=department_id)
    return User.objects.filter(is_active=True, pk__in=posts.values("user_id")).order_by("pk")


def profile_of(user: User) -> Profile | None:
    """The profile of the person's organisation."""
    if user.organisation is None or not user.organisation.profile:
        return None
    return Profile(user.organisation.profile)


def managers_by_weight(organisation_id: int) -> list[tuple[User, Decimal]]:
    """Live managers with their capacity weight: one half of the load table (R-13)."""
    rows = (
        AccountManager.objects.live()
        .filter(user__organisation_id=organisation_id)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    return [(row.user, row.capacity_weight) for row in rows]


def posts_of_person(person: User) -> PostQuerySet:
    """All posts a person ever had, open ones first."""
    return (
        Post.objects.filter(user=person)
        .select_related("department", "granted_by", "confirmed_by")
        .order_by("ended_at", "-starts_on", "-pk")
    )


@dataclass(frozen=True, slots=True)
class CardView:
    """A manager card as one person may see it; hidden fields are empty (PM-07, 4.3 a)."""

    pk: int
    name: str
    department: str
    position: str
    sex: str
    mobile: str
    office_phone: str
    home_address: str
    postcode: str
    capacity_weight: Decimal | None
    is_live: bool
    shows_all: bool


def card_of(user: User, manager: AccountManager) -> CardView:
    """What `user` may see of a card: all of it, name and office telephone, or the name."""
    shown = _fieldset_for(user, manager)
    full, phone = shown == "", shown in ("", "name_phone")
    return CardView(
        pk=manager.pk,
        name=manager.user.name,
        department=str(manager.user.department or ""),
        position=manager.position,
        sex=manager.get_sex_display() if full else "",
        mobile=manager.mobile if full else "",
        office_phone=manager.office_phone if phone else "",
        home_address=manager.home_address if full else "",
        postcode=manager.postcode if full else "",
        capacity_weight=manager.capacity_weight if full else None,
        is_live=manager.is_live,
        shows_all=full,
    )


_WIDEST: Final = ("", "name_phone", "name")


def _fieldset_for(user: User, manager: AccountManager) -> str:
    """The widest field set among the cells that reach this card: "" is all of it."""
    sets = {
        cell.fieldset
        for cell in rights_of(user, IdentityPerm.MANAGERS_VIEW)
        if cell.scope is not Scope.OWN or manager.user_id == user.pk
    }
    return min(sets, key=_WIDEST.index, default="name")


def idle_seconds(user: User) -> int:
    """After how long without a request the person is logged out (SEC-23)."""
    short = not duties_of(user).isdisjoint(SHORT_IDLE)
    return int(settings.KEDANG_IDLE_SHORT if short else settings.KEDANG_IDLE)


def is_administrator(user: User) -> bool:
    """Whether the person holds one of the three duties that must have a second factor."""
    return not duties_of(user).isdisjoint(ADMINISTRATORS)


def has_second_factor(user: User) -> bool:
    """Whether a TOTP generator is set up."""
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


@dataclass(frozen=True, slots=True)
class Acts:
    """Which buttons the page of a person or client shows: those that will work (gate 7)."""

    edit: bool
    confirm: bool
    disable: bool
    reactivate: bool
    reset: bool
    propose: bool
    decide: bool


def acts_on(user: User, person: User) -> Acts:
    """What `user` may do with `person` now, as the services will judge it."""
    others = user.pk != person.pk
    waiting = person.confirmed_at is None and person.left_on is None
    confirms = may(user, IdentityPerm.PEOPLE_CONFIRM) and others
    grants = may(user, IdentityPerm.RIGHTS_GRANT)
    return Acts(
        edit=may(user, IdentityPerm.PEOPLE_UPDATE) and person.left_on is None,
        confirm=confirms and waiting and person.created_by_id != user.pk,
        disable=may(user, IdentityPerm.PEOPLE_DISABLE) and others and person.left_on is None,
        reactivate=may(user, IdentityPerm.PEOPLE_CREATE) and person.left_on is not None,
        reset=confirms and person.is_active,
        propose=grants and others and person.left_on is None,
        decide=may(user, IdentityPerm.RIGHTS_CONFIRM) and others,
    )


def scopes_to_give() -> list[str]:
    """Every scope the rights table lists for duty API."""
    cells = RoleRight.objects.filter(duty=Duty.API).order_by("object", "action")
    return [f"{thing}.{action}" for thing, action in cells.values_list("object", "action")]


def tokens_of(client: ApiClient) -> QuerySet[ApiToken]:
    """A client's tokens, newest first."""
    return ApiToken.objects.filter(user=client.user_id).order_by("-created")


@dataclass(frozen=True, slots=True)
class Look:
    """How a person has a list; no `columns` means as the list comes (UX-06)."""

    columns: tuple[str, ...] = ()
    widths: Mapping[str, str] = field(default_factory=dict)
    density: str = Density.NORMAL


def look_of(user: User, list_name: str) -> Look:
    """What the person has chosen for this list, or the usual."""
    row = ListLook.objects.filter(user=user, list_name=list_name).first()
    return Look(tuple(row.columns), row.widths, row.density) if row is not None else Look()


def chooser_of(
    list_name: str, look: Look, shown: Sequence[ListColumn], every: Iterable[ListColumn], query: str
) -> dict[str, Any]:
    """What the column chooser needs: the shown ones in their order, then the others."""
    keys = [column.key for column in shown]
    rest = [column for column in every if column.key not in keys]
    return {
        "url": reverse("identity:list-look", args=[list_name]),
        "query": query,
        "density": look.density,
        "densities": Density.choices,
        "widths": Width.choices,
        "columns": [
            {
                "key": column.key,
                "label": column.label,
                "on": column.key in keys,
                "locked": column.is_locked,
                "width": look.widths.get(column.key, ""),
            }
            for column in (*shown, *rest)
        ],
    }


@dataclass(frozen=True, slots=True)
class ViewMenu:
    """The saved views of one list as one person has them; `active` is the one that is open."""

    list_name: str
    own: list[SavedView]
    shared: list[SavedView]
    active: SavedView | None

    @property
    def default(self) -> SavedView | None:
        """What opens by itself: his own choice, else his department's."""
        mine = next((view for view in self.own if view.is_default), None)
        everybody = (view for view in (*self.shared, *self.own) if view.is_department_default)
        return mine or next(everybody, None)

    def opening(self, known: Collection[str]) -> SavedView | None:
        """The default, unless its question names what the list no longer knows."""
        view = self.default
        return view if view is not None and set(QueryDict(view.query)) <= set(known) else None


def views_of(user: User, list_name: str, active: str = "") -> ViewMenu:
    """The views a person may open on a list; `active` is the key from the address, if any.

    Raises NotFound when the address names a view that he may not open.
    """
    rows = list(saved_views_for(user, list_name).select_related("owner").in_order())
    wanted = next((view for view in rows if str(view.pk) == active), None)
    if active not in ("", NO_VIEW) and wanted is None:
        raise NotFound
    own = [view for view in rows if view.owner_id == user.pk]
    return ViewMenu(list_name, own, [view for view in rows if view not in own], wanted)
