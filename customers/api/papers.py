"""Certificates and the red and black lists over REST (B-22, B-51 to B-56, D10)."""

from typing import TYPE_CHECKING, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView, idempotency_key, once_only, versioned
from crm.core.errors import NotFound
from crm.core.policy import Rule, Rules
from customers.access import get_certificate, get_customer_by_code, get_entry
from customers.api.customers import KEY_HEADER, MATCH_HEADER
from customers.api.services import checked, why
from customers.api.shapes_services import (
    CertificateCheckSerializer,
    CertificateSerializer,
    CertificateWriteSerializer,
    ListEntrySerializer,
    ListEntryWriteSerializer,
    ReasonSerializer,
)
from customers.api.ties import TieView
from customers.boss_values import NewListEntry
from customers.choices import CustomerPerm
from customers.domains import ListColour
from customers.selectors.service_records import (
    certificate_record,
    certificate_records,
    entry_record,
    entry_records,
    listed_key,
)
from customers.services.certificates import add_certificate, check_certificate, end_certificate
from customers.services.listing import end_list_entry, enter_list

if TYPE_CHECKING:
    from customers.models import Certificate, ListEntry


class CertificatesView(GuardedAPIView):
    """证件 (B-55): all of one customer, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.CERTIFICATE_VIEW),
        "POST": Rule(CustomerPerm.CERTIFICATE_CREATE),
    }

    @extend_schema(operation_id="certificates_list", responses=CertificateSerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.CERTIFICATE_VIEW, code)
        return Response(certificate_records(request.user, row))

    @extend_schema(
        operation_id="certificates_add",
        parameters=[KEY_HEADER],
        request=CertificateWriteSerializer,
        responses={201: CertificateSerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        customer = get_customer_by_code(user, CustomerPerm.CERTIFICATE_CREATE, code)
        data = checked(CertificateWriteSerializer, request).certificate()

        def make() -> str:
            return str(add_certificate(customer=customer, data=data, by=user).pk)

        def answer(pk: str) -> Response:
            row = get_certificate(user, CustomerPerm.CERTIFICATE_VIEW, int(pk))
            return versioned(certificate_record(row), row, code=201)

        return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class CertificateView(GuardedAPIView):
    """One certificate."""

    rules: ClassVar[Rules] = {"GET": Rule(CustomerPerm.CERTIFICATE_VIEW)}

    @extend_schema(operation_id="certificates_retrieve", responses=CertificateSerializer)
    def get(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _certificate(request, CustomerPerm.CERTIFICATE_VIEW, code, pk)
        return versioned(certificate_record(row), row)


class CertificateCheckView(TieView):
    """Write down that a certificate was checked (B-55)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.CERTIFICATE_CHECK)}

    @extend_schema(
        operation_id="certificates_check",
        parameters=[MATCH_HEADER],
        request=CertificateCheckSerializer,
        responses=CertificateSerializer,
    )
    def post(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _certificate(request, CustomerPerm.CERTIFICATE_CHECK, code, pk)
        expected = self.wanted_version()
        check = checked(CertificateCheckSerializer, request).check_made()
        fresh = check_certificate(certificate=row, check=check, expected=expected, by=request.user)
        return versioned(certificate_record(fresh), fresh)


class CertificateEndView(TieView):
    """Take a certificate out of use (B-18)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.CERTIFICATE_END)}

    @extend_schema(
        operation_id="certificates_end",
        parameters=[MATCH_HEADER],
        request=ReasonSerializer,
        responses=CertificateSerializer,
    )
    def post(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _certificate(request, CustomerPerm.CERTIFICATE_END, code, pk)
        expected = self.wanted_version()
        sent = checked(ReasonSerializer, request)
        fresh = end_certificate(
            certificate=row, expected=expected, reason=why(sent), by=request.user
        )
        return versioned(certificate_record(fresh), fresh)


def _certificate(request: ApiRequest, perm: CustomerPerm, code: str, pk: int) -> "Certificate":
    """The certificate by key, which must be that customer's. Raises NotFound, Forbidden."""
    row = get_certificate(request.user, perm, pk)
    if row.customer.code != code:
        raise NotFound
    return row


class ListEntriesView(GuardedAPIView):
    """红黑名单 (B-22): the entries that count today, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.LISTED_VIEW),
        "POST": Rule(CustomerPerm.LISTED_CREATE),
    }

    @extend_schema(operation_id="list_entries_list", responses=ListEntrySerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.LISTED_VIEW, code)
        return Response(entry_records(request.user, row))

    @extend_schema(
        operation_id="list_entries_enter",
        parameters=[KEY_HEADER],
        request=ListEntryWriteSerializer,
        responses={201: ListEntrySerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        customer = get_customer_by_code(user, CustomerPerm.LISTED_CREATE, code)
        data = dict(checked(ListEntryWriteSerializer, request).validated_data)
        number = data.pop("number", "")
        data["colour"] = ListColour[data["colour"].upper()]

        def make() -> str:
            target = listed_key(user, data["object_type"], number)
            entry = NewListEntry(**data, target=target)
            return str(enter_list(customer=customer, data=entry, by=user).pk)

        def answer(pk: str) -> Response:
            row = get_entry(user, CustomerPerm.LISTED_VIEW, int(pk))
            return versioned(entry_record(row), row, code=201)

        return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class ListEntryView(GuardedAPIView):
    """One entry, also one that no longer counts."""

    rules: ClassVar[Rules] = {"GET": Rule(CustomerPerm.LISTED_VIEW)}

    @extend_schema(operation_id="list_entries_retrieve", responses=ListEntrySerializer)
    def get(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _entry(request, CustomerPerm.LISTED_VIEW, code, pk)
        return versioned(entry_record(row), row)


class ListEntryEndView(TieView):
    """Take an object off a list (B-22)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.LISTED_END)}

    @extend_schema(
        operation_id="list_entries_end",
        parameters=[MATCH_HEADER],
        request=ReasonSerializer,
        responses=ListEntrySerializer,
    )
    def post(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _entry(request, CustomerPerm.LISTED_END, code, pk)
        expected = self.wanted_version()
        sent = checked(ReasonSerializer, request)
        fresh = end_list_entry(entry=row, expected=expected, reason=why(sent), by=request.user)
        return versioned(entry_record(fresh), fresh)


def _entry(request: ApiRequest, perm: CustomerPerm, code: str, pk: int) -> "ListEntry":
    """The entry by key, which must be that customer's. Raises NotFound, Forbidden."""
    row = get_entry(request.user, perm, pk)
    if row.customer.code != code:
        raise NotFound
    return row
