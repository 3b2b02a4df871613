"""Saved views: a question under a name, changed by its owner alone (UX-05, B193)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.core.errors import NotFound
from crm.identity.access import get_own_view, get_saved_view, saved_views_for
from crm.identity.choices import LIST_PAGES, ListName, ViewDefault
from crm.identity.models import SavedView
from crm.identity.selectors import views_of
from crm.identity.services import saved_views
from crm.identity.services.saved_views import ViewCard, drop_view, edit_view, save_view
from crm.identity.tests.factories import DepartmentFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db


def keep(by, title="我的", *, department=None, default="", query="status=normal"):
    return save_view(
        list_name=ListName.CUSTOMERS,
        card=ViewCard(title, department, default),
        query=query,
        columns=["address"],
        by=by,
    )


@pytest.fixture
def colleague(department):
    return UserFactory(duty="AM", department=department, username="colleague")


@pytest.fixture
def stranger(rights):
    return UserFactory(duty="AM", department=DepartmentFactory(), username="stranger")


def test_a_view_is_its_owners_until_he_shares_it_with_his_department(
    manager, colleague, stranger, department
):
    view = keep(manager)
    assert list(saved_views_for(colleague)) == []
    edit_view(view=view, card=ViewCard("部门的", department), by=manager)
    assert [row.title for row in saved_views_for(colleague, ListName.CUSTOMERS)] == ["部门的"]
    assert list(saved_views_for(colleague, ListName.FIRMS)) == []
    assert list(saved_views_for(stranger)) == []
    assert get_saved_view(colleague, view.pk) == view


def test_who_leaves_the_department_no_longer_has_its_views(manager, colleague, department):
    keep(manager, department=department)
    colleague.posts.all().delete()
    colleague.posts_read = None
    assert list(saved_views_for(colleague)) == []


@pytest.mark.parametrize("act", [edit_view, drop_view])
def test_nobody_but_the_owner_changes_a_view_not_even_a_shared_one(
    manager, colleague, department, act
):
    """B193: the same answer as for a view that never was."""
    view = keep(manager, department=department)
    more = {"card": ViewCard("改名")} if act is edit_view else {}
    with pytest.raises(NotFound):
        act(view=view, by=colleague, **more)
    assert SavedView.objects.get().title == "我的"
    with pytest.raises(NotFound):
        get_own_view(manager, 987_654_321)


def test_the_pages_of_a_foreign_view_are_not_there(client, manager, colleague, department):
    """B193 at the door: GET and POST, by the key of a shared view."""
    view = keep(manager, department=department)
    client.force_login(colleague)
    for answer in (
        client.get(f"/views/{view.pk}/edit/"),
        client.post(f"/views/{view.pk}/edit/", {"title": "改名"}),
        client.post(f"/views/{view.pk}/drop/"),
    ):
        assert answer.status_code == 404
    assert client.get(f"/views/{view.pk}/").status_code == 302
    assert SavedView.objects.get().title == "我的"


def test_the_owner_renames_shares_and_drops(client, manager, department):
    view = keep(manager)
    client.force_login(manager)
    card = {"title": "延安片", "department": department.pk, "default": "department"}
    assert client.post(f"/views/{view.pk}/edit/", card).status_code == 302
    view.refresh_from_db()
    assert (view.title, view.department, view.is_department_default) == ("延安片", department, True)
    assert client.post(f"/views/{view.pk}/drop/").url == "/customers/?view=none"
    assert not SavedView.objects.exists()


def test_one_shares_only_with_a_department_one_works_in(client, manager, department):
    foreign = DepartmentFactory()
    with pytest.raises(ValidationError, match="本人任职"):
        keep(manager, department=foreign)
    client.force_login(manager)
    sent = {"list_name": "customers", "title": "x", "query": "", "department": foreign.pk}
    assert client.post("/views/new/", sent).status_code == 200
    assert not SavedView.objects.exists()


def test_a_name_stands_once_a_list_and_person(manager, colleague):
    keep(manager)
    with pytest.raises(ValidationError, match="同名"):
        keep(manager)
    keep(colleague)
    assert SavedView.objects.count() == 2


def test_a_new_default_takes_the_place_of_the_old_one(manager):
    first = keep(manager, "甲", default=ViewDefault.OWNER)
    second = keep(manager, "乙", default=ViewDefault.OWNER)
    first.refresh_from_db()
    assert (first.is_default, second.is_default) == (False, True)


def test_ones_own_default_goes_before_the_departments(manager, colleague, department):
    shared = keep(manager, department=department, default=ViewDefault.DEPARTMENT)
    assert views_of(colleague, ListName.CUSTOMERS).default == shared
    own = keep(colleague, "自己的", default=ViewDefault.OWNER)
    assert views_of(colleague, ListName.CUSTOMERS).default == own
    assert views_of(manager, ListName.CUSTOMERS).default == shared


def test_a_department_has_one_default_and_it_is_shared(manager, colleague, department):
    keep(manager, department=department, default=ViewDefault.DEPARTMENT)
    with pytest.raises(ValidationError, match="默认视图"):
        keep(colleague, department=department, default=ViewDefault.DEPARTMENT)
    with pytest.raises(ValidationError, match="须先共享"):
        keep(colleague, "无部门", default=ViewDefault.DEPARTMENT)
    assert SavedView.objects.count() == 1


def test_two_defaults_at_once_break_on_the_constraint(manager):
    keep(manager, "甲", default=ViewDefault.OWNER)
    row = SavedView(owner=manager, list_name="customers", title="乙", is_default=True)
    with pytest.raises(IntegrityError, match="one_default"), transaction.atomic():
        row.save()


def test_the_number_of_views_has_an_end(manager, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 1)
    keep(manager)
    with pytest.raises(ValidationError, match="上限"):
        keep(manager, "又一个")


def test_a_default_with_a_strange_question_does_not_open(manager):
    keep(manager, default=ViewDefault.OWNER, query="user__password=p")
    menu = views_of(manager, ListName.CUSTOMERS)
    assert menu.default is not None
    assert menu.opening({"status"}) is None


def test_a_person_of_two_departments_has_the_views_of_both(manager, colleague, department):
    other = DepartmentFactory(parent=department.organisation)
    PostFactory(user=colleague, duty="MC", department=other)
    view = keep(colleague, department=other)
    PostFactory(user=manager, duty="MC", department=other)
    manager.posts_read = None
    assert view in saved_views_for(manager)


def test_whoever_thinks_better_of_it_goes_back_to_the_list_as_it_was(client, manager):
    client.force_login(manager)
    page = client.get("/views/new/?list_name=firms&query=state%3Dended")
    assert page.context["back_url"] == "/logistics/?state=ended"
    plain = client.get("/views/new/?list_name=nonsense")
    assert plain.context["back_url"] == "/customers/?view=none"


def test_every_list_has_its_page():
    assert set(LIST_PAGES) == set(ListName.values)
