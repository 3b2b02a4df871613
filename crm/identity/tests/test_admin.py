"""Django admin: the three administrators behind the second factor, each with his rights (PM-33)."""

import pytest
from django.contrib import admin

from crm.core.admin import ReferenceAdmin
from crm.core.models import AccessLog, DictEntry, JobRun, JobStatus
from crm.core.services.access_log import log_access, log_denial
from crm.identity.choices import Duty
from crm.identity.models import Department, Post, User
from crm.identity.tests.doors import give_totp, log_in, log_in_with_code, totp_of
from crm.identity.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.identity.tests.urls")]


@pytest.fixture
def enter(client):
    def _enter(user):
        client.logout()
        log_in_with_code(client, user, totp_of(user))
        return client

    return _enter


def test_the_admin_log_in_is_the_log_in_of_the_house(client, keeper):
    secret = give_totp(keeper)
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.url.startswith("/accounts/login/")
    answer = client.post(
        "/admin/login/", {"username": "keeper", "password": "Kd-Lan7-Hua3-Shu", "next": "/admin/"}
    )
    assert answer.url.startswith("/accounts/login/")
    assert client.get("/admin/").status_code == 302
    log_in(client, keeper)
    assert client.get("/admin/").status_code == 302
    log_in_with_code(client, keeper, secret)
    assert client.get("/admin/").status_code == 200


def test_nobody_else_enters_whatever_his_flags_say(enter, department):
    boss = UserFactory(duty=Duty.GM, department=department, is_staff=True, is_superuser=True)
    client = enter(boss)
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/identity/user/").status_code in (302, 403)


TABLES = {
    "identity/user": {"SYS": 200, "SEC": 200, "AUD": 200},
    "identity/user/add": {"SYS": 200, "SEC": 403, "AUD": 403},
    "identity/department/add": {"SYS": 200, "SEC": 403, "AUD": 403},
    "identity/post": {"SYS": 200, "SEC": 200, "AUD": 200},
    "identity/post/add": {"SYS": 403, "SEC": 403, "AUD": 403},
    "identity/roleright": {"SYS": 200, "SEC": 200, "AUD": 200},
    "identity/apiclient": {"SYS": 200, "SEC": 200, "AUD": 200},
    "identity/apitoken": {"SYS": 200, "SEC": 200, "AUD": 200},
    "core/dictentry": {"SYS": 200, "SEC": 200, "AUD": 200},
    "core/dictentry/add": {"SYS": 200, "SEC": 403, "AUD": 403},
    "core/region": {"SYS": 200, "SEC": 200, "AUD": 200},
    "core/calendaroverride/add": {"SYS": 200, "SEC": 403, "AUD": 403},
    "core/jobrun": {"SYS": 200, "SEC": 403, "AUD": 200},
    "core/accesslog": {"SYS": 403, "SEC": 200, "AUD": 200},
    "core/accesslog/add": {"SYS": 403, "SEC": 403, "AUD": 403},
    "axes/accesslog": {"SYS": 403, "SEC": 200, "AUD": 200},
    "axes/accessattempt": {"SYS": 403, "SEC": 200, "AUD": 403},
}


@pytest.mark.slow
@pytest.mark.parametrize("duty", ["SYS", "SEC", "AUD"])
def test_each_administrator_reaches_his_tables(enter, department, duty):
    client = enter(UserFactory(duty=duty, department=department))
    got = {path: client.get(f"/admin/{path}/").status_code for path in TABLES}
    assert got == {path: wanted[duty] for path, wanted in TABLES.items()}


def test_every_table_of_the_admin_asks_our_rights():
    strange = [
        model.__name__
        for model, table in admin.site._registry.items()
        if not isinstance(table, ReferenceAdmin)
    ]
    assert strange == []


