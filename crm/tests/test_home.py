"""The start page: what wants to be done stands at the top, each figure with its list (UX-73)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.approvals.models import Step
from crm.identity.choices import Duty, Profile
from crm.imports.choices import BatchStatus
from crm.imports.models import ImportBatch
from customers.tests.factories import Bureau, CustomerFactory
from customers.tests.factories_boss import CertificateFactory
from onboarding.tests.factories import Town

pytestmark = pytest.mark.django_db


def enter(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["kedang_factor"] = True
    session.save()
    return client


def tiles_of(user):
    return {str(tile.label): tile for tile in enter(user).get("/").context["tiles"]}


def test_a_late_signature_presses_and_leads_to_the_queue():
    """UX-73: my queue."""
    town = Town()
    form = town.in_review()
    assert tiles_of(town.service)["待我审批"].value == "1"
    assert tiles_of(town.service)["待我审批"].tone == ""
    Step.objects.filter(case=form.sales_case).update(due_at=timezone.now() - timedelta(days=1))
    tile = tiles_of(town.service)["待我审批"]
    assert (tile.value, tile.url, tile.tone) == ("1", "/approvals/", "bad")
    assert str(tile.hint) == "其中 1 项已超时"


@pytest.mark.parametrize("profile", [Profile.REPAIR, Profile.TOBACCO, Profile.BOSS])
def test_each_figure_of_customers_is_the_length_of_the_list_behind_it(profile):
    """R-8, R-16, UX-73: my coming customers for me, those without a manager for who sees wider."""
    bureau = Bureau(profile)
    manager, keeper = bureau.person(Duty.AM), bureau.person(Duty.ARC)
    for n in range(3):
        CustomerFactory(
            department=bureau.market,
            manager=manager if n else None,
            temporal_class="coming",
            name=f"商行{n}",
        )
    mine, wide = tiles_of(manager), tiles_of(keeper)
    assert mine["即将合作的客户"].value == "2"
    assert "没有客户经理的客户" not in mine
    assert wide["没有客户经理的客户"].value == "1"
    assert "即将合作的客户" not in wide
    for user, tile in (
        (manager, mine["即将合作的客户"]),
        (keeper, wide["没有客户经理的客户"]),
    ):
        listed = enter(user).get(tile.url)
        assert listed.status_code == 200
        assert str(len(listed.context["page"].rows)) == tile.value


def test_certificates_that_end_are_counted_where_there_are_any():
    """B-55: only an operator keeps them."""
    bureau = Bureau(Profile.BOSS)
    keeper = bureau.person(Duty.ARC)
    customer = CustomerFactory(department=bureau.market, manager=bureau.person(Duty.AM))
    today = timezone.localdate()
    for days, number in ((10, "E12345671"), (400, "E12345672")):
        CertificateFactory(
            customer=customer,
            kind="passport",
            role="agent",
            number=number,
            valid_to=today + timedelta(days=days),
        )
    tile = tiles_of(keeper)["证件到期"]
    assert (tile.value, tile.url, tile.tone) == ("1", "/customers/certificates/", "warn")
    assert "证件到期" not in tiles_of(Bureau(Profile.REPAIR).person(Duty.ARC))


def test_an_import_of_mine_that_failed_is_told_to_me_alone():
    """UX-73: failed jobs."""
    bureau = Bureau(Profile.REPAIR)
    keeper, other = bureau.person(Duty.ARC), bureau.person(Duty.ARC)
    ImportBatch.objects.create(
        organisation=bureau.org,
        kind="operators",
        file_name="客户.xlsx",
        sha256="0" * 64,
        status=BatchStatus.FAILED,
        created_by=keeper,
    )
    assert tiles_of(keeper)["失败的导入"].value == "1"
    assert tiles_of(other)["失败的导入"].value == "0"


def test_the_side_leads_to_imports_only_where_somebody_may_import_something():
    """UX-73: the entry is no dead end."""
    for bureau, number in ((Bureau(Profile.REPAIR), 1), (Bureau(Profile.BOSS), 0)):
        page = enter(bureau.person(Duty.ARC)).get("/").content.decode()
        assert page.count('href="/imports/"') - page.count('tile__value"><a href="/imports/"') == (
            number
        )


def test_who_has_no_such_right_has_no_such_figure():
    """UX-73: nothing is counted for an administrator of the system."""
    labels = tiles_of(Bureau(Profile.REPAIR).person(Duty.SYS)).keys()
    assert not labels & {"即将合作的客户", "没有客户经理的客户", "证件到期", "失败的导入"}


@pytest.mark.parametrize("duty", [Duty.AM, Duty.ARC, Duty.MVP])
def test_the_page_asks_at_most_twelve_questions(duty, django_assert_max_num_queries):
    bureau = Bureau(Profile.BOSS)
    person = bureau.person(duty)
    CustomerFactory.create_batch(9, department=bureau.market, manager=person)
    client = enter(person)
    client.get("/")
    with django_assert_max_num_queries(12):
        assert client.get("/").status_code == 200
