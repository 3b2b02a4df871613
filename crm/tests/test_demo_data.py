"""What the demo's data holds: seeded once, from the built-in set, looked at from all sides."""

import stat
from collections import Counter
from dataclasses import replace
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import transaction
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from crm.approvals.access import steps_for
from crm.demo import bureau
from crm.demo.seed import seed_demo
from crm.demo.sources import Sources
from crm.demo.staff import PASSWORD, TOTP_SECRET
from crm.demo.systems import SCOPES, Wiring
from crm.identity.models import AccountManager, ApiToken, Department, Post, User
from crm.identity.services.second_factor import open_secret
from crm.neighbours.config import read_config
from crm.outbox.models import Delivery, Endpoint
from customers.models import (
    Contact,
    ContactRelation,
    Customer,
    Membership,
    RepairProfile,
    UnitLink,
)
from logistics.models import DeliveryRoute, LogisticsFirm
from onboarding.choices import Stage
from onboarding.models import RegistrationForm

pytestmark = pytest.mark.slow
LOCAL = {"KEDANG_DEMO": True, "KEDANG_WEBHOOK_NETWORKS": ["127.0.0.0/8"]}


@pytest.fixture(scope="module")
def wiring(tmp_path_factory):
    return Wiring("http://127.0.0.1:8000", file=tmp_path_factory.mktemp("var") / "neighbours.json")


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, wiring):
    """The demo of the built-in set, seeded once for all tests of this file."""
    with django_db_blocker.unblock(), override_settings(**LOCAL), transaction.atomic():
        yield seed_demo(sources=Sources(None), wiring=wiring)
        transaction.set_rollback(True)


@pytest.fixture
def demo(made, db, wiring):
    """The file is put back after each test, as the database is by its rollback."""
    keys = wiring.file.read_bytes()
    with override_settings(**LOCAL):
        yield made
    wiring.file.write_bytes(keys)
    wiring.file.chmod(0o600)


def counts():
    return {
        model: model.objects.count()
        for model in (Department, User, Post, Customer, RegistrationForm, Endpoint, ApiToken)
    }


def test_every_stage_of_the_flow_has_a_form(demo):
    stages = Counter(RegistrationForm.objects.values_list("stage", flat=True))
    assert set(stages) == set(Stage.values)
    assert sum(stages.values()) == demo["forms"]
    assert Customer.objects.filter(may_order=True, organisation__code=bureau.CODE).count() > 4


@pytest.mark.parametrize(
    "login", ["squad1", "monopoly", "service", "delivery", "network1", "network2", "deputy"]
)
def test_every_queue_has_something_to_sign(demo, login):
    assert steps_for(User.objects.get(username=login)).exists()


def test_the_repair_company_has_units_with_contact_and_manager_and_carriers(demo):
    units = Customer.objects.filter(organisation__code="ruiji")
    assert units.count() == demo["units"] == 34
    assert not units.filter(manager__isnull=True).exists()
    assert RepairProfile.objects.filter(customer__in=units).count() == 34
    assert Contact.objects.filter(customer__in=units, is_primary=True).count() == 34
    assert RepairProfile.objects.filter(logistics_firm__isnull=False).count() == 34
    assert LogisticsFirm.objects.count() == demo["firms"] == 18
    assert AccountManager.objects.count() == 6
    assert DeliveryRoute.objects.exists()


def test_operators_stand_under_their_real_parents_and_groups_have_members(demo):
    """R-40: group, province, city; B-36, B-38."""
    assert demo["links"] == UnitLink.objects.count() == 32
    group = Customer.objects.get(name="示例通信集团有限公司")
    today = timezone.localdate()
    assert UnitLink.objects.below(group.pk, today).count() == 16
    assert UnitLink.objects.filter(parent=group).count() == 2
    assert Membership.objects.filter(is_key=True).count() == 1
    assert ContactRelation.objects.count() == 2
    assert LogisticsFirm.objects.filter(office__name="延安办事处").count() == 1


