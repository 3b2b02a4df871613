"""Logistics firms (R-45 to R-49)."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, transaction

from crm.core.errors import Forbidden, StaleVersion
from logistics.choices import FirmKind
from logistics.errors import HasBranches, NotHeadOffice
from logistics.models import LogisticsFirm
from logistics.services import edit_firm, register_branch, register_head_office
from logistics.tests.factories import BranchFactory, HeadOfficeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(clerk, details):
    return register_head_office(
        name="金达莱物流有限责任公司",
        short_name="金达莱",
        city="乌鲁木齐",
        details=details,
        by=clerk,
    )


def test_r45_r48_the_clerk_records_a_head_office_with_history(head, clerk):
    assert (head.kind, head.version, head.parent) == (FirmKind.HEAD, 1, None)
    assert head.organisation_id == clerk.organisation_id
    entry = head.history.get()
    assert (entry.history_user, entry.history_change_reason) == (clerk, "登记物流公司总部")


def test_r46_a_branch_is_named_by_short_name_and_city(head, clerk, details):
    branch = register_branch(parent=head, city="西安", details=details, by=clerk)
    assert branch.name == "金达莱-西安"
    assert (branch.kind, branch.parent, branch.short_name) == (FirmKind.BRANCH, head, "金达莱")


def test_r49_a_head_office_has_many_branches_but_one_a_city(head, clerk, details):
    register_branch(parent=head, city="西安", details=details, by=clerk)
    register_branch(parent=head, city="延安", details=details, by=clerk)
    with pytest.raises(ValidationError, match="同名"):
        register_branch(parent=head, city="西安", details=details, by=clerk)
    assert head.branches.count() == 2


def test_r49_a_branch_hangs_on_a_live_head_office_only(head, clerk, details):
    branch = register_branch(parent=head, city="西安", details=details, by=clerk)
    ended = HeadOfficeFactory(organisation=head.organisation, is_live=False)
    for parent in (branch, ended):
        with pytest.raises(NotHeadOffice):
            register_branch(parent=parent, city="延安", details=details, by=clerk)
    assert LogisticsFirm.objects.filter(city="延安").count() == 0


@pytest.mark.parametrize("field", ["address", "postcode", "contact", "contact_position", "phone"])
def test_r47_every_detail_is_required_of_head_and_branch(head, clerk, details, field):
    poor = replace(details, **{field: ""})
    with pytest.raises(ValidationError):
        register_branch(parent=head, city="西安", details=poor, by=clerk)
    with pytest.raises(ValidationError):
        register_head_office(
            name="北疆货运有限公司", short_name="北疆", city="西安", details=poor, by=clerk
        )
    assert LogisticsFirm.objects.count() == 1


@pytest.mark.parametrize("postcode", ["71000", "7100000", "71000a", "７１００００"])
def test_r47_a_postcode_has_six_digits(head, clerk, details, postcode):
    with pytest.raises(ValidationError):
        register_branch(
            parent=head, city="西安", details=replace(details, postcode=postcode), by=clerk
        )


def test_a_short_name_belongs_to_one_head_of_the_organisation(head, clerk, details, stranger):
    with pytest.raises(ValidationError, match="简称"):
        register_head_office(
            name="金达莱快运有限公司", short_name="金达莱", city="西安", details=details, by=clerk
        )
    other = register_head_office(
        name=head.name, short_name="金达莱", city="西安", details=details, by=stranger
    )
    assert other.organisation_id != head.organisation_id


def test_a_change_keeps_the_old_value_and_says_who(head, clerk, details):
    edit_firm(
        firm=head,
        name="金达莱物流股份有限公司",
        details=replace(details, phone="02988881234"),
        is_live=True,
        expected=1,
        by=clerk,
    )
    head.refresh_from_db()
    assert (head.name, head.phone, head.version) == ("金达莱物流股份有限公司", "02988881234", 2)
    new, old = head.history.order_by("-history_id")
    assert (old.phone, new.phone) == ("17752798971", "02988881234")
    assert head.field_marks["phone"]["by"] == clerk.pk


def test_rf07_a_change_from_an_old_version_is_refused_and_changes_nothing(head, clerk, details):
    edit_firm(firm=head, details=details, is_live=True, expected=1, by=clerk, name="甲物流有限公司")
    with pytest.raises(StaleVersion):
        edit_firm(
            firm=head, details=details, is_live=True, expected=1, by=clerk, name="乙物流有限公司"
        )
    head.refresh_from_db()
    assert (head.name, head.version) == ("甲物流有限公司", 2)


def test_r49_a_head_office_with_live_branches_cannot_be_closed(head, clerk, details):
    branch = register_branch(parent=head, city="西安", details=details, by=clerk)
    with pytest.raises(HasBranches):
        edit_firm(firm=head, details=details, is_live=False, expected=1, by=clerk)
    head.refresh_from_db()
    assert head.is_live
    edit_firm(firm=branch, details=details, is_live=False, expected=1, by=clerk)
    assert not edit_firm(firm=head, details=details, is_live=False, expected=1, by=clerk).is_live


def test_a_person_without_an_organisation_keeps_no_firms(head, clerk, details):
    clerk.organisation = None
    with pytest.raises(Forbidden):
        register_head_office(
            name="无主物流有限公司", short_name="无主", city="西安", details=details, by=clerk
        )


BROKEN = {
    "logistics_firm_branch_name": {"name": "金达莱西安"},
    "logistics_firm_no_dash_in_parts": {"city": "西-安", "name": "{short}-西-安"},
    "logistics_firm_parent_on_branch": {"parent": None},
    "logistics_firm_details_filled": {"contact": ""},
}


@pytest.mark.parametrize(("constraint", "wrong"), BROKEN.items())
def test_the_database_itself_refuses_what_must_never_be_false(constraint, wrong):
    branch = BranchFactory()
    for field, value in wrong.items():
        text = value.format(short=branch.short_name) if isinstance(value, str) else value
        setattr(branch, field, text)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        branch.save()


def test_a_head_office_without_its_legal_name_is_refused_by_the_database():
    head = HeadOfficeFactory()
    head.name = head.short_name
    with pytest.raises(IntegrityError, match="head_legal_name"), transaction.atomic():
        head.save()


def test_two_head_offices_of_one_short_name_are_refused_by_the_database():
    first = HeadOfficeFactory()
    with pytest.raises(IntegrityError, match="short_name_once"), transaction.atomic():
        HeadOfficeFactory(organisation=first.organisation, short_name=first.short_name, name="别家")


def test_r49_the_trigger_refuses_a_parent_that_is_no_head_of_the_same_organisation():
    branch, foreign = BranchFactory(), HeadOfficeFactory()
    for parent in (branch, foreign):
        with pytest.raises(InternalError, match="所属总部"), transaction.atomic():
            BranchFactory(
                organisation=branch.organisation,
                parent=parent,
                short_name=branch.short_name,
                city="延安",
            )


def test_r49_the_trigger_keeps_a_head_with_branches_a_head_of_that_name():
    branch = BranchFactory()
    head = branch.parent
    head.short_name = "别名"
    with pytest.raises(InternalError, match="已有分支机构"), transaction.atomic():
        head.save()
