"""What a password must be (trust 2.1)."""

from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.identity.models import PasswordRecord
from crm.identity.password_policy import expiry_warning, is_expired
from crm.identity.services.passwords import require_change, set_password
from crm.identity.tests.factories import UserFactory


@pytest.mark.parametrize(
    ("password", "strict", "asvs"),
    [
        ("Kd-Lan7-Hua3-Shu", True, True),
        ("Aa1-Aa1-Aa1-", True, True),
        ("Aa1-Aa1-Aa1", False, False),  # eleven
        ("correct horse battery", False, True),  # two kinds
        ("correct horse 4 battery", True, True),
        ("山高月小水落石出八个Aa字", True, True),
        ("山高月小水落石出共十二个字呀", False, True),
        ("aaaaaaaaaaaa", False, False),
        ("AaAaAaAaAaAaAa", False, False),
        ("Kedang@2026!!", False, False),
        ("Yancao-12345678", False, False),
        ("Password-123456", False, False),
        ("password123456789", False, False),
        ("123", False, False),
        ("", False, False),
        ("Aa1-" * 32, True, True),  # 128
        ("Aa1-" * 32 + "x", False, False),  # 129
    ],
)
def test_the_two_policies(settings, password, strict, asvs):
    for policy, fine in (("cn_mlps3", strict), ("asvs", asvs)):
        settings.KEDANG_PASSWORD_POLICY = policy
        if fine:
            validate_password(password)
        else:
            with pytest.raises(ValidationError):
                validate_password(password)


@pytest.mark.django_db
def test_the_own_name_is_no_password():
    user = UserFactory(username="wangxiaoming", name="王小明")
    for password in ("Wangxiaoming-2026", "wangxiaoming1234!A"):
        with pytest.raises(ValidationError):
            validate_password(password, user)


@pytest.mark.django_db
def test_the_last_five_do_not_come_back_and_the_sixth_does():
    user = UserFactory()
    words = [f"Mima-Di-{n}-Ge-2026" for n in range(7)]
    for word in words[:6]:
        set_password(user=user, password=word, by=user)
    for word in words[1:6]:
        with pytest.raises(ValidationError) as refusal:
            set_password(user=user, password=word, by=user)
        assert refusal.value.error_list[0].code == "password_used"
    assert user.check_password(words[5])
    assert PasswordRecord.objects.filter(user=user).count() == 5


@pytest.mark.django_db
def test_a_password_lives_ninety_days_under_the_strict_policy(settings):
    now = timezone.now()
    user = UserFactory(password_changed_at=now - timedelta(days=89, hours=23))
    assert not is_expired(user, now=now)
    assert expiry_warning(user, now=now) == "密码将在 1 天内到期，请及时修改"
    user.password_changed_at = now - timedelta(days=90)
    assert is_expired(user, now=now)
    user.password_changed_at = now - timedelta(days=82)
    assert expiry_warning(user, now=now) == ""
    settings.KEDANG_PASSWORD_POLICY = "asvs"
    user.password_changed_at = now - timedelta(days=900)
    assert not is_expired(user, now=now)


def test_a_change_can_be_asked_for(guard, manager):
    require_change(user=manager, by=guard)
    manager.refresh_from_db()
    assert manager.must_change_password
