"""Accounts: registered by one, confirmed by another, switched off whole."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.identity.access import may
from crm.identity.choices import Duty, IdentityPerm
from crm.identity.errors import AlreadyDone, CodeRefused, LastHolder, NotOurs, SamePerson
from crm.identity.models import Post, User, UserSession
from crm.identity.services.passwords import activate_account, reset_password, set_password
from crm.identity.services.people import (
    PersonCard,
    confirm_person,
    disable_person,
    edit_person,
    install_administrator,
    reactivate_person,
    register_person,
    unlock_person,
)
from crm.identity.services.sessions import MOST, end_sessions, open_session
from crm.identity.tests.factories import (
    PASSWORD,
    DepartmentFactory,
    OrganisationFactory,
    PostFactory,
    UserFactory,
)

NEW = "Xin-Mima-2026-ok"


def card(department, **changes):
    return PersonCard(
        **{"username": "zhang.san", "name": "张三", "department": department} | changes
    )


@pytest.fixture
def newcomer(keeper, department):
    return register_person(card=card(department), by=keeper)


def signed_in(user):
    store = SessionStore()
    store.create()
    open_session(user=user, session_key=store.session_key, ip="10.0.0.9")
    return store.session_key


def test_a_registered_person_cannot_be_used_before_confirmation(newcomer, keeper):
    assert (newcomer.is_active, newcomer.confirmed_at, newcomer.created_by) == (False, None, keeper)
    assert not newcomer.has_usable_password()


def test_only_the_system_administrator_registers(guard, manager, department):
    for other in (guard, manager):
        with pytest.raises(Forbidden):
            register_person(card=card(department), by=other)
    assert not User.objects.filter(username="zhang.san").exists()


def test_nobody_is_registered_into_another_organisation(keeper):
    with pytest.raises(NotOurs):
        register_person(card=card(DepartmentFactory()), by=keeper)
    assert not User.objects.filter(username="zhang.san").exists()


@pytest.mark.parametrize("username", ["", "ab", "Zhang", "1zhang", "zhang san", "张三", "a" * 31])
def test_user_names_follow_the_rule(keeper, department, username):
    with pytest.raises(ValidationError) as refusal:
        register_person(card=card(department, username=username), by=keeper)
    assert "username" in refusal.value.message_dict


def test_a_user_name_is_taken_whatever_its_case(keeper, department):
    UserFactory(username="Zhang.San")
    with pytest.raises(ValidationError):
        register_person(card=card(department), by=keeper)


@pytest.mark.parametrize("name", ["", "  ", "张\u202e三"])
def test_a_name_is_text_people_can_read(keeper, department, name):
    with pytest.raises(ValidationError) as refusal:
        register_person(card=card(department, name=name), by=keeper)
    assert list(refusal.value.message_dict) == ["name"]


def test_the_security_administrator_confirms_and_hands_over_a_code_once(newcomer, guard):
    code = confirm_person(person=newcomer, by=guard)
    newcomer.refresh_from_db()
    assert newcomer.is_active
    assert newcomer.confirmed_by == guard
    assert len(code) == 14
    assert code.replace("-", "") not in newcomer.activation_code.digest
    with pytest.raises(AlreadyDone):
        confirm_person(person=newcomer, by=guard)


def test_who_registered_does_not_confirm(newcomer, keeper):
    with pytest.raises(Forbidden):
        confirm_person(person=newcomer, by=keeper)
    PostFactory(
        user=keeper, duty=Duty.SYS, department=DepartmentFactory(parent=keeper.organisation)
    )
    newcomer.created_by = guard = UserFactory(duty=Duty.SEC, department=keeper.department)
    newcomer.save()
    with pytest.raises(SamePerson):
        confirm_person(person=newcomer, by=guard)
    newcomer.refresh_from_db()
    assert not newcomer.is_active


def test_the_database_refuses_one_person_for_both(newcomer, keeper):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=newcomer.pk).update(confirmed_by=keeper)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=newcomer.pk).update(is_active=True)


def test_a_code_sets_the_first_password_and_works_once(newcomer, guard):
    code = confirm_person(person=newcomer, by=guard)
    activate_account(username="zhang.san", code=code.lower(), password=NEW)
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)
    assert not newcomer.must_change_password
    with pytest.raises(CodeRefused):
        activate_account(username="zhang.san", code=code, password="Other-Mima-2026")
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)


@pytest.mark.parametrize(("hours", "works"), [(71, True), (73, False)])
def test_a_first_code_lives_seventy_two_hours(newcomer, guard, hours, works):
    code = confirm_person(person=newcomer, by=guard)
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
        if works:
            activate_account(username="zhang.san", code=code, password=NEW)
        else:
            with pytest.raises(CodeRefused):
                activate_account(username="zhang.san", code=code, password=NEW)


def test_a_weak_password_leaves_the_code_good(newcomer, guard):
    code = confirm_person(person=newcomer, by=guard)
    with pytest.raises(ValidationError):
        activate_account(username="zhang.san", code=code, password="123")
    activate_account(username="zhang.san", code=code, password=NEW)


def test_wrong_name_and_wrong_code_are_told_alike(newcomer, guard):
    code = confirm_person(person=newcomer, by=guard)
    said = set()
    for username, tried in (("zhang.san", "AAAA-AAAA-AAAA"), ("nobody", code)):
        with pytest.raises(CodeRefused) as refusal:
            activate_account(username=username, code=tried, password=NEW)
        said.add(refusal.value.message)
    assert len(said) == 1


def test_disabling_ends_account_sessions_and_posts_in_one_go(keeper, manager):
    keys = [signed_in(manager), signed_in(manager)]
    others = signed_in(keeper)
    disable_person(person=manager, reason="调离", by=keeper)
    manager.refresh_from_db()
    assert (manager.is_active, manager.left_on) == (False, timezone.localdate())
    assert not Session.objects.filter(session_key__in=keys).exists()
    assert Session.objects.filter(session_key=others).exists()
    assert not Post.objects.filter(user=manager, ended_at__isnull=True).exists()
    assert not may(manager, IdentityPerm.MANAGERS_VIEW)


def test_nobody_disables_himself(keeper):
    with pytest.raises(SamePerson):
        disable_person(person=keeper, reason="x", by=keeper)


@pytest.mark.parametrize("duty", [Duty.SEC, Duty.AUD, Duty.GM])
def test_the_last_holder_of_a_key_duty_stays(keeper, duty):
    last = UserFactory(duty=duty, department=keeper.department)
    UserFactory(duty=duty)  # of another organisation
    gone = UserFactory(duty=duty, department=keeper.department, is_active=False)
    with pytest.raises(LastHolder):
        disable_person(person=last, reason="x", by=keeper)
    last.refresh_from_db()
    assert last.is_active
    assert Post.objects.get(user=last).ended_at is None
    UserFactory(duty=duty, department=keeper.department)
    disable_person(person=last, reason="x", by=keeper)
    disable_person(person=gone, reason="x", by=keeper)


def test_a_returning_person_is_confirmed_anew_and_has_no_posts(keeper, guard, manager):
    disable_person(person=manager, reason="调离", by=keeper)
    reactivate_person(person=manager, by=keeper)
    manager.refresh_from_db()
    assert not manager.is_active
    confirm_person(person=manager, by=guard)
    manager.refresh_from_db()
    assert manager.is_active
    assert not manager.check_password(PASSWORD)
    assert not may(manager, IdentityPerm.MANAGERS_VIEW)


def test_a_reset_voids_the_password_and_lives_thirty_minutes(guard, manager):
    key = signed_in(manager)
    code = reset_password(user=manager, by=guard)
    manager.refresh_from_db()
    assert not manager.has_usable_password()
    assert not Session.objects.filter(session_key=key).exists()
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False),
        pytest.raises(CodeRefused),
    ):
        activate_account(username="manager", code=code, password=NEW)
    with pytest.raises(ValidationError):
        activate_account(username="manager", code=code, password=PASSWORD)
    activate_account(username="manager", code=code, password=NEW)


def test_a_security_administrator_does_not_reset_himself(guard):
    with pytest.raises(SamePerson):
        reset_password(user=guard, by=guard)
    guard.refresh_from_db()
    assert guard.check_password(PASSWORD)


def test_nobody_sets_anothers_password(guard, manager):
    with pytest.raises(Forbidden):
        set_password(user=manager, password=NEW, by=guard)


def test_a_new_password_ends_the_other_sessions(manager):
    mine, other = signed_in(manager), signed_in(manager)
    set_password(user=manager, password=NEW, by=manager, keep_session=mine)
    assert Session.objects.filter(session_key=mine).exists()
    assert not Session.objects.filter(session_key=other).exists()


def test_the_fifty_first_session_ends_the_oldest(manager):
    keys = [signed_in(manager) for _n in range(MOST + 1)]
    left = set(UserSession.objects.filter(user=manager).values_list("session_key", flat=True))
    assert left == set(keys[1:])
    assert not Session.objects.filter(session_key=keys[0]).exists()
    assert end_sessions(user=manager) == MOST


def test_the_installer_makes_one_of_each_and_no_second(rights):
    root = OrganisationFactory()
    code = install_administrator(username="sys1", name="甲", duty=Duty.SYS, organisation=root)
    person = activate_account(username="sys1", code=code, password=NEW)
    assert may(person, IdentityPerm.PEOPLE_CREATE)
    with pytest.raises(AlreadyDone):
        install_administrator(username="sys2", name="乙", duty=Duty.SYS, organisation=root)
    assert not User.objects.filter(username="sys2").exists()


def test_a_card_is_corrected_without_touching_name_and_rights(keeper, manager, department):
    other = DepartmentFactory(parent=department.parent)
    edit_person(person=manager, card=card(other, name="李四"), by=keeper)
    manager.refresh_from_db()
    assert (manager.username, manager.name, manager.department) == ("manager", "李四", other)


def test_people_of_another_organisation_are_out_of_reach(guard, keeper):
    stranger = UserFactory()
    with pytest.raises(NotOurs):
        disable_person(person=stranger, reason="x", by=keeper)
    with pytest.raises(NotOurs):
        unlock_person(person=stranger, by=guard)
    stranger.refresh_from_db()
    assert stranger.is_active
