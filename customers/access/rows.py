"""The gates: the only places that hand out customers, contacts, bindings and conflicts."""

from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from crm.core.access import fetch
from crm.core.errors import NotFound
from crm.core.policy import Perm
from crm.identity.access import CUSTOMER_DATA, rights_of
from crm.identity.choices import Profile, Scope, UserKind
from crm.identity.models import Department, Post, RoleRight, User, UserQuerySet
from customers.access.scopes import READ_ACTIONS, READ_ON_LOAN, Shares, ways_of
from customers.choices import CustomerPerm, GrantLevel
from customers.models import (
    BankBinding,
    BankBindingQuerySet,
    Conflict,
    ConflictQuerySet,
    Contact,
    ContactQuerySet,
    Customer,
    CustomerGrant,
    CustomerGroupGrant,
    CustomerLoan,
    CustomerQuerySet,
)


def customers_for(user: User, perm: Perm, shares: Shares | None = None) -> CustomerQuerySet:
    """The gate for one row, checks and exports. Lists and search use `customers_page`."""
    ways = ways_of(user, perm, shares)
    if not ways:
        return Customer.objects.none()
    reach = reduce(or_, (way.as_q() for way in ways))
    return Customer.objects.filter(reach).cleared(user.clearance)


def _with_relations(user: User, perm: CustomerPerm) -> CustomerQuerySet:
    """The gate's rows with what every page about one customer shows, in one query."""
    return customers_for(user, perm).select_related(
        "organisation",
        "department",
        "area",
        "manager",
        "created_by",
        "province",
        "city",
        "region",
        "retail",
        "repair",
        "subscriber",
        "extra",
    )


def get_customer(user: User, perm: CustomerPerm, pk: int) -> Customer:
    """One customer by key. Raises NotFound when unseen, Forbidden when seen but barred."""
    return fetch(_with_relations, user, perm, see=CustomerPerm.VIEW, pk=pk)


def get_customer_by_code(user: User, perm: CustomerPerm, code: str) -> Customer:
    """One customer by its lifelong code. Raises NotFound, Forbidden."""
    if not (code.isascii() and code.isdigit()):
        raise NotFound
    return fetch(_with_relations, user, perm, see=CustomerPerm.VIEW, code=code)


def behind(
    user: User, perm: Perm, prefix: str = "customer__", shares: Shares | None = None
) -> Q | None:
    """Rows whose relation `prefix` leads to a customer that `perm` reaches; None for no row."""
    ways = ways_of(user, perm, shares)
    if not ways:
        return None
    reach = reduce(or_, (way.as_q(prefix) for way in ways))
    return reach & Q(**{f"{prefix}secrecy__lte": user.clearance})


def contacts_for(user: User, perm: CustomerPerm) -> ContactQuerySet:
    """The gate of contacts: those of customers the right on contacts reaches."""
    reach = behind(user, perm)
    return Contact.objects.none() if reach is None else Contact.objects.filter(reach)


def get_contact(user: User, perm: CustomerPerm, pk: int) -> Contact:
    """One contact. Raises NotFound, Forbidden."""
    return fetch(contacts_for, user, perm, see=CustomerPerm.CONTACT_VIEW, pk=pk)


def bindings_for(user: User, perm: CustomerPerm) -> BankBindingQuerySet:
    """The gate of withholding accounts. What of a number shows, `access.fields` says."""
    reach = behind(user, perm)
    return BankBinding.objects.none() if reach is None else BankBinding.objects.filter(reach)


def get_binding(user: User, perm: CustomerPerm, pk: int) -> BankBinding:
    """One withholding account. Raises NotFound, Forbidden."""
    return fetch(bindings_for, user, perm, see=CustomerPerm.BANK_VIEW, pk=pk)


