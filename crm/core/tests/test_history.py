"""save_as: the one way to write a governed row (rule 11, D10)."""

from datetime import date

import pytest
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils import timezone

from crm.core.errors import StaleVersion
from crm.core.history import save_as
from crm.core.selectors import timeline_of
from crm.identity.choices import Duty
from crm.identity.models import AccountManager, Post
from crm.identity.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def card(user):
    return AccountManager(user=user, position="客户经理", mobile="13800138000")


@pytest.fixture
def clerk():
    return UserFactory(name="文秘甲")


@pytest.fixture
def saved(clerk):
    row = card(UserFactory(name="经理甲"))
    save_as(row, by=clerk, reason="新建", expected=None)
    return row


def test_a_new_row_is_version_one_with_one_history_row_that_says_who_and_why(saved, clerk):
    record = saved.history.get()
    assert (saved.version, record.version, record.history_type) == (1, 1, "+")
    assert (record.history_user_id, record.history_change_reason) == (clerk.pk, "新建")


def test_a_change_raises_the_version_and_marks_just_the_field_that_changed(saved, clerk):
    saved.position = "高级客户经理"
    save_as(saved, by=clerk, reason="晋升", expected=1, form="DJ2026000001")
    saved.refresh_from_db()
    assert saved.version == 2
    assert saved.field_marks["position"]["form"] == "DJ2026000001"
    assert saved.field_marks["position"]["by"] == clerk.pk
    assert saved.field_marks["mobile"]["form"] == ""


def test_a_stale_writer_is_refused_and_nothing_moves(saved, clerk):
    mine, theirs = (AccountManager.objects.get(pk=saved.pk) for _ in range(2))
    theirs.position = "主管"
    save_as(theirs, by=clerk, reason="先到", expected=1)
    mine.position = "副主管"
    with pytest.raises(StaleVersion) as refusal:
        save_as(mine, by=clerk, reason="后到", expected=1)
    assert refusal.value.current == 2
    saved.refresh_from_db()
    assert (saved.position, saved.version, saved.history.count()) == ("主管", 2, 2)


def test_a_long_reason_is_kept_whole(saved, clerk):
    reason = "因" * 2000
    saved.position = "主管"
    save_as(saved, by=clerk, reason=reason, expected=1)
    assert saved.history.latest().history_change_reason == reason


def test_a_taken_key_is_told_by_the_database_at_its_field_and_leaves_one_row(saved, clerk):
    """A service's transaction rolls back whole; here it is the inner one."""
    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        save_as(card(saved.user), by=clerk, reason="同时", expected=None)
    assert refusal.value.message_dict == {"user": ["已有相同的记录，请核对后重填"]}
    assert AccountManager.objects.filter(user=saved.user).count() == 1


def test_a_broken_rule_about_several_fields_is_told_of_the_row(clerk):
    person = UserFactory(name="路人")
    post = Post(
        user=person,
        department=person.department,
        duty=Duty.AM,
        starts_on=date(2026, 5, 1),
        confirmed_by=person,
        confirmed_at=timezone.now(),
    )
    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        save_as(post, by=clerk, reason="自批", expected=None)
    assert refusal.value.message_dict == {NON_FIELD_ERRORS: ["不能确认本人的岗位"]}
    assert not Post.objects.filter(user=person).exists()


def test_a_saved_change_asks_the_database_for_nothing_it_checks_itself(
    saved, clerk, django_assert_num_queries
):
    """The live row under lock, the row, its history: no question about keys, links or rules."""
    saved.position = "主管"
    with django_assert_num_queries(3):
        save_as(saved, by=clerk, reason="晋升", expected=1)


def test_a_link_given_by_key_alone_must_lead_somewhere(clerk):
    row = AccountManager(user_id=0, position="客户经理", mobile="13800138000")
    with pytest.raises(ValidationError) as refusal:
        save_as(row, by=clerk, reason="无此人", expected=None)
    assert list(refusal.value.message_dict) == ["user"]
    assert not AccountManager.objects.exists()


def test_the_timeline_shows_old_and_new_value_newest_first(saved, clerk):
    saved.position, saved.sex = "主管", "f"
    save_as(saved, by=clerk, reason="更正", expected=1)
    newest, first = timeline_of(saved)
    assert {(c.field, c.before, c.after) for c in newest.changes} == {
        ("position", "客户经理", "主管"),
        ("sex", "", "女"),
    }
    assert (newest.by, newest.reason, first.reason) == ("文秘甲", "更正", "新建")


def test_history_holds_no_derived_columns():
    names = {field.name for field in AccountManager.history.model._meta.fields}
    assert "field_marks" not in names
    assert {"version", "history_user", "history_change_reason"} <= names
