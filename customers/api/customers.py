"""Customers over REST: list, create, read, change, history (D10, issue 2 section 4)."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView, idempotency_key, once_only, versioned
from crm.core.errors import PreconditionFailed, StaleVersion
from crm.core.policy import Rule, Rules
from crm.identity.access import ensure_may
from customers.access import get_customer_by_code
from customers.api.shapes import (
    AskedSerializer,
    CustomerChangeSerializer,
    CustomerCreateSerializer,
    CustomerDetailSerializer,
    CustomerPageSerializer,
    HistorySerializer,
)
from customers.choices import CustomerPerm
from customers.selectors.history import history_of_customer
from customers.selectors.records import (
    ensure_registers_directly,
    find_by_code,
    manager_named,
    record_for,
    records_page,
)
from customers.services.details import edit_customer
from customers.services.register import register_customer

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key", location=OpenApiParameter.HEADER, required=False, type=str
)
MATCH_HEADER = OpenApiParameter(
    "If-Match", location=OpenApiParameter.HEADER, required=True, type=str
)


class CustomerListView(GuardedAPIView):
    """The client's customers by key, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.VIEW),
        "POST": Rule(CustomerPerm.CREATE),
    }
    parameters: ClassVar[frozenset[str]] = frozenset(AskedSerializer().fields)

    @extend_schema(
        operation_id="customers_list",
        parameters=[AskedSerializer],
        responses=CustomerPageSerializer,
    )
    def get(self, request: ApiRequest) -> Response:
        ensure_may(request.user, CustomerPerm.VIEW)
        asked = AskedSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        page = records_page(
            request.user,
            order=asked.validated_data.get("sort", "code"),
            after=asked.validated_data.get("page", ""),
            filters=asked.filters(),
        )
        return Response({"results": page.rows, "next": page.next, "previous": page.previous})

    @extend_schema(
        operation_id="customers_create",
        parameters=[KEY_HEADER],
        request=CustomerCreateSerializer,
        responses={201: CustomerDetailSerializer},
    )
    def post(self, request: ApiRequest) -> Response:
        user = request.user
        ensure_may(user, CustomerPerm.CREATE)
        ensure_registers_directly(user)
        sent = CustomerCreateSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.customer(manager_named(user, sent.validated_data.get("manager", "")))
        organisation: Any = user.organisation

        def make() -> str:
            return register_customer(organisation=organisation, data=data, by=user).code

        key = idempotency_key(request)
        return once_only(request, key=key, make=make, answer=lambda code: created(user, code))


def created(user: Any, code: str) -> Response:
    """The new customer as the client may read it; its code alone when it may read none."""
    row = find_by_code(user, code)
    if row is None:
        return Response({"code": code}, status=201)
    return versioned(record_for(user, row), row, code=201)


class CustomerView(GuardedAPIView):
    """One customer by its lifelong code."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.VIEW),
        "PATCH": Rule(CustomerPerm.UPDATE),
    }

    @extend_schema(operation_id="customers_retrieve", responses=CustomerDetailSerializer)
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.VIEW, code)
        return versioned(record_for(request.user, row), row)

    @extend_schema(
        operation_id="customers_change",
        parameters=[MATCH_HEADER],
        request=CustomerChangeSerializer,
        responses=CustomerDetailSerializer,
    )
    def patch(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.UPDATE, code)
        expected = self.wanted_version()
        sent = CustomerChangeSerializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        edit_customer(
            customer=row,
            changes=sent.changes(),
            expected=expected,
            reason=sent.validated_data.get("reason") or _("接口修改"),
            by=request.user,
        )
        fresh = get_customer_by_code(request.user, CustomerPerm.UPDATE, code)
        return versioned(record_for(request.user, fresh), fresh)

    def handle_exception(self, exc: Exception) -> Response:
        """A stale `If-Match` is 412, whoever noticed it (D10, RF-07)."""
        return super().handle_exception(stale_as_412(exc))


def stale_as_412(exc: Exception) -> Exception:
    """The page's refusal in the API's words."""
    return PreconditionFailed(exc.message) if isinstance(exc, StaleVersion) else exc


class CustomerHistoryView(GuardedAPIView):
    """Who changed what, old and new, newest first, as the client may see it."""

    rules: ClassVar[Rules] = {"GET": Rule(CustomerPerm.HISTORY)}

    @extend_schema(operation_id="customers_history", responses=HistorySerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.HISTORY, code)
        views = history_of_customer(row, request.user)
        return Response(
            HistorySerializer(
                [
                    {
                        "at": view.entry.at,
                        "by": view.entry.by,
                        "reason": view.entry.reason,
                        "record": view.record,
                        "version": view.entry.version,
                        "changes": view.entry.changes,
                    }
                    for view in views
                ],
                many=True,
            ).data
        )