def conflicts_for(user: User, perm: CustomerPerm) -> ConflictQuerySet:
    """The gate of conflicts: the whole organisation, for those who decide on assignments.

    Whoever lost the race is told by notice and sees none of it here (RF-09).
    """
    if not any(cell.scope is Scope.ALL for cell in rights_of(user, perm)):
        return Conflict.objects.none()
    return Conflict.objects.filter(organisation_id=user.organisation_id)


def get_conflict(user: User, perm: CustomerPerm, pk: int) -> Conflict:
    """One conflict. Raises NotFound, Forbidden."""
    return fetch(conflicts_for, user, perm, see=CustomerPerm.DECIDE, pk=pk)


def people_who_may(customer: Customer, perm: Perm) -> UserQuerySet:
    """The other way round: everybody whom a gate would let do `perm` to this customer.

    For notices and the page "who sees this". Outside systems are not people. Rules: R-2, R-76.
    """
    posts = Post.objects.live(timezone.localdate()).filter(
        department__organisation_id=customer.organisation_id
    )
    scopes = _scopes_by_duty(customer, perm)
    reached = posts.filter(_reaching_posts(customer, perm, scopes)).values("user_id")
    shared = _shared_with(customer, perm)
    able = posts.filter(duty__in=scopes).values("user_id")
    people: UserQuerySet = User.objects.filter(
        Q(pk__in=reached) | Q(pk__in=shared, id__in=able),
        is_active=True,
        organisation_id=customer.organisation_id,
        clearance__gte=customer.secrecy,
    ).exclude(kind=UserKind.SYSTEM)
    return people


def _scopes_by_duty(customer: Customer, perm: Perm) -> dict[str, set[str]]:
    """Duty → scopes, with `u` read as `p` in a tobacco bureau as `rights_of` does."""
    actions = {perm.action}
    if perm.object in CUSTOMER_DATA and customer.organisation.profile == Profile.TOBACCO:
        actions = {"p": {"p", "u"}, "u": set[str]()}.get(perm.action, actions)
    found: dict[str, set[str]] = {}
    rows = RoleRight.objects.filter(object=perm.object, action__in=actions)
    for duty, scope in rows.values_list("duty", "scope"):
        found.setdefault(duty, set()).add(scope)
    return found


def _reaching_posts(customer: Customer, perm: Perm, scopes: dict[str, set[str]]) -> Q:
    reach = {
        Scope.OWN: Q(user_id=customer.manager_id, user_id__isnull=False),
        Scope.TEAM: Q(department_id__in=_above(customer.department_id)),
        Scope.AREA: Q(department_id__in=_above(customer.area_id)),
        Scope.ALL: Q(pk__isnull=False),
    }
    wanted = Q(pk__in=[])
    for scope, where in reach.items():
        wanted |= Q(duty__in=[d for d, held in scopes.items() if scope in held]) & where
    running = CustomerLoan.objects.running(timezone.localdate()).filter(customer=customer)
    for department_id, duty in running.values_list("department_id", "duty"):
        if perm in READ_ON_LOAN or Scope.TASK in scopes.get(duty, ()):
            wanted |= Q(department_id=department_id, duty=duty)
    return wanted


def _above(department_id: int | None) -> list[int]:
    """A department and its ancestors: whose subtree it lies in. A closed one lies in none."""
    row = Department.objects.filter(pk=department_id, is_live=True).first()
    if row is None:
        return []
    return [above.pk for above in Department.objects.ancestors(row, include_self=True)]


def _shared_with(customer: Customer, perm: Perm) -> list[int]:
    levels = [GrantLevel.WORK]
    if perm.action in READ_ACTIONS:
        levels.append(GrantLevel.VIEW)
    today = timezone.localdate()
    said = {"content_object": customer, "permission__codename__in": levels}
    own = CustomerGrant.dated.running(today).filter(**said).values_list("user_id", flat=True)
    groups = CustomerGroupGrant.dated.running(today).filter(**said)
    return [*own, *groups.filter(group__user__isnull=False).values_list("group__user", flat=True)]
