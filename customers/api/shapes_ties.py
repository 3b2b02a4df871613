"""Bodies of units and members: customers are named by their lifelong code (D10, SEC-12)."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from crm.core.fields import CheckedSerializerField, line
from crm.core.text import CheckFailed, clean_line
from customers.api.shapes import StrictSerializer, one_of
from customers.choices import MemberRole, Payer
from customers.values import MemberTerms


def customer_code(value: Any) -> str:
    """A customer's code: fourteen digits, as text."""
    code = clean_line(value, 14)
    if len(code) != 14 or not (code.isascii() and code.isdigit()):
        raise CheckFailed("code", _("客户代码应为 14 位数字"))
    return code


def code_of(**kwargs: Any) -> CheckedSerializerField:
    """A customer named by its code."""
    return CheckedSerializerField(check=customer_code, **kwargs)


def why() -> CheckedSerializerField:
    """The reason, which the history keeps."""
    return CheckedSerializerField(check=line(300), required=False)


class UnitWriteSerializer(StrictSerializer):
    """Which unit goes under the one in the address, and from when."""

    child = code_of()
    starts_on = serializers.DateField(required=False)
    reason = why()


class UnitMoveSerializer(StrictSerializer):
    """Where a unit goes, and from which day on."""

    parent = code_of()  # type: ignore[assignment]
    effective_on = serializers.DateField(required=False)
    reason = why()


class EndSerializer(StrictSerializer):
    """From which day on a tie no longer holds."""

    ends_on = serializers.DateField(required=False)
    reason = why()


class UnitReadSerializer(serializers.Serializer[Any]):
    """One link as read."""

    id = serializers.IntegerField()
    child = serializers.CharField()
    name = serializers.CharField()
    parent = serializers.CharField()  # type: ignore[assignment]
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    version = serializers.IntegerField()


class MemberTermsSerializer(StrictSerializer):
    """What may change of a membership."""

    role = one_of(MemberRole.choices)
    is_key = serializers.BooleanField(required=False)
    payer = one_of(Payer.choices)
    reason = why()


class MemberWriteSerializer(MemberTermsSerializer):
    """Who enters the group in the address, as what, from when."""

    member = code_of()
    starts_on = serializers.DateField(required=False)

    def terms(self) -> MemberTerms:
        """As what he enters."""
        names = ("role", "is_key", "payer", "starts_on")
        data = self.validated_data
        return MemberTerms(**{name: data[name] for name in names if name in data})


class MemberChangeSerializer(MemberTermsSerializer):
    """A change of a membership and why."""

    def changes(self) -> dict[str, Any]:
        """What was sent."""
        return {name: value for name, value in self.validated_data.items() if name != "reason"}


class MemberReadSerializer(serializers.Serializer[Any]):
    """One membership as read."""

    id = serializers.IntegerField()
    group = serializers.CharField()
    member = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    is_key = serializers.BooleanField()
    payer = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    group_pays_to = serializers.DateField(allow_null=True)
    version = serializers.IntegerField()
