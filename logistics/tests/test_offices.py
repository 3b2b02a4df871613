"""An assistant keeps his own office's firms, the company's clerk all (R-48, 6.6 conflict 8)."""

import pytest
from django.db import InternalError, transaction
from django.test import Client

from crm.core.errors import Forbidden, NotFound, StaleVersion
from crm.identity.choices import DepartmentKind, Duty, Profile
from crm.identity.tests.factories import DepartmentFactory, OrganisationFactory, UserFactory
from logistics.access import firms_for, get_firm, offices_for, routes_for
from logistics.choices import LogisticsPerm
from logistics.models import LogisticsFirm
from logistics.services.firms import edit_firm, give_firm, register_branch, register_head_office
from logistics.tests.factories import DeliveryRouteFactory, HeadOfficeFactory

pytestmark = pytest.mark.django_db


class Offices:
    """A company with two offices, an assistant in each, and a head office that nobody's keeps."""

    def __init__(self, company):
        self.company = company
        self.yanan, self.xian = (
            DepartmentFactory(parent=company, kind=DepartmentKind.OFFICE, name=name)
            for name in ("延安办事处", "西安办事处")
        )
        self.assistant = self.clerk_in(self.yanan)
        self.neighbour = self.clerk_in(self.xian)
        self.head = HeadOfficeFactory(organisation=company)

    def clerk_in(self, department):
        return UserFactory(department=department, organisation=self.company, duty=Duty.MC)


@pytest.fixture
def offices(company):
    return Offices(company)


def test_everybody_with_the_right_sees_every_firm(offices, clerk):
    own = HeadOfficeFactory(organisation=offices.company, office=offices.yanan)
    for who in (offices.assistant, offices.neighbour, clerk):
        assert set(firms_for(who, LogisticsPerm.VIEW)) == {offices.head, own}


def test_an_assistant_keeps_the_firms_of_his_office_and_no_other(offices, clerk):
    own = HeadOfficeFactory(organisation=offices.company, office=offices.yanan)
    assert list(firms_for(offices.assistant, LogisticsPerm.UPDATE)) == [own]
    assert not firms_for(offices.neighbour, LogisticsPerm.UPDATE).exists()
    assert set(firms_for(clerk, LogisticsPerm.UPDATE)) == {offices.head, own}
    with pytest.raises(Forbidden):
        get_firm(offices.neighbour, LogisticsPerm.UPDATE, own.pk)
    assert not routes_for(offices.assistant, LogisticsPerm.UPDATE).exists()
    DeliveryRouteFactory(organisation=offices.company)
    assert routes_for(offices.assistant, LogisticsPerm.VIEW).count() == 1


def test_who_holds_both_posts_keeps_all(offices):
    both = UserFactory(department=offices.yanan, organisation=offices.company, duty=Duty.MC)
    market = UserFactory(
        department=DepartmentFactory(parent=offices.company),
        organisation=offices.company,
        duty=Duty.MC,
    )
    assert not firms_for(both, LogisticsPerm.UPDATE).exists()
    assert list(firms_for(market, LogisticsPerm.UPDATE)) == [offices.head]


def test_what_an_assistant_records_belongs_to_his_office(offices, clerk, details):
    head = register_head_office(
        name="黄河物流有限责任公司",
        short_name="黄河",
        city="延安",
        details=details,
        by=offices.assistant,
    )
    branch = register_branch(
        parent=offices.head, city="延安", details=details, by=offices.assistant
    )
    of_company = register_branch(parent=offices.head, city="汉中", details=details, by=clerk)
    assert (head.office, branch.office) == (offices.yanan, offices.yanan)
    assert of_company.office is None


def test_the_service_asks_again_under_the_lock(offices, details):
    for firm, who in (
        (offices.head, offices.assistant),
        (HeadOfficeFactory(organisation=offices.company, office=offices.yanan), offices.neighbour),
    ):
        with pytest.raises(NotFound):
            edit_firm(firm=firm, details=details, is_live=True, expected=1, by=who)
        firm.refresh_from_db()
        assert firm.version == 1


def test_only_the_clerk_gives_a_firm_to_an_office(offices, clerk):
    with pytest.raises(NotFound):
        give_firm(firm=offices.head, office=offices.yanan, expected=1, by=offices.assistant)
    with pytest.raises(StaleVersion):
        give_firm(firm=offices.head, office=offices.yanan, expected=4, by=clerk)
    given = give_firm(firm=offices.head, office=offices.yanan, expected=1, by=clerk)
    assert (given.office, given.version) == (offices.yanan, 2)
    assert list(firms_for(offices.assistant, LogisticsPerm.UPDATE)) == [offices.head]
    assert list(offices_for(clerk)) == [offices.yanan, offices.xian] or set(offices_for(clerk)) == {
        offices.yanan,
        offices.xian,
    }
    assert not offices_for(offices.assistant).exists()


def test_the_office_is_an_office_of_the_same_organisation(offices):
    elsewhere = DepartmentFactory(
        parent=OrganisationFactory(profile=Profile.REPAIR), kind=DepartmentKind.OFFICE
    )
    market = DepartmentFactory(parent=offices.company, kind=DepartmentKind.MARKET)
    for office in (elsewhere, market):
        with pytest.raises(InternalError, match="维护办事处"), transaction.atomic():
            HeadOfficeFactory(organisation=offices.company, office=office)
    assert LogisticsFirm.objects.count() == 1


class TestPages:
    def enter(self, person):
        client = Client()
        client.force_login(person)
        return client

    def test_buttons_show_where_they_work(self, offices, clerk):
        own = HeadOfficeFactory(organisation=offices.company, office=offices.yanan)
        client = self.enter(offices.assistant)
        for firm, shows in ((own, True), (offices.head, False)):
            page = client.get(f"/logistics/firms/{firm.pk}/")
            assert page.status_code == 200
            assert (f"/logistics/firms/{firm.pk}/edit/" in page.content.decode()) is shows
        assert "延安办事处" in client.get(f"/logistics/firms/{own.pk}/").content.decode()
        assert client.get(f"/logistics/firms/{offices.head.pk}/edit/").status_code == 403
        assert client.get(f"/logistics/firms/{own.pk}/office/").status_code == 403
        assert client.get(f"/logistics/firms/{offices.head.pk}/branches/add/").status_code == 200

    def test_the_clerk_gives_a_firm_by_page(self, offices, clerk):
        client, url = self.enter(clerk), f"/logistics/firms/{offices.head.pk}/office/"
        assert "延安办事处" in client.get(url).content.decode()
        done = client.post(url, {"office": offices.yanan.pk, "version": 1})
        assert done.status_code == 302
        offices.head.refresh_from_db()
        assert offices.head.office == offices.yanan
        back = client.post(url, {"office": "", "version": 2})
        assert back.status_code == 302
        offices.head.refresh_from_db()
        assert offices.head.office is None
