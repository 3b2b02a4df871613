"""A few full dossiers of one manager, by the services: what a customer's page has to show."""

from typing import Final

from django.db import transaction

from bench.database import mark, marked
from bench.world import World
from crm.identity.choices import SourceSystem
from customers.choices import CustomerKind
from customers.models import Customer
from customers.services.register import register_customers
from customers.values import NewAlias, NewContact, NewCustomer, NewRetail

COUNT: Final = 20


def ensure_dossiers(world: World) -> list[int]:
    """Keys of the dossiers, registered when they are not there."""
    if codes := marked("dossiers"):
        return _keys(codes.split(","))
    with transaction.atomic():
        made = register_customers(
            organisation=world.bureau,
            rows=[_new(world, number) for number in range(COUNT)],
            by=world.keeper,
            reason="bench",
        )
        if made.refused:
            raise RuntimeError(f"not registered: {made.refused}")
        mark("dossiers", ",".join(made.codes))
    return _keys(made.codes)


def _keys(codes: list[str]) -> list[int]:
    return list(Customer.objects.filter(code__in=codes).values_list("pk", flat=True))


def _new(world: World, number: int) -> NewCustomer:
    people = tuple(
        NewContact(
            name="王建国" if place else "何然雨",
            position="店主" if not place else "店员",
            mobile=f"1389{number:03d}{place:04d}",
            is_primary=not place,
        )
        for place in range(4)
    )
    licence = NewRetail(
        licence_no=f"6101{number:08d}",
        business_premises=f"西安市雁塔区小寨东路{number + 1}号",
        legal_representative="何然雨",
        order_mode="online",
        settlement_mode="withholding",
        customer_level="B2",
        market_type="C",
        business_format="S",
    )
    return NewCustomer(
        name=f"雁塔便民烟酒商店{number}",
        province="610000",
        city="610100",
        region="610113",
        customer_kind=CustomerKind.RETAIL,
        address=f"小寨东路{number + 1}号",
        mobile=f"13891{number:06d}",
        manager=world.managers[0].pk,
        contacts=people,
        aliases=(NewAlias(SourceSystem.ZM, f"BENCH{number}"),),
        retail=licence,
    )
