"""Bodies of this room's API: what may be written, and what is read (D10, SEC-12)."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers

from crm.core.fields import UNCHANGED, CheckedSerializerField, line
from crm.core.text import CheckFailed, clean_line
from crm.identity.choices import Sex, SourceSystem
from customers.access import FILTERS, ORDERS, CustomerFilters
from customers.choices import (
    AliasKind,
    ContactRole,
    CustomerKind,
    CustomerStatus,
    CustomerType,
    Influence,
    KeyType,
    Lifecycle,
    TemporalClass,
    UnitLayer,
)
from customers.domains import SpecialClass, Waiver
from customers.errors import NotWithinAuthority
from customers.values import CELLS, NewAlias, NewContact, NewCustomer, NewRepair

BY_SERVICE: Final = frozenset({"manager", "account_manager", "status", "may_order", "department"})
"""Never set by a change of the archive: each has a service of its own (PM-10, B164)."""


def region_code(value: Any) -> str:
    """A division of GB/T 2260: six digits, as text."""
    code = clean_line(value, 6)
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        raise CheckFailed("region", _("行政区划代码应为 6 位数字"))
    return code


def cell(key: str, **kwargs: Any) -> CheckedSerializerField:
    """The API's side of one cell; left out means: not changed, empty text: emptied."""
    kwargs.setdefault("required", False)
    return CheckedSerializerField(check=CELLS[key], allow_blank=not kwargs["required"], **kwargs)


def one_of(choices: Any, **kwargs: Any) -> serializers.ChoiceField:
    """One of fixed words, as text."""
    kwargs.setdefault("required", False)
    return serializers.ChoiceField(choices=choices, **kwargs)


class StrictSerializer(serializers.Serializer[Any]):
    """A body that names nothing but these fields; others are named in a 400 (B163)."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            strange = [name for name in data if name not in self.fields]
            if strange:
                words = _("不能写入此项目")
                raise serializers.ValidationError(
                    {
                        str(name): [exceptions.ErrorDetail(words, code="read_only")]
                        for name in strange
                    }
                )
        return super().to_internal_value(data)


class ContactWriteSerializer(StrictSerializer):
    """A contact as written; on a change only what is sent is touched."""

    name = cell("contact.name", required=True)
    role = one_of(ContactRole.choices)
    key_type = one_of([("", ""), *KeyType.choices])
    is_primary = serializers.BooleanField(required=False)
    unit = cell("contact.unit")
    position = cell("contact.position")
    sex = one_of(Sex.choices)
    age = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=149)
    office_phone = cell("contact.office_phone")
    mobile = cell("contact.mobile")
    fax = cell("contact.fax")
    email = cell("contact.email")
    hobby = cell("contact.hobby")
    influence = one_of(Influence.choices)
    remark = cell("contact.remark")
    identity_no = cell("contact.identity_no", keeps_masked=True)

    def values(self) -> dict[str, Any]:
        """What was sent, without what came back masked; an empty age empties it."""
        data = dict(self.validated_data)
        data.pop("reason", None)
        return {k: v for k, v in data.items() if v is not UNCHANGED or k == "age"}

    def contact(self) -> NewContact:
        """A new person."""
        return NewContact(**self.values())


class ContactChangeSerializer(ContactWriteSerializer):
    """A change of a contact and why."""

    reason = CheckedSerializerField(check=line(300), required=False)


class RepairWriteSerializer(StrictSerializer):
    """The part of document 001 beside the basics."""

    unit_layer = one_of([("", ""), *UnitLayer.choices])
    main_business = cell("repair.main_business")
    logistics_name = cell("repair.logistics_name")
    taxpayer_no = cell("repair.taxpayer_no")
    no_contract_reason = cell("repair.no_contract_reason")


class AliasWriteSerializer(StrictSerializer):
    """The customer's code in the client's own system (B-34)."""

    system = one_of(SourceSystem.choices, required=True)
    code = CheckedSerializerField(check=line(60))
    kind = one_of(AliasKind.choices)


class SubscriberWriteSerializer(StrictSerializer):
    """The part of document 002 beside the basics (B-21, B-61, B-62)."""

    special_class = one_of(SpecialClass.choices)
    own_certificate_required = serializers.BooleanField(required=False)
    phone_delegation = serializers.BooleanField(required=False)
    certificate_waiver = one_of(Waiver.choices)
    occupation = cell("subscriber.occupation")
    language = cell("subscriber.language")
    birthday = cell("subscriber.birthday")
    ownership = cell("subscriber.ownership")
    staff_size = cell("subscriber.staff_size")


class ArchiveSerializer(StrictSerializer):
    """Fields of the archive that a client may write, within its organisation's authority."""

    name = cell("customer.name", required=True)
    short_name = cell("customer.short_name")
    customer_kind = one_of(CustomerKind.choices)
    customer_type = one_of(CustomerType.choices)
    customer_class = CheckedSerializerField(check=line(40), required=False, allow_blank=True)
    temporal_class = one_of(TemporalClass.choices)
    lifecycle = one_of(Lifecycle.choices)
    province = CheckedSerializerField(check=region_code)
    city = CheckedSerializerField(check=region_code)
    region = CheckedSerializerField(check=region_code, required=False, allow_blank=True)
    address = cell("customer.address")
    postcode = cell("customer.postcode")
    phone = cell("customer.phone")
    mobile = cell("customer.mobile")
    email = cell("customer.email")
    credit_code = cell("customer.credit_code")
    legal_representative = cell("customer.legal_representative")
    industry = cell("customer.industry")
    source_channel = cell("customer.source_channel")
    document_format = CheckedSerializerField(check=line(40), required=False)
    remark = cell("customer.remark")
    repair = RepairWriteSerializer(required=False)
    extra = serializers.DictField(required=False, help_text="Free attributes: code → value")


