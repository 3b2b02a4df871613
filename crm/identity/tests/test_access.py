"""Who may do what: posts, duties, scopes (D9)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.core.policy import Perm
from crm.identity.access import may, people_for, post_departments, rights_of, subtree_ids
from crm.identity.choices import Duty, IdentityPerm, Scope
from crm.identity.models import RoleRight
from crm.identity.tests.factories import (
    ApiClientFactory,
    DepartmentFactory,
    OrganisationFactory,
    PostFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


class Thing(Perm):
    VIEW = "thing.v"
    APPROVE = "thing.a"


class CustomerThing(Perm):
    EDIT = "customer.u"
    PROPOSE = "customer.p"


@pytest.fixture(autouse=True)
def cells():
    RoleRight.objects.all().delete()
    RoleRight.objects.bulk_create(
        [
            RoleRight(duty=Duty.AM, object="thing", action="v", scope=Scope.OWN),
            RoleRight(duty=Duty.SL, object="thing", action="v", scope=Scope.AREA),
            RoleRight(duty=Duty.SL, object="thing", action="a", scope=Scope.AREA),
            RoleRight(duty=Duty.AM, object="customer", action="u", scope=Scope.OWN),
            RoleRight(duty=Duty.SEC, object="people", action="v", scope=Scope.ALL),
        ]
    )


def test_a_person_has_the_cells_of_all_his_live_posts():
    user = UserFactory(duties=[Duty.AM, Duty.SL])
    assert [(c.duty, c.scope) for c in rights_of(user, Thing.VIEW)] == [
        ("AM", Scope.OWN),
        ("SL", Scope.AREA),
    ]
    assert may(user, Thing.APPROVE)


def test_an_inactive_person_has_nothing_even_as_superuser():
    user = UserFactory(duty=Duty.AM, is_superuser=True)
    user.is_active = False
    assert rights_of(user, Thing.VIEW) == []
    other = UserFactory(is_superuser=True)
    assert rights_of(other, Thing.VIEW) == []


@pytest.mark.parametrize(
    "change",
    [
        {"confirmed_at": None},
        {"ends_on": timezone.localdate() - timedelta(days=1)},
        {"starts_on": timezone.localdate() + timedelta(days=1)},
        {"ended_at": timezone.now()},
    ],
)
def test_posts_ended_unconfirmed_or_to_come_count_for_nothing(change):
    post = PostFactory(**change)
    assert rights_of(post.user, Thing.VIEW) == []
    assert post_departments(post.user) == []


def test_the_last_day_of_a_post_still_counts():
    post = PostFactory(ends_on=timezone.localdate())
    assert may(post.user, Thing.VIEW)


def test_rights_are_read_with_one_query(django_assert_num_queries):
    user = UserFactory(duties=[Duty.AM, Duty.SL])
    with django_assert_num_queries(1):
        rights_of(user, Thing.VIEW)
        rights_of(user, Thing.APPROVE)
        post_departments(user, Duty.SL)


@pytest.mark.parametrize(
    ("profile", "edits", "proposes"),
    [("tobacco", False, True), ("repair", True, False), ("boss", True, False)],
)
def test_in_a_tobacco_bureau_direct_edit_of_a_customer_becomes_a_proposal(profile, edits, proposes):
    department = DepartmentFactory(parent=OrganisationFactory(profile=profile))
    user = UserFactory(duty=Duty.AM, department=department)
    assert may(user, CustomerThing.EDIT) is edits
    assert may(user, CustomerThing.PROPOSE) is proposes


def test_a_client_has_what_its_token_names_and_nothing_without_one():
    client = ApiClientFactory()
    user = client.user
    assert rights_of(user, Thing.VIEW) == []
    user.token_scopes = frozenset({"thing.v"})
    (cell,) = rights_of(user, Thing.VIEW)
    assert (cell.duty, cell.scope, cell.department_id) == ("API", "S", user.organisation_id)
    assert rights_of(user, Thing.APPROVE) == []


def test_a_subtree_is_the_department_and_all_live_ones_below():
    root = OrganisationFactory()
    office = DepartmentFactory(parent=root)
    squad = DepartmentFactory(parent=office)
    closed = DepartmentFactory(parent=office, is_live=False)
    other = DepartmentFactory()
    assert set(subtree_ids(office.pk)) == {office.pk, squad.pk}
    assert set(subtree_ids(root.pk)) == {root.pk, office.pk, squad.pk}
    assert closed.pk not in subtree_ids(root.pk)
    assert other.pk not in subtree_ids(root.pk)


def test_people_are_seen_inside_the_own_organisation_only():
    guard = UserFactory(duty=Duty.SEC)
    colleague = UserFactory(department=guard.department)
    UserFactory()
    assert set(people_for(guard, IdentityPerm.PEOPLE_VIEW)) == {guard, colleague}
    assert not people_for(colleague, IdentityPerm.PEOPLE_VIEW).exists()
