"""Pages of people, posts, managers and clients: who gets which, and that buttons work."""

import re

import pytest
from django.utils import timezone

from crm.core.models import AccessLog
from crm.identity.choices import Duty
from crm.identity.models import AccountManager, ApiToken, Post, User
from crm.identity.services.managers import ManagerCard, record_manager
from crm.identity.services.passwords import activate_account
from crm.identity.services.people import PersonCard, register_person
from crm.identity.services.posts import end_post, propose_post
from crm.identity.tests.doors import give_totp, log_in_with_code, prove, totp_of
from crm.identity.tests.factories import ApiClientFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.identity.tests.urls")]
CODE = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}")


@pytest.fixture
def enter(client, settings):
    """Log a person in, second factor and step-up done, and hand the client back."""

    def _enter(user):
        settings.ACCOUNT_RATE_LIMITS = {"login_failed": False, "reauthenticate": False}
        client.logout()
        log_in_with_code(client, user, totp_of(user))
        prove(client)
        return client

    return _enter


@pytest.fixture
def newcomer(keeper, department):
    return register_person(
        card=PersonCard(username="li.si", name="李四", department=department), by=keeper
    )


@pytest.fixture
def card_row(manager, clerk):
    card = ManagerCard(position="客户经理", mobile="13800138000", home_address="西安市雁塔区")
    return record_manager(user=manager, card=card, by=clerk)


PAGES = {
    "/people/": {"SYS": 200, "SEC": 200, "AUD": 200, "MC": 403, "AM": 403},
    "/people/new/": {"SYS": 200, "SEC": 403, "AUD": 403, "MC": 403, "AM": 403},
    "/people/posts/waiting/": {"SYS": 200, "SEC": 200, "AUD": 200, "MC": 403, "AM": 403},
    "/people/{person}/": {"SYS": 200, "SEC": 200, "AUD": 200, "MC": 404, "AM": 404},
    "/people/{person}/edit/": {"SYS": 200, "SEC": 403, "AUD": 403, "MC": 404, "AM": 404},
    "/customers/people/{person}/disable/": {
        "SYS": 200,
        "SEC": 403,
        "AUD": 403,
        "MC": 404,
        "AM": 404,
    },
    "/people/{person}/confirm/": {"SYS": 405, "SEC": 405, "AUD": 405, "MC": 405, "AM": 405},
    "/people/{person}/posts/propose/": {"SYS": 200, "SEC": 200, "AUD": 403, "MC": 403, "AM": 403},
    "/people/{stranger}/": {"SYS": 404, "SEC": 404, "AUD": 404, "MC": 404, "AM": 404},
    "/people/posts/{post}/end/": {"SYS": 200, "SEC": 200, "AUD": 403, "MC": 404, "AM": 404},
    "/managers/": {"SYS": 403, "SEC": 403, "AUD": 403, "MC": 200, "AM": 200},
    "/managers/new/": {"SYS": 403, "SEC": 403, "AUD": 403, "MC": 200, "AM": 403},
    "/managers/{card}/": {"SYS": 404, "SEC": 404, "AUD": 404, "MC": 200, "AM": 200},
    "/managers/{card}/edit/": {"SYS": 404, "SEC": 404, "AUD": 404, "MC": 200, "AM": 403},
    "/managers/{card}/retire/": {"SYS": 404, "SEC": 404, "AUD": 404, "MC": 200, "AM": 403},
    "/clients/": {"SYS": 200, "SEC": 200, "AUD": 200, "MC": 403, "AM": 403},
    "/clients/new/": {"SYS": 200, "SEC": 403, "AUD": 403, "MC": 403, "AM": 403},
    "/clients/{client}/": {"SYS": 200, "SEC": 200, "AUD": 200, "MC": 404, "AM": 404},
    "/clients/{client}/tokens/new/": {"SYS": 403, "SEC": 200, "AUD": 403, "MC": 404, "AM": 404},
}


