"""What an operator types on a new or a running server: `install`, `rotate_keys`."""

import json
from io import StringIO
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from crm.approvals.models import Route
from crm.core.models import Draft
from crm.core.sealed import key_id_of, unseal
from crm.core.services.drafts import save_draft
from crm.identity.choices import Duty
from crm.identity.models import Department, Post, User
from crm.identity.services.passwords import activate_account
from crm.identity.services.second_factor import open_secret, seal_secret
from crm.identity.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
BUREAU = {
    "code": "baota-tobacco",
    "name": "宝塔区烟草专卖局",
    "profile": "tobacco",
    "region": "610602",
    "sys": "luo.bin:罗斌",
    "sec": "yue.ping:岳平",
    "aud": "wen.jing:文静",
}
PASSWORD = "Shan-Dan2-Dan-Hua"


def run(command, **options):
    out = StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def codes_in(text):
    return dict(line.split() for line in text.splitlines() if len(line.split()) == 2)


def rows():
    return Department.objects.count(), User.objects.count(), Post.objects.count()


@pytest.mark.slow
def test_an_installer_makes_a_bureau_whose_three_administrators_can_start():
    codes = codes_in(run("install", **BUREAU))

    root = Department.objects.organisations().get()
    assert (root.code, root.profile, root.region_id) == ("baota-tobacco", "tobacco", "610602")
    posts = Post.objects.filter(department=root, confirmed_at__isnull=False)
    assert set(posts.values_list("user__username", "user__name", "duty")) == {
        ("luo.bin", "罗斌", Duty.SYS),
        ("yue.ping", "岳平", Duty.SEC),
        ("wen.jing", "文静", Duty.AUD),
    }
    assert set(Route.objects.filter(is_live=True).values_list("kind", flat=True)) == {
        "licence",
        "sales",
    }
    person = activate_account(username="luo.bin", code=codes["luo.bin"], password=PASSWORD)
    assert person.check_password(PASSWORD)


@pytest.mark.slow
def test_a_repair_company_gets_no_tobacco_routes():
    run("install", **BUREAU | {"profile": "repair"})
    assert not Route.objects.exists()


@pytest.mark.slow
def test_a_second_installation_under_the_same_code_changes_nothing():
    run("install", **BUREAU)
    before = rows()
    with pytest.raises(CommandError, match="baota-tobacco already"):
        run("install", **BUREAU)
    assert rows() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"region": "610699"}, "no division"),
        ({"sec": "yue.ping"}, "LOGIN:NAME"),
        ({"aud": "Wen Jing:文静"}, "用户名"),
        ({"aud": None}, "missing: --aud"),
    ],
)
def test_a_wrong_word_installs_nothing_at_all(wrong, words):
    with pytest.raises(CommandError, match=words):
        run("install", **BUREAU | wrong)
    assert rows() == (0, 0, 0)


def test_a_profile_that_this_house_does_not_load_is_refused(settings):
    settings.KEDANG_PROFILES = ["repair"]
    with pytest.raises(CommandError, match="KEDANG_PROFILES does not name tobacco"):
        run("install", **BUREAU)
    assert rows() == (0, 0, 0)


@pytest.mark.slow
def test_a_late_administrator_gets_a_new_code_and_the_old_one_is_void():
    old = codes_in(run("install", **BUREAU))["yue.ping"]
    new = codes_in(run("install", renew="yue.ping"))["yue.ping"]
    assert new != old
    assert activate_account(username="yue.ping", code=new, password=PASSWORD).pk


def test_whoever_has_a_password_or_is_no_administrator_gets_no_code_from_the_server():
    UserFactory(username="aud1", duty=Duty.AUD)
    UserFactory(username="am1", duty=Duty.AM, password="!")
    with pytest.raises(CommandError, match="has a password"):
        run("install", renew="aud1")
    for nobody in ("am1", "ghost"):
        with pytest.raises(CommandError, match="no administrator"):
            run("install", renew=nobody)


def test_rotation_reseals_rows_and_second_factors_and_a_second_run_finds_nothing(
    settings, tmp_path
):
    owner = UserFactory()
    save_draft(form="f", subject="", content={"identity_no": "610602"}, by=owner)
    data = {"secret": seal_secret(text="JBSWY3DPEHPK3PXP")}
    factor = Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data=data)
    ring = json.loads(Path(settings.KEDANG_KEYRING_FILE).read_text())
    ring["active"] = "k0"
    (tmp_path / "ring.json").write_text(json.dumps(ring))
    settings.KEDANG_KEYRING_FILE = str(tmp_path / "ring.json")

    assert run("rotate_keys") == "1 rows and 1 second factors now stand under key k0\n"
    assert run("rotate_keys") == "0 rows and 0 second factors now stand under key k0\n"

    draft = Draft.objects.get()
    factor.refresh_from_db()
    assert key_id_of(draft.content) == "k0"
    assert json.loads(unseal(draft, "content")) == {"identity_no": "610602"}
    assert key_id_of(factor.data["secret"]) == "k0"
    assert open_secret(stored=factor.data["secret"]) == "JBSWY3DPEHPK3PXP"
