"""Delivery routes (T-4, T-39)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from crm.core.errors import StaleVersion
from logistics.choices import Weekday
from logistics.models import DeliveryRoute
from logistics.selectors import timeline_of_route
from logistics.services import edit_route, register_route
from logistics.tests.factories import DeliveryRouteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def route(clerk):
    return register_route(code="CK1", name="川口1线", weekdays=["3", "1"], by=clerk)


def test_t39_a_route_has_its_delivery_days(route, clerk):
    assert route.weekdays == "13"
    assert route.days == [Weekday.MONDAY, Weekday.WEDNESDAY]
    assert route.days_text == "周一、周三"
    assert route.organisation_id == clerk.organisation_id
    assert route.history.get().history_user == clerk


@pytest.mark.parametrize("weekdays", [[], ["8"], ["0"], ["x"]])
def test_t39_a_route_without_a_true_day_is_refused(clerk, weekdays):
    with pytest.raises(ValidationError):
        register_route(code="CK2", name="川口2线", weekdays=weekdays, by=clerk)
    assert DeliveryRoute.objects.count() == 0


def test_code_and_name_are_each_used_once_in_an_organisation(route, clerk, stranger):
    with pytest.raises(ValidationError, match="相同代码"):
        register_route(code="CK1", name="川口2线", weekdays=["1"], by=clerk)
    with pytest.raises(ValidationError, match="相同名称"):
        register_route(code="CK2", name="川口1线", weekdays=["1"], by=clerk)
    assert register_route(code="CK1", name="川口1线", weekdays=["1"], by=stranger).pk != route.pk


def test_a_change_of_days_is_kept_in_history_and_an_old_version_refused(route, clerk):
    edit_route(route=route, name="川口1线", weekdays=["5"], is_live=True, expected=1, by=clerk)
    with pytest.raises(StaleVersion):
        edit_route(route=route, name="X", weekdays=["2"], is_live=True, expected=1, by=clerk)
    route.refresh_from_db()
    assert (route.name, route.weekdays, route.version) == ("川口1线", "5", 2)
    (newest, _first) = timeline_of_route(route)
    assert [(change.label, change.before, change.after) for change in newest.changes] == [
        ("送货日", "周一、周三", "周五")
    ]


@pytest.mark.parametrize("weekdays", ["", "31", "11", "9"])
def test_the_database_itself_refuses_days_out_of_order(weekdays):
    with pytest.raises(IntegrityError, match="weekdays_valid"), transaction.atomic():
        DeliveryRouteFactory(weekdays=weekdays)


def test_the_database_itself_refuses_a_second_code_or_name():
    first = DeliveryRouteFactory()
    for same in ({"code": first.code}, {"name": first.name}):
        with pytest.raises(IntegrityError, match="once"), transaction.atomic():
            DeliveryRouteFactory(organisation=first.organisation, **same)