@pytest.mark.slow
@pytest.mark.parametrize("duty", ["SYS", "SEC", "AUD", "MC", "AM"])
def test_every_page_for_every_persona(enter, department, card_row, keeper, duty):
    person = UserFactory(duty=Duty.FIN, department=department)
    outside = ApiClientFactory(user__department=department)
    keys = {
        "person": person.pk,
        "stranger": UserFactory().pk,
        "post": Post.objects.get(user=person).pk,
        "card": card_row.pk,
        "client": outside.pk,
    }
    client = enter(UserFactory(duty=duty, department=department))
    got = {}
    for path in PAGES:
        answer = client.get(path.format(**keys))
        got[path] = answer.status_code
    assert got == {path: wanted[duty] for path, wanted in PAGES.items()}


def test_a_page_of_a_stranger_reads_like_one_that_never_was(enter, keeper):
    client = enter(keeper)
    client.get("/people/")  # shows the greeting
    answers = [client.get(f"/people/{pk}/") for pk in (UserFactory().pk, 99999999)]
    noise = r'(value|content)="[^"]*"|[0-9a-f]{16}|X-CSRFToken[^}]*'
    bodies = {re.sub(noise, "", answer.content.decode()) for answer in answers}
    assert [a.status_code for a in answers] == [404, 404]
    assert len(bodies) == 1


def test_an_act_denied_on_a_visible_person_is_logged(enter, guard, newcomer):
    enter(guard).get(f"/people/{newcomer.pk}/edit/")
    row = AccessLog.objects.get()
    assert (row.kind, row.object_type, row.object_key) == ("denied", "people.u", str(newcomer.pk))


def test_from_registration_to_the_first_right_over_the_pages(enter, keeper, guard, department):
    client = enter(keeper)
    answer = client.post(
        "/people/new/",
        {"username": "li.si", "name": "李四", "department": department.pk, "clearance": 0},
    )
    person = User.objects.get(username="li.si")
    assert answer.url == f"/people/{person.pk}/"
    client.post(
        f"/people/{person.pk}/posts/propose/",
        {"department": department.pk, "duty": "AM", "starts_on": timezone.localdate()},
    )
    post = Post.objects.get(user=person)
    assert client.post(f"/people/posts/{post.pk}/confirm/").status_code == 403
    assert "确认账号" not in client.get(f"/people/{person.pk}/").content.decode()

    client = enter(guard)
    assert "李四" in client.get("/people/?state=waiting").content.decode()
    page = client.post(f"/people/{person.pk}/confirm/")
    (code,) = set(CODE.findall(page.content.decode()))
    assert page["Cache-Control"] == "no-store, private"
    client.post(f"/people/posts/{post.pk}/confirm/")
    post.refresh_from_db()
    assert post.confirmed_by == guard
    again = client.post(f"/people/{person.pk}/confirm/")
    assert "该账号已确认或已停用" in again.content.decode()
    assert not CODE.search(again.content.decode())
    activate_account(username="li.si", code=code, password="Xin-Mima-2026-ok")


def test_sensitive_buttons_ask_for_the_password_first(client, guard, manager):
    log_in_with_code(client, guard, give_totp(guard))
    answer = client.post(f"/people/{manager.pk}/reset-password/")
    assert answer.url.startswith("/accounts/reauthenticate/")
    manager.refresh_from_db()
    assert manager.has_usable_password()


def test_reset_unlock_and_second_factor_over_the_pages(enter, guard, manager):
    give_totp(manager)
    client = enter(guard)
    assert client.post(f"/people/{manager.pk}/reset-factor/").status_code == 302
    assert client.post(f"/people/{manager.pk}/unlock/").status_code == 302
    assert CODE.search(client.post(f"/people/{manager.pk}/reset-password/").content.decode())
    manager.refresh_from_db()
    assert not manager.has_usable_password()


def test_disabling_and_returning_over_the_pages(enter, keeper, manager):
    client = enter(keeper)
    assert (
        client.post(f"/customers/people/{manager.pk}/disable/", {"reason": ""}).status_code == 200
    )
    client.post(f"/customers/people/{manager.pk}/disable/", {"reason": "离职"})
    manager.refresh_from_db()
    assert not manager.is_active
    client.post(f"/people/{manager.pk}/reactivate/")
    manager.refresh_from_db()
    assert manager.left_on is None
    assert not manager.is_active