class CustomerCreateSerializer(ArchiveSerializer):
    """A new customer with his people and foreign codes."""

    manager = CheckedSerializerField(check=line(150), required=False, allow_blank=True)
    contacts = serializers.ListField(child=ContactWriteSerializer(), required=False, max_length=50)
    aliases = serializers.ListField(child=AliasWriteSerializer(), required=False, max_length=20)

    def customer(self, manager: int | None) -> NewCustomer:
        """The customer; `manager` is the key behind the user name that was sent."""
        data = dict(self.validated_data)
        data.pop("manager", None)
        contacts = tuple(NewContact(**values) for values in data.pop("contacts", ()))
        aliases = tuple(_alias(values) for values in data.pop("aliases", ()))
        repair = data.pop("repair", None)
        return NewCustomer(
            **{k: v for k, v in data.items() if v is not UNCHANGED},
            manager=manager,
            contacts=contacts,
            aliases=aliases,
            repair=NewRepair(**repair) if repair is not None else None,
        )


def _alias(values: Mapping[str, Any]) -> NewAlias:
    kind = AliasKind(values.get("kind", AliasKind.CUSTOMER))
    return NewAlias(SourceSystem(values["system"]), values["code"], kind)


class CustomerChangeSerializer(ArchiveSerializer):
    """A change: only what is sent is touched."""

    reason = CheckedSerializerField(check=line(300), required=False)
    subscriber = SubscriberWriteSerializer(required=False)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (named := BY_SERVICE.intersection(data)):
            raise NotWithinAuthority(_("此项目不能直接修改"), field=min(named))
        return super().to_internal_value(data)

    def changes(self) -> dict[str, Any]:
        """Field name → value as `edit_customer` takes them."""
        data = dict(self.validated_data)
        data.pop("reason", None)
        parts = {part: data.pop(part, {}) for part in ("repair", "subscriber", "extra")}
        return data | {
            f"{part}.{name}": value for part, own in parts.items() for name, value in own.items()
        }


