"""Bodies of users, accounts, certificates and lists: accounts and users by their number (D10)."""

from typing import Any

from rest_framework import serializers

from crm.core.fields import UNCHANGED, CheckedSerializerField, line
from customers.api.shapes import StrictSerializer, one_of
from customers.api.shapes_ties import why
from customers.boss_values import SERVICE_CELLS, CheckMade, NewAccount, NewCertificate
from customers.domains import (
    BillingType,
    CertificateKind,
    CertificateRole,
    ChargeKind,
    CheckChannel,
    CheckMethod,
    ListColour,
    ListObject,
    PaymentMode,
    UserStatus,
)

_NOT_DATA = frozenset({"reason"})


def service_cell(key: str, **kwargs: Any) -> CheckedSerializerField:
    """The API's side of one cell of `boss_values`."""
    kwargs.setdefault("required", False)
    check = SERVICE_CELLS[key]
    return CheckedSerializerField(check=check, allow_blank=not kwargs["required"], **kwargs)


def number_of(**kwargs: Any) -> CheckedSerializerField:
    """An account or a user, named by its number."""
    return CheckedSerializerField(check=line(14), **kwargs)


class PayerSerializer(serializers.Serializer[Any]):
    """A share of one kind of charge (B-10)."""

    account = serializers.CharField()
    charge_kind = serializers.CharField()
    rank = serializers.IntegerField()
    share = serializers.IntegerField()


class UserSerializer(serializers.Serializer[Any]):
    """A service instance; `account` pays what no payer is named for (B-8)."""

    number = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.CharField()
    service = serializers.CharField()
    product = serializers.CharField()
    device_no = serializers.CharField()
    install_address = serializers.CharField()
    account = serializers.CharField()
    payers = PayerSerializer(many=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)


class AccountSerializer(serializers.Serializer[Any]):
    """A payer's account (B-27)."""

    number = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    is_default = serializers.BooleanField()
    billing_type = serializers.CharField()
    payment_mode = serializers.CharField()
    invoice_title = serializers.CharField()
    invoice_address = serializers.CharField()
    invoice_postcode = serializers.CharField()
    billing_day = serializers.IntegerField()
    status = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)


class CertificateSerializer(serializers.Serializer[Any]):
    """A certificate; numbers of persons come as their last four (B-55)."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    role = serializers.CharField()
    kind = serializers.CharField()
    number = serializers.CharField()
    authority = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    is_real_name = serializers.BooleanField()
    is_live = serializers.BooleanField()


class ListEntrySerializer(serializers.Serializer[Any]):
    """An entry of the red or the black list (B-22)."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    colour = serializers.CharField()
    object_type = serializers.CharField()
    number = serializers.CharField()
    subtype = serializers.CharField()
    reason = serializers.CharField()
    channel = serializers.CharField()
    department = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    is_void = serializers.BooleanField()


class ReasonSerializer(StrictSerializer):
    """Why, and nothing else."""

    reason = why()


class _Changes(StrictSerializer):
    """A change: only what is sent is touched, what comes back masked stays."""

    reason = why()

    def changes(self) -> dict[str, Any]:
        """Field name → value as the service takes them."""
        data = self.validated_data
        return {k: v for k, v in data.items() if k not in _NOT_DATA and v is not UNCHANGED}


class UserChangeSerializer(_Changes):
    """What of a user may be changed (B-25)."""

    product = service_cell("user.product")
    device_no = service_cell("user.device_no")
    install_address = service_cell("user.install_address", keeps_masked=True)


class UserWriteSerializer(StrictSerializer):
    """A new user of a customer (B-8, B-10)."""

    account = number_of()
    service = CheckedSerializerField(check=line(40))
    product = service_cell("user.product")
    device_no = service_cell("user.device_no")
    install_address = service_cell("user.install_address", required=True)


class UserStateSerializer(StrictSerializer):
    """The next state of a user and why (B-59)."""

    status = one_of(UserStatus.choices, required=True)
    reason = CheckedSerializerField(check=line(300))


class UserPayerSerializer(StrictSerializer):
    """Which account of the customer pays from now on (B-10)."""

    account = number_of()
    reason = why()


class ShareSerializer(StrictSerializer):
    """A share that an account pays."""

    account = number_of()
    share = serializers.IntegerField(min_value=1, max_value=100)
    rank = serializers.IntegerField(min_value=1, max_value=9, default=1)


class UserPaymentsSerializer(StrictSerializer):
    """Who pays one kind of charge; no share gives it back to the user's own account (B-10)."""

    charge_kind = one_of(ChargeKind.choices, required=True)
    shares = serializers.ListField(child=ShareSerializer(), max_length=9)
    reason = why()


class AccountChangeSerializer(_Changes):
    """Name, payment and invoice of an account (B-27)."""

    name = service_cell("account.name", required=True)
    billing_type = one_of(BillingType.choices)
    payment_mode = one_of(PaymentMode.choices)
    invoice_title = service_cell("account.invoice_title")
    invoice_address = service_cell("account.invoice_address", keeps_masked=True)
    invoice_postcode = service_cell("account.invoice_postcode")
    billing_day = serializers.IntegerField(required=False, min_value=1, max_value=28)


class AccountWriteSerializer(AccountChangeSerializer):
    """A new account; the first one of a customer is his default."""

    is_default = serializers.BooleanField(required=False)

    def account(self) -> NewAccount:
        """A new account."""
        return NewAccount(**self.changes())


class CertificateWriteSerializer(StrictSerializer):
    """A certificate; its number is checked by the rules of its kind (B-51 to B-56)."""

    role = one_of(CertificateRole.choices)
    kind = one_of(CertificateKind.choices, required=True)
    holder_name = service_cell("cert.holder_name", required=True)
    number = CheckedSerializerField(check=line(60))
    authority = service_cell("cert.authority")
    address = service_cell("cert.address")
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)

    def certificate(self) -> NewCertificate:
        """A new certificate."""
        return NewCertificate(**self.validated_data)


class CertificateCheckSerializer(StrictSerializer):
    """How a certificate was checked and what came of it (B-55)."""

    passed = serializers.BooleanField()
    method = one_of(CheckMethod.choices)
    channel = one_of(CheckChannel.choices)
    note = CheckedSerializerField(check=line(200), required=False, allow_blank=True)

    def check_made(self) -> CheckMade:
        """The check as the service takes it."""
        return CheckMade(**self.validated_data)


class ListEntryWriteSerializer(StrictSerializer):
    """An entry of the red or the black list; `number` names an account or a user (B-22)."""

    colour = one_of([(colour.name.lower(), colour.label) for colour in ListColour], required=True)
    subtype = CheckedSerializerField(check=line(40))
    reason = service_cell("listed.reason", required=True)
    object_type = one_of(ListObject.choices, default=ListObject.CUSTOMER)
    number = number_of(required=False, allow_blank=True)
    channel = one_of(CheckChannel.choices)
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True)