def test_a_refusal_stands_on_the_form_and_what_was_typed_stays(enter, keeper, department):
    client = enter(keeper)
    answer = client.post(
        "/people/new/",
        {"username": "Zhang", "name": "张三", "department": department.pk, "clearance": 0},
    )
    page = answer.content.decode()
    assert "用户名为 3 至 30 位小写字母" in page
    assert 'value="张三"' in page
    assert not User.objects.filter(name="张三").exists()


def test_turning_a_proposal_down_over_the_page(enter, keeper, guard, newcomer, department):
    post = propose_post(
        user=newcomer,
        department=department,
        duty=Duty.AM,
        starts_on=timezone.localdate(),
        by=keeper,
    )
    client = enter(guard)
    client.post(f"/people/posts/{post.pk}/end/", {"reason": "不同意"})
    post.refresh_from_db()
    assert post.ended_at is not None
    assert post.confirmed_at is None


def test_the_list_finds_filters_and_refuses_strange_parameters(enter, keeper, newcomer):
    client = enter(keeper)
    assert "li.si" in client.get("/people/?q=李").content.decode()
    assert "li.si" not in client.get("/people/?state=active").content.decode()
    assert client.get("/people/?password__startswith=a").status_code == 404


def test_lists_cost_the_same_however_many(enter, keeper, department, django_assert_max_num_queries):
    UserFactory.create_batch(60, department=department)
    client = enter(keeper)
    with django_assert_max_num_queries(12):
        page = client.get("/people/")
    assert page.context["page"].next
    following = client.get(f"/people/?page={page.context['page'].next}")
    seen = {p.pk for p in page.context["page"].rows} | {
        p.pk for p in following.context["page"].rows
    }
    assert len(seen) == User.objects.filter(organisation=keeper.organisation).count()


def test_the_clerk_keeps_cards_over_the_pages(enter, clerk, manager):
    client = enter(clerk)
    data = {"position": "客户经理", "mobile": "13800138000", "capacity_weight": "1"}
    client.post("/managers/new/", data | {"user": manager.pk})
    row = AccountManager.objects.get()
    client.post(f"/managers/{row.pk}/edit/", data | {"position": "主管", "version": 1})
    row.refresh_from_db()
    assert (row.position, row.version) == ("主管", 2)
    stale = client.post(f"/managers/{row.pk}/edit/", data | {"position": "旧", "version": 1})
    assert stale.status_code == 409
    client.post(f"/managers/{row.pk}/retire/", {"reason": "退休"})
    row.refresh_from_db()
    assert not row.is_live


def test_a_duty_taken_away_is_gone_at_the_next_request(enter, clerk, keeper):
    client = enter(clerk)
    assert client.get("/managers/").status_code == 200
    end_post(post=Post.objects.get(user=clerk), reason="调岗", by=keeper)
    assert client.get("/managers/").status_code == 403


def test_a_colleague_does_not_read_the_home_address(enter, card_row, department):
    client = enter(UserFactory(duty=Duty.AM, department=department))
    for path in ("/managers/", f"/managers/{card_row.pk}/"):
        page = client.get(path).content.decode()
        assert "西安市雁塔区" not in page
        assert "13800138000" not in page


def test_tokens_over_the_pages_are_shown_once(enter, keeper, guard):
    client = enter(keeper)
    client.post("/clients/new/", {"code": "orders", "name": "订单中心", "system": "order_centre"})
    client = enter(guard)
    pk = User.objects.get(username="api-orders").api_client.pk
    form = {"name": "一号", "scopes": ["customer.v"], "networks": "10.0.0.0/8", "days": 30}
    page = client.post(f"/clients/{pk}/tokens/new/", form)
    (clear,) = set(re.findall(r"kd_[0-9a-f]{64}", page.content.decode()))
    token = ApiToken.objects.get()
    assert token.networks == ["10.0.0.0/8"]
    assert clear not in client.get(f"/clients/{pk}/").content.decode()
    client.post(f"/clients/{pk}/tokens/{token.token_key}/revoke/")
    assert not ApiToken.objects.exists()
    assert client.post(f"/clients/{pk}/tokens/nothing/revoke/").status_code == 404
    client.post(f"/clients/{pk}/disable/")
    assert not User.objects.get(username="api-orders").is_active
