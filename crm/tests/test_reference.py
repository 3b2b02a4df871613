"""Reference data loads whole, twice without effect, and keeps what people changed (part 10)."""

import pytest

from crm.core.models import DictEntry, Region
from crm.identity.models import RoleRight
from crm.reference import load_reference
from customers.models import FieldRule

pytestmark = pytest.mark.django_db


def counts():
    return [model.objects.count() for model in (DictEntry, Region, RoleRight, FieldRule)]


def test_loading_again_changes_nothing():
    before = counts()
    load_reference()
    assert counts() == before


def test_the_codes_of_the_trade_are_dictionary_rows_a_bureau_may_change():
    """R-32, T-77, T-78: formats by letter, fifteen tiers, kept when renamed."""
    formats = DictEntry.objects.live("business_format").values_list("code", flat=True)
    assert set("ZSBYF") <= set(formats)
    assert DictEntry.objects.live("customer_level").count() == 15
    DictEntry.objects.filter(kind="customer_level", code="A1").update(label="一档")
    load_reference()
    assert DictEntry.objects.get(kind="customer_level", code="A1").label == "一档"
