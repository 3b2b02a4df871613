"""A customer's people over REST (R-34 to R-39, D10)."""

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView, idempotency_key, once_only, versioned
from crm.core.errors import NotFound
from crm.core.policy import Rule, Rules
from customers.access import contacts_for, get_contact, get_customer_by_code
from customers.api.customers import KEY_HEADER, MATCH_HEADER, stale_as_412
from customers.api.shapes import (
    ContactChangeSerializer,
    ContactReadSerializer,
    ContactWriteSerializer,
)
from customers.choices import CustomerPerm
from customers.selectors.records import contact_record, contact_records
from customers.services.contacts import add_contact, edit_contact

if TYPE_CHECKING:
    from customers.models import Contact


class ContactListView(GuardedAPIView):
    """All contacts of one customer, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.CONTACT_VIEW),
        "POST": Rule(CustomerPerm.CONTACT_CREATE),
    }

    @extend_schema(operation_id="contacts_list", responses=ContactReadSerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.CONTACT_VIEW, code)
        return Response(contact_records(request.user, row))

    @extend_schema(
        operation_id="contacts_create",
        parameters=[KEY_HEADER],
        request=ContactWriteSerializer,
        responses={201: ContactReadSerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        customer = get_customer_by_code(user, CustomerPerm.CONTACT_CREATE, code)
        sent = ContactWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        person = sent.contact()

        def make() -> str:
            return str(add_contact(customer=customer, data=person, by=user).pk)

        def answer(pk: str) -> Response:
            row = contacts_for(user, CustomerPerm.CONTACT_VIEW).filter(pk=int(pk)).first()
            if row is None:
                return Response({"id": int(pk)}, status=201)
            return versioned(contact_record(user, row), row, code=201)

        return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class ContactView(GuardedAPIView):
    """One contact of one customer."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.CONTACT_VIEW),
        "PATCH": Rule(CustomerPerm.CONTACT_UPDATE),
    }

    @extend_schema(operation_id="contacts_retrieve", responses=ContactReadSerializer)
    def get(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _contact(request, CustomerPerm.CONTACT_VIEW, code, pk)
        return versioned(contact_record(request.user, row), row)

    @extend_schema(
        operation_id="contacts_change",
        parameters=[MATCH_HEADER],
        request=ContactChangeSerializer,
        responses=ContactReadSerializer,
    )
    def patch(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _contact(request, CustomerPerm.CONTACT_UPDATE, code, pk)
        expected = self.wanted_version()
        sent = ContactChangeSerializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        fresh = edit_contact(
            contact=row,
            changes=sent.values(),
            expected=expected,
            reason=sent.validated_data.get("reason") or _("接口修改"),
            by=request.user,
        )
        return versioned(contact_record(request.user, fresh), fresh)

    def handle_exception(self, exc: Exception) -> Response:
        """A stale `If-Match` is 412, whoever noticed it (D10, RF-07)."""
        return super().handle_exception(stale_as_412(exc))


def _contact(request: ApiRequest, perm: CustomerPerm, code: str, pk: int) -> "Contact":
    """The contact by key, which must be that customer's. Raises NotFound, Forbidden."""
    row = get_contact(request.user, perm, pk)
    if row.customer.code != code:
        raise NotFound
    return row
