"""The rights table is trust 4.3."""

import csv

import pytest

from crm.core.policy import Perm
from crm.identity.access import rights_of
from crm.identity.choices import Duty, IdentityPerm, Profile, Scope, UserKind
from crm.identity.models import RoleRight
from crm.identity.services.reference import FILE, load_rights
from crm.identity.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


class CustomerData(Perm):
    """Two rights of a room above, as this one knows them: by their words."""

    VIEW = "customer.v"
    UPDATE = "customer.u"


def cells(duty, thing):
    rows = RoleRight.objects.filter(duty=duty, object=thing).order_by("pk")
    return {(r.scope, r.action, r.fieldset) for r in rows}


def test_loading_twice_changes_nothing_and_mends_what_was_touched():
    first = load_rights()
    RoleRight.objects.filter(duty=Duty.DC, object="customer").update(fieldset="")
    RoleRight.objects.create(duty=Duty.SYS, object="customer", action="v", scope=Scope.ALL)
    assert load_rights() == first
    assert RoleRight.objects.count() == first
    assert cells(Duty.DC, "customer") == {("A", "v", "delivery")}


@pytest.mark.parametrize(
    ("duty", "thing", "wanted"),
    [
        (Duty.AM, "customer", {("O", action, "") for action in "vcupefh"}),
        (Duty.GM, "customer", {("A", action, "") for action in "vahE"}),
        (Duty.FIN, "sensitive", {("A", "m", "bank")}),
        (Duty.SL, "status", {("R", "a", ""), ("R", "v", "")}),
        (Duty.OC, "change_form", {("A", "v", ""), ("A", "x", "")}),
        (Duty.LIC, "licence_part", {("K", "x", ""), ("K", "v", "")}),
        (Duty.LIC, "task", {("K", "v", ""), ("K", "a", "")}),
        (Duty.AUD, "rights", {("A", "v", ""), ("A", "h", "")}),
    ],
)
def test_cells_as_in_the_matrix(duty, thing, wanted):
    load_rights()
    assert cells(duty, thing) == wanted


def test_the_three_administrators_hold_no_business_right():
    load_rights()
    business = RoleRight.objects.filter(duty__in=[Duty.SYS, Duty.SEC, Duty.AUD]).exclude(
        object__in=[
            "people",
            "rights",
            "parameters",
            "logs",
            "backup",
            "clients",
            "jobs",
            "field_registry",
        ]
    )
    assert not business.exists()


def test_a_client_may_be_given_direct_edit_of_customers_contacts_units_and_services_only():
    load_rights()
    edits = RoleRight.objects.filter(duty=Duty.API, action="u").values_list("object", flat=True)
    assert set(edits) == {"customer", "contact", "unit", "service"}


def test_no_token_edits_a_tobacco_customer_directly():
    """Trust 4.2: there `u` is `p`, for machines too."""
    scopes = ["customer.u", "customer.v"]
    for profile, cells in ((Profile.TOBACCO, 0), (Profile.REPAIR, 1)):
        organisation = OrganisationFactory(profile=profile)
        user = UserFactory(kind=UserKind.SYSTEM, department=organisation)
        user.token_scopes = frozenset(scopes)
        assert len(rights_of(user, CustomerData.UPDATE)) == cells
        assert len(rights_of(user, CustomerData.VIEW)) == 1


def test_the_file_is_clean():
    with FILE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys = [(r["duty"], r["object"], r["action"], r["scope"]) for r in rows]
    assert len(keys) == len(set(keys))
    assert {r["duty"] for r in rows} == set(Duty.values)
    assert {r["scope"] for r in rows} <= set(Scope.values)
    assert {r["action"] for r in rows} <= set("vcpuaxdeEifmh")


def test_every_right_this_room_asks_for_is_held_by_somebody():
    load_rights()
    held = {f"{r.object}.{r.action}" for r in RoleRight.objects.all()}
    assert {str(perm) for perm in IdentityPerm} <= held
