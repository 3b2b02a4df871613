"""Parties and external pay accounts as outside systems read them (B-11, B-28, D10)."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView
from crm.core.policy import Rule, Rules
from customers.access import get_customer_by_code
from customers.choices import CustomerPerm
from customers.selectors.parties import party_record
from customers.selectors.service_records import external_records


class PartySerializer(serializers.Serializer[Any]):
    """The party of a customer with the codes of its records; `id` is null where there is none."""

    id = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    customers = serializers.ListField(child=serializers.CharField())


class ExternalAccountSerializer(serializers.Serializer[Any]):
    """An external pay account; of its number the last four."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    account = serializers.CharField()
    channel = serializers.CharField()
    account_no = serializers.CharField()
    holder_name = serializers.CharField()
    institution = serializers.CharField()
    branch = serializers.CharField()
    is_signed = serializers.BooleanField()
    status = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)


class PartyView(GuardedAPIView):
    """参与人 (B-11)."""

    rules: ClassVar[Rules] = {"GET": Rule(CustomerPerm.VIEW)}

    @extend_schema(operation_id="party_retrieve", responses=PartySerializer)
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.VIEW, code)
        return Response(party_record(row, request.user))


class ExternalAccountsView(GuardedAPIView):
    """外部支付账户 (B-28)."""

    rules: ClassVar[Rules] = {"GET": Rule(CustomerPerm.SERVICE_VIEW)}

    @extend_schema(
        operation_id="external_accounts_list", responses=ExternalAccountSerializer(many=True)
    )
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.SERVICE_VIEW, code)
        return Response(external_records(request.user, row))