class AskedSerializer(serializers.Serializer[Any]):
    """Query parameters of the list."""

    q = CheckedSerializerField(check=line(120), required=False, allow_blank=True)
    sort = one_of([(name, name) for name in ORDERS])
    page = serializers.CharField(required=False, max_length=600)
    status = one_of(CustomerStatus.choices)
    kind = one_of(CustomerKind.choices)
    type = one_of(CustomerType.choices)
    temporal = one_of(TemporalClass.choices)
    lifecycle = one_of(Lifecycle.choices)
    province = CheckedSerializerField(check=region_code, required=False)
    city = CheckedSerializerField(check=region_code, required=False)

    def filters(self) -> CustomerFilters:
        """The checked question as the gate takes it."""
        data = self.validated_data
        equal = {name: data[name] for name in FILTERS if name in data}
        return CustomerFilters(text=data.get("q", ""), equal=equal)


class ContactReadSerializer(serializers.Serializer[Any]):
    """A contact; fields the client may not see are left out, others may come masked."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    name = serializers.CharField(required=False)
    role = serializers.ChoiceField(choices=ContactRole.choices, required=False)
    key_type = serializers.CharField(required=False)
    is_primary = serializers.BooleanField(required=False)
    unit = serializers.CharField(required=False)
    position = serializers.CharField(required=False)
    sex = serializers.CharField(required=False)
    age = serializers.CharField(required=False, allow_null=True)
    office_phone = serializers.CharField(required=False)
    mobile = serializers.CharField(required=False)
    fax = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    hobby = serializers.CharField(required=False)
    influence = serializers.IntegerField(required=False)
    remark = serializers.CharField(required=False)
    identity_no = serializers.CharField(required=False)
    is_live = serializers.BooleanField(required=False)


class CustomerReadSerializer(serializers.Serializer[Any]):
    """A customer; fields the client may not see are left out, others may come masked."""

    code = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField(required=False)
    short_name = serializers.CharField(required=False)
    customer_kind = serializers.CharField(required=False)
    customer_type = serializers.CharField(required=False)
    customer_class = serializers.CharField(required=False)
    temporal_class = serializers.CharField(required=False)
    lifecycle = serializers.CharField(required=False)
    status = serializers.CharField(required=False)
    may_order = serializers.BooleanField(required=False)
    province = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    region = serializers.CharField(required=False, allow_null=True)
    address = serializers.CharField(required=False)
    postcode = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    mobile = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    credit_code = serializers.CharField(required=False)
    legal_representative = serializers.CharField(required=False)
    industry = serializers.CharField(required=False)
    source_channel = serializers.CharField(required=False)
    document_format = serializers.CharField(required=False)
    remark = serializers.CharField(required=False)
    entered_on = serializers.DateField(required=False, allow_null=True)
    manager = serializers.CharField(required=False, allow_null=True)
    department = serializers.CharField(required=False)
    created_at = serializers.DateTimeField(required=False)


class CustomerDetailSerializer(CustomerReadSerializer):
    """One customer with the parts of his profile."""

    repair = serializers.DictField(required=False)
    retail = serializers.DictField(required=False)
    subscriber = serializers.DictField(required=False)
    extra = serializers.DictField(required=False)


class CustomerPageSerializer(serializers.Serializer[Any]):
    """A page by key: `next` and `previous` are tokens for `?page=`, empty at an end."""

    results = CustomerReadSerializer(many=True)
    next = serializers.CharField()
    previous = serializers.CharField()


class ChangeSerializer(serializers.Serializer[Any]):
    """One field in one accepted write, as the client may see it."""

    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name DRF uses itself
    before = serializers.CharField()
    after = serializers.CharField()


class HistorySerializer(serializers.Serializer[Any]):
    """One accepted write; `record` names it when it is not the customer itself."""

    at = serializers.DateTimeField()
    by = serializers.CharField()
    reason = serializers.CharField()
    record = serializers.CharField()
    version = serializers.IntegerField()
    changes = ChangeSerializer(many=True)