def test_everybody_who_is_told_of_can_log_in_without_a_forced_change(demo):
    table = StringIO()
    call_command("demo_logins", stdout=table)
    told = [line.split()[0] for line in table.getvalue().splitlines() if line.startswith("  ")]
    assert len(told) == 27
    assert {"officer1", "manager1", "repair-manager1", "boss-manager"} <= set(told)
    for username in ("officer1", "repair-gm", "boss-rep", "sysadmin"):
        request = RequestFactory().post("/accounts/login/")
        person = authenticate(request, username=username, password=PASSWORD)
        assert person is not None, username
        assert not person.must_change_password
    assert PASSWORD in table.getvalue()
    assert TOTP_SECRET in table.getvalue()


def test_every_administrator_has_the_demo_second_factor(demo):
    admins = User.objects.filter(posts__duty__in=["SYS", "SEC", "AUD"])
    assert admins.count() == 9
    for admin in admins:
        factor = Authenticator.objects.get(user=admin, type=Authenticator.Type.TOTP)
        assert open_secret(stored=factor.data["secret"]) == TOTP_SECRET


def test_posts_were_proposed_by_one_and_confirmed_by_another(demo):
    """PM-21."""
    hired = Post.objects.exclude(duty__in=["SYS", "SEC", "AUD"])
    assert not hired.filter(confirmed_at__isnull=True).exists()
    assert {
        (post.granted_by.username, post.confirmed_by.username)
        for post in hired.filter(department__organisation__code=bureau.CODE)
    } == {("sysadmin", "secadmin")}


def test_the_neighbours_file_is_private_and_its_tokens_open_the_api(demo, wiring):
    assert stat.S_IMODE(wiring.file.stat().st_mode) == 0o600
    config = read_config(wiring.file)
    assert set(config.systems) == {str(system) for system in SCOPES}
    token = config.systems["em"].token
    answer = Client().get("/api/v1/events/?after=0", headers={"Authorization": f"Token {token}"})
    assert answer.status_code == 200
    assert answer.json()["results"]


def test_nothing_that_was_seeded_waits_to_be_sent(demo):
    """No seeded form moves by itself when the neighbours start."""
    assert Endpoint.objects.count() == 5
    assert not Delivery.objects.exists()


def test_a_second_call_makes_nothing(demo, wiring):
    before = counts()
    assert seed_demo(sources=Sources(None), wiring=wiring) == {}
    assert counts() == before


def test_a_lost_neighbours_file_is_made_anew_with_new_keys(demo, wiring):
    old = read_config(wiring.file)
    wiring.file.rename(wiring.file.with_suffix(".old"))
    seed_demo(sources=Sources(None), wiring=wiring)
    new = read_config(wiring.file)
    assert new.systems.keys() == old.systems.keys()
    assert not {keys.token for keys in new.systems.values()} & {
        keys.token for keys in old.systems.values()
    }
    assert Endpoint.objects.filter(is_live=True).count() == 5
    wiring.file.with_suffix(".old").rename(wiring.file)


def test_another_port_is_followed(demo, wiring):
    moved = replace(wiring, port=8011)
    seed_demo(sources=Sources(None), wiring=moved)
    urls = Endpoint.objects.filter(is_live=True).values_list("url", flat=True)
    assert {url.split(":")[2] for url in urls} == {f"8011/{system}/" for system in SCOPES}


def test_organisations_see_nothing_of_each_other(demo):
    """D9b."""
    gm = Client()
    gm.force_login(
        User.objects.get(username="repair-gm"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    alien = Customer.objects.filter(organisation__code=bureau.CODE).first()
    own = Customer.objects.filter(organisation__code="ruiji").first()
    assert gm.get(f"/customers/{alien.pk}/").status_code == 404
    assert gm.get(f"/customers/{own.pk}/").status_code == 200