def test_adding_a_person_is_registering_him(enter, keeper, department):
    client = enter(keeper)
    data = {"username": "li.si", "name": "李四", "department": department.pk, "clearance": 0}
    assert client.post("/admin/identity/user/add/", data).status_code == 302
    person = User.objects.get(username="li.si")
    assert (person.is_active, person.created_by) == (False, keeper)
    refused = client.post("/admin/identity/user/add/", data | {"username": "Big"}, follow=True)
    assert "用户名为 3 至 30 位小写字母" in refused.content.decode()
    assert not User.objects.filter(username="Big").exists()
    change = f"/admin/identity/user/{person.pk}/change/"
    assert client.post(change, data | {"name": "李四光"}).status_code == 302
    person.refresh_from_db()
    assert person.name == "李四光"


def test_departments_stay_inside_the_own_organisation(enter, keeper, department):
    client = enter(keeper)
    data = {"code": "sales2", "name": "二部", "kind": "market", "is_live": "on"}
    own = data | {"parent": keeper.organisation_id}
    assert client.post("/admin/identity/department/add/", own).status_code == 302
    made = Department.objects.get(code="sales2")
    assert made.organisation == keeper.organisation
    foreign = UserFactory().department
    client.post("/admin/identity/department/add/", data | {"code": "x", "parent": foreign.pk})
    assert not Department.objects.filter(code="x").exists()
    loop = own | {"parent": made.pk}
    client.post(f"/admin/identity/department/{made.pk}/change/", loop)
    made.refresh_from_db()
    assert made.parent_id == keeper.organisation_id
    root = f"/admin/identity/department/{keeper.organisation_id}/change/"
    client.post(root, data | {"name": "改名"})
    keeper.organisation.refresh_from_db()
    assert keeper.organisation.name != "改名"


def test_nothing_is_deleted_and_no_stranger_shows(enter, keeper, manager):
    stranger = UserFactory(name="外单位的人", duty=Duty.AM)
    client = enter(keeper)
    page = client.get("/admin/identity/user/").content.decode()
    assert manager.username in page
    assert stranger.username not in page
    assert client.get(f"/admin/identity/user/{stranger.pk}/change/").status_code == 302
    assert client.post(f"/admin/identity/user/{manager.pk}/delete/").status_code == 403
    data = {"action": "delete_selected", "_selected_action": [manager.pk], "post": "yes"}
    client.post("/admin/identity/user/", data)
    assert User.objects.filter(pk=manager.pk).exists()
    assert Post.objects.filter(user=stranger).exists()


def test_the_auditor_reads_his_organisations_log_only(enter, auditor, manager):
    stranger = UserFactory(username="waidanwei")
    for person in (manager, stranger):
        log_access(kind="view", row=manager, by=person)
    page = enter(auditor).get("/admin/core/accesslog/").content.decode()
    assert "manager" in page
    assert "waidanwei" not in page
    assert AccessLog.objects.count() == 2


def test_the_security_administrator_reads_the_refusals(enter, guard, manager, clerk):
    log_access(kind="view", row=manager, by=manager)
    log_denial(user=clerk, perm="customer.u", key="1")
    page = enter(guard).get("/admin/core/accesslog/").content.decode()
    assert "customer.u" in page
    assert "identity.user" not in page


def test_failed_jobs_are_tried_again_by_the_system_administrator(enter, keeper, auditor):
    job = JobRun.objects.create(kind="core.sweep_jobs", key="k", status=JobStatus.FAILED)
    data = {"action": "retry", "_selected_action": [job.pk]}
    enter(auditor).post("/admin/core/jobrun/", data)
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    enter(keeper).post("/admin/core/jobrun/", data)
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED


def test_the_security_administrator_unlocks_here_too(enter, guard, manager):
    client = enter(guard)
    answer = client.post(
        "/admin/identity/user/", {"action": "unlock", "_selected_action": [manager.pk]}, follow=True
    )
    assert "已解除登录锁定" in answer.content.decode()


def test_code_tables_of_another_organisation_do_not_show(enter, keeper):
    DictEntry.objects.create(kind="bank", code="common-one", label="共用")
    DictEntry.objects.create(kind="bank", code="theirs", label="别家", organisation_id=10**9)
    page = enter(keeper).get("/admin/core/dictentry/?q=o").content.decode()
    assert "common-one" in page
    page = enter(keeper).get("/admin/core/dictentry/?q=theirs").content.decode()
    assert "别家" not in page
