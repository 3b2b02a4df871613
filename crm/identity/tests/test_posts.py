"""Posts: two people to each, three duties apart from all others (PM-20, PM-21, PM-32)."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, connection, transaction
from django.utils import timezone

from crm.core.errors import Forbidden
from crm.identity.access import duties_of, may
from crm.identity.choices import ADMINISTRATORS, Duty, IdentityPerm
from crm.identity.errors import AlreadyDone, DutiesExclude, LastHolder, NotOurs, SamePerson
from crm.identity.models import Post, User
from crm.identity.services.people import disable_person
from crm.identity.services.posts import confirm_post, end_post, propose_post
from crm.identity.tests.factories import DepartmentFactory, PostFactory, UserFactory

TODAY = timezone.localdate()


def propose(user, duty, by, **more):
    return propose_post(
        user=user, department=user.department, duty=duty, starts_on=TODAY, by=by, **more
    )


@pytest.fixture
def person(department):
    return UserFactory(department=department)


def test_a_post_counts_once_another_person_confirmed_it(keeper, guard, person):
    post = propose(person, Duty.MC, keeper)
    assert not may(person, IdentityPerm.MANAGERS_CREATE)
    confirm_post(post=post, by=guard)
    person = User.objects.get(pk=person.pk)
    assert may(person, IdentityPerm.MANAGERS_CREATE)
    post.refresh_from_db()
    assert (post.granted_by, post.confirmed_by, post.version) == (keeper, guard, 2)
    assert post.history.count() == 2


def test_who_proposed_does_not_confirm(guard, second_guard, person):
    post = propose(person, Duty.MC, guard)
    with pytest.raises(SamePerson):
        confirm_post(post=post, by=guard)
    post.refresh_from_db()
    assert post.confirmed_at is None
    confirm_post(post=post, by=second_guard)


def test_the_system_administrator_does_not_confirm(keeper, guard, person):
    post = propose(person, Duty.MC, guard)
    with pytest.raises(Forbidden):
        confirm_post(post=post, by=keeper)


def test_nobody_grants_himself(keeper, guard):
    for holder in (keeper, guard):
        with pytest.raises(SamePerson):
            propose(holder, Duty.AM, holder)
    assert Post.objects.filter(duty=Duty.AM).count() == 0


def test_a_grant_to_a_security_administrator_needs_a_second_one(keeper, guard, second_guard):
    office = DepartmentFactory(parent=guard.organisation)
    post = propose_post(user=guard, department=office, duty=Duty.SEC, starts_on=TODAY, by=keeper)
    with pytest.raises(SamePerson):
        confirm_post(post=post, by=guard)
    confirm_post(post=post, by=second_guard)


def test_the_database_refuses_a_holder_who_confirms_himself(keeper, guard, person):
    post = propose(person, Duty.MC, keeper)
    post.confirmed_by, post.confirmed_at = person, timezone.now()
    with pytest.raises(ValidationError) as refusal:
        post.full_clean()
    assert "不能确认本人的岗位" in refusal.value.messages


@pytest.mark.parametrize("first", ADMINISTRATORS)
@pytest.mark.parametrize("second", [*ADMINISTRATORS, Duty.AM, Duty.GM])
def test_administrator_duties_exclude_each_other_and_business(keeper, person, first, second):
    if first == second:
        return
    propose(person, first, keeper)
    with pytest.raises(DutiesExclude):
        propose(person, second, keeper)
    other = UserFactory(department=person.department)
    propose(other, second, keeper)
    with pytest.raises(DutiesExclude):
        propose(other, first, keeper)
    assert Post.objects.filter(user__in=[person, other]).count() == 2


def test_a_post_that_ends_before_it_begins_is_refused_at_its_field(keeper, person):
    propose(person, Duty.AM, keeper)
    with pytest.raises(ValidationError) as refusal:
        propose(person, Duty.MC, keeper, ends_on=TODAY - timedelta(days=1))
    assert refusal.value.message_dict == {"ends_on": ["截止日期不能早于起始日期"]}
    assert Post.objects.filter(user=person).count() == 1


def test_business_duties_go_together(keeper, person):
    propose(person, Duty.AM, keeper)
    propose(person, Duty.MC, keeper)
    assert Post.objects.filter(user=person).count() == 2


def test_duties_that_do_not_meet_in_time_do_not_exclude(keeper, person):
    propose(person, Duty.AM, keeper, ends_on=TODAY + timedelta(days=10))
    with pytest.raises(DutiesExclude):
        propose_post(
            user=person,
            department=person.department,
            duty=Duty.SYS,
            starts_on=TODAY + timedelta(days=10),
            by=keeper,
        )
    propose_post(
        user=person,
        department=person.department,
        duty=Duty.SYS,
        starts_on=TODAY + timedelta(days=11),
        by=keeper,
    )


def test_the_trigger_says_the_sentence_whoever_writes(person, rights):
    PostFactory(user=person, duty=Duty.SYS)
    with pytest.raises(InternalError) as refusal, transaction.atomic():
        PostFactory(user=person, duty=Duty.AM)
    assert refusal.value.__cause__.diag.sqlstate == "P0001"
    assert "兼任" in str(refusal.value)


def test_a_post_of_another_organisation_is_refused(keeper, person):
    with pytest.raises(NotOurs):
        propose(UserFactory(), Duty.AM, keeper)
    with pytest.raises(NotOurs):
        propose_post(
            user=person, department=DepartmentFactory(), duty=Duty.AM, starts_on=TODAY, by=keeper
        )


def test_an_ended_post_ends_at_once(keeper, manager):
    assert duties_of(manager) == {"AM"}
    end_post(post=Post.objects.get(user=manager), reason="调岗", by=keeper)
    manager = User.objects.get(pk=manager.pk)
    assert duties_of(manager) == frozenset()
    with pytest.raises(AlreadyDone):
        end_post(post=Post.objects.get(user=manager), reason="调岗", by=keeper)


def test_an_ended_post_makes_room_for_another_duty(keeper, guard, manager):
    end_post(post=Post.objects.get(user=manager), reason="调岗", by=keeper)
    post = propose(manager, Duty.AUD, keeper)
    confirm_post(post=post, by=guard)
    assert duties_of(User.objects.get(pk=manager.pk)) == {"AUD"}


def test_a_proposal_turned_down_is_never_confirmed(keeper, guard, person):
    post = propose(person, Duty.AM, keeper)
    end_post(post=post, reason="不同意", by=guard)
    with pytest.raises(AlreadyDone):
        confirm_post(post=post, by=guard)


@pytest.mark.parametrize("duty", [Duty.SEC, Duty.AUD, Duty.GM])
def test_the_last_holder_keeps_his_post(keeper, department, duty):
    last = UserFactory(duty=duty, department=department)
    with pytest.raises(LastHolder):
        end_post(post=Post.objects.get(user=last), reason="x", by=keeper)
    assert Post.objects.get(user=last).ended_at is None


def test_the_same_post_twice_is_refused_in_words(keeper, person):
    propose(person, Duty.AM, keeper)
    with pytest.raises(ValidationError) as refusal:
        propose(person, Duty.AM, keeper)
    assert "该人员已担任此岗位" in refusal.value.messages


def _grant_at_once(person_id, department_id):
    """Two connections insert excluding duties at the same moment; returns how many stood."""
    gate, done = threading.Barrier(2), []

    def insert(duty):
        try:
            with transaction.atomic():
                gate.wait(30)
                Post.objects.bulk_create(
                    [
                        Post(
                            user_id=person_id,
                            department_id=department_id,
                            duty=duty,
                            starts_on=TODAY,
                        )
                    ]
                )
                threading.Event().wait(0.05)
            done.append(duty)
        except InternalError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=insert, args=[duty]) for duty in (Duty.SYS, Duty.AM)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return len(done)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_grants_at_the_same_moment_do_not_both_stand():
    for _round in range(5):
        person = UserFactory()
        assert _grant_at_once(person.pk, person.department_id) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_last_two_do_not_go_at_the_same_moment(rights):
    department = DepartmentFactory()
    keepers = [UserFactory(duty=Duty.SYS, department=department) for _n in range(2)]
    for _round in range(5):
        pair = [UserFactory(duty=Duty.GM, department=department) for _n in range(2)]
        gate, refused = threading.Barrier(2), []

        def end(person, by, gate=gate, refused=refused):
            try:
                gate.wait(30)
                disable_person(person=person, reason="x", by=by)
            except LastHolder:
                refused.append(person)
            finally:
                connection.close()

        threads = [
            threading.Thread(target=end, args=[person, keeper])
            for person, keeper in zip(pair, keepers, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(refused) == 1
        Post.objects.filter(user=refused[0]).update(ended_at=timezone.now())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_is_lost():
    """Negative control: the same race with the trigger's row lock taken out must go wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('identity_administrators_apart'::regproc)")
        sound = cursor.fetchone()[0]
        lock = "PERFORM 1 FROM identity_user WHERE id = NEW.user_id FOR NO KEY UPDATE;"
        assert lock in sound
        cursor.execute(sound.replace(lock, ""))
    try:
        stood = []
        for _round in range(20):
            person = UserFactory()
            stood.append(_grant_at_once(person.pk, person.department_id))
            if 2 in stood:
                break
        assert 2 in stood
    finally:
        with connection.cursor() as cursor:
            cursor.execute(sound)
