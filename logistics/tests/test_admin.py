"""Governed rows in Django admin: looked at through the gates, never written (D7)."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from logistics.models import DeliveryRoute, LogisticsFirm
from logistics.tests.factories import DeliveryRouteFactory, HeadOfficeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[(LogisticsFirm, HeadOfficeFactory), (DeliveryRoute, DeliveryRouteFactory)])
def table(request, company):
    model, factory = request.param
    factory()
    return admin.site.get_model_admin(model), factory(organisation=company)


def asked_by(person):
    request = RequestFactory().get("/admin/")
    request.user = person
    return request


def test_d7_admin_shows_what_the_gate_shows_and_an_administrator_nothing(
    table, clerk, administrator, stranger
):
    model_admin, row = table
    assert list(model_admin.get_queryset(asked_by(clerk))) == [row]
    for person in (administrator, stranger):
        assert not model_admin.get_queryset(asked_by(person)).exists()


def test_d7_nobody_writes_in_admin(table, clerk, administrator):
    model_admin, row = table
    for person in (clerk, administrator):
        request = asked_by(person)
        assert not model_admin.has_add_permission(request)
        assert not model_admin.has_change_permission(request, row)
        assert not model_admin.has_delete_permission(request, row)
    assert not model_admin.has_view_permission(asked_by(administrator), row)
