"""Django admin of this room: field rules are tuned, archives shown to nobody (D7, PM-33)."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from crm.identity.choices import Duty
from customers.models import Customer, FieldRule

pytestmark = pytest.mark.django_db


def asked_by(user):
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


@pytest.mark.parametrize("duty", [Duty.SYS, Duty.SEC, Duty.AUD])
def test_no_administrator_sees_an_archive(repair, customer, duty):
    request = asked_by(repair.person(duty, is_superuser=True, is_staff=True))
    model_admin = admin.site._registry[Customer]
    assert not model_admin.has_module_permission(request)
    assert not model_admin.has_view_permission(request)
    assert not model_admin.get_queryset(request).exists()


def test_archives_are_read_only_for_everybody(manager, customer):
    request, model_admin = asked_by(manager), admin.site._registry[Customer]
    assert model_admin.get_queryset(request).get() == customer
    for allowed in (
        model_admin.has_add_permission(request),
        model_admin.has_change_permission(request, customer),
        model_admin.has_delete_permission(request, customer),
    ):
        assert not allowed


@pytest.mark.parametrize(
    ("duty", "views", "changes"),
    [
        (Duty.SYS, True, True),
        (Duty.SEC, True, False),
        (Duty.AUD, True, False),
        (Duty.GM, False, False),
    ],
)
def test_names_and_weights_of_field_rules_are_tuned_by_the_system_administrator(
    repair, duty, views, changes
):
    request, model_admin = asked_by(repair.person(duty)), admin.site._registry[FieldRule]
    assert model_admin.has_view_permission(request) is views
    assert model_admin.has_change_permission(request) is changes
    assert not model_admin.has_add_permission(request)
    assert not model_admin.has_delete_permission(request)


def test_who_keeps_a_field_and_how_sensitive_it_is_changes_with_a_release_only():
    model_admin = admin.site._registry[FieldRule]
    assert {"authority", "data_class", "reader", "fieldsets"} <= set(model_admin.readonly_fields)
