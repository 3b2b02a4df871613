"""Firms and routes for all rooms' tests: minimal valid rows."""

import factory

from crm.identity.tests.factories import OrganisationFactory
from logistics.choices import FirmKind
from logistics.models import DeliveryRoute, LogisticsFirm


class HeadOfficeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LogisticsFirm

    organisation = factory.SubFactory(OrganisationFactory)
    kind = FirmKind.HEAD
    short_name = factory.Sequence(lambda n: f"金达莱{n}")
    name = factory.LazyAttribute(lambda o: f"{o.short_name}物流有限责任公司")
    city = "乌鲁木齐"
    address = "物流园25号"
    postcode = "830000"
    contact = "蒋文"
    contact_position = "经理"
    phone = "18973714908"


class BranchFactory(HeadOfficeFactory):
    kind = FirmKind.BRANCH
    parent = factory.SubFactory(
        HeadOfficeFactory, organisation=factory.SelfAttribute("..organisation")
    )
    organisation = factory.SubFactory(OrganisationFactory)
    short_name = factory.SelfAttribute("parent.short_name")
    city = "西安"
    name = factory.LazyAttribute(lambda o: f"{o.short_name}-{o.city}")


class DeliveryRouteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DeliveryRoute

    organisation = factory.SubFactory(OrganisationFactory)
    code = factory.Sequence(lambda n: f"L{n:03d}")
    name = factory.Sequence(lambda n: f"川口{n}线")
    weekdays = "13"
