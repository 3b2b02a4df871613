"""Units, members of groups and relations of key persons over REST (R-40, B-36 to B-38, D10)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView, idempotency_key, once_only, versioned
from crm.core.errors import NotFound
from crm.core.policy import Rule, Rules
from customers.access import (
    get_customer_by_code,
    get_membership,
    get_unit_link,
    memberships_for,
    unit_links_for,
)
from customers.api.customers import KEY_HEADER, MATCH_HEADER, stale_as_412
from customers.api.shapes_ties import (
    EndSerializer,
    MemberChangeSerializer,
    MemberReadSerializer,
    MemberWriteSerializer,
    UnitMoveSerializer,
    UnitReadSerializer,
    UnitWriteSerializer,
)
from customers.choices import CustomerPerm
from customers.selectors.groups import membership_record, memberships_shown
from customers.selectors.units import link_record, links_shown
from customers.services.groups import edit_membership, enter_group, leave_group
from customers.services.units import link_unit, move_unit, unlink_unit

if TYPE_CHECKING:
    from customers.models import Membership, UnitLink


class TieView(GuardedAPIView):
    """One tie of one customer: a stale `If-Match` is 412, whoever noticed it (D10, RF-07)."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(stale_as_412(exc))

    def ended(self, request: ApiRequest) -> dict[str, Any]:
        """What ending a tie needs: from when, why, which version was seen, and who."""
        expected = self.wanted_version()
        sent = EndSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return {
            "ends_on": sent.validated_data.get("ends_on"),
            "reason": sent.validated_data.get("reason") or _("接口修改"),
            "expected": expected,
            "by": request.user,
        }


def _once(
    request: ApiRequest,
    make: Callable[[], str],
    gate: Callable[..., QuerySet[Any]],
    record: Callable[[Any], dict[str, Any]],
) -> Response:
    """A new tie, made once; its record only as far as the caller may see it afterwards."""

    def answer(pk: str) -> Response:
        row = gate(request.user, CustomerPerm.UNIT_VIEW).filter(pk=int(pk)).first()
        if row is None:
            return Response({"id": int(pk)}, status=201)
        return versioned(record(row), row, code=201)

    return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class UnitListView(GuardedAPIView):
    """The units directly below a customer, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.UNIT_VIEW),
        "POST": Rule(CustomerPerm.UNIT_CREATE),
    }

    @extend_schema(operation_id="units_list", responses=UnitReadSerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.UNIT_VIEW, code)
        return Response(links_shown(row, request.user))

    @extend_schema(
        operation_id="units_link",
        parameters=[KEY_HEADER],
        request=UnitWriteSerializer,
        responses={201: UnitReadSerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        parent = get_customer_by_code(user, CustomerPerm.UNIT_CREATE, code)
        sent = UnitWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data

        def make() -> str:
            child = get_customer_by_code(user, CustomerPerm.UNIT_CREATE, data["child"])
            link = link_unit(
                child=child,
                parent=parent,
                starts_on=data.get("starts_on"),
                reason=data.get("reason", ""),
                by=user,
            )
            return str(link.pk)

        return _once(request, make, unit_links_for, link_record)


class UnitView(TieView):
    """One link: read it, move the unit to another parent from a day on."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.UNIT_VIEW),
        "PATCH": Rule(CustomerPerm.UNIT_UPDATE),
    }

    @extend_schema(operation_id="units_retrieve", responses=UnitReadSerializer)
    def get(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _link(request, CustomerPerm.UNIT_VIEW, code, pk)
        return versioned(link_record(row), row)

    @extend_schema(
        operation_id="units_move",
        parameters=[MATCH_HEADER],
        request=UnitMoveSerializer,
        responses=UnitReadSerializer,
    )
    def patch(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _link(request, CustomerPerm.UNIT_UPDATE, code, pk)
        expected = self.wanted_version()
        sent = UnitMoveSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        fresh = move_unit(
            link=row,
            parent=get_customer_by_code(request.user, CustomerPerm.VIEW, data["parent"]),
            effective_on=data.get("effective_on"),
            expected=expected,
            reason=data.get("reason") or _("接口修改"),
            by=request.user,
        )
        return versioned(link_record(fresh), fresh)


class UnitEndView(TieView):
    """Take a unit out from under its parent."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.UNIT_END)}

    @extend_schema(
        operation_id="units_end",
        parameters=[MATCH_HEADER],
        request=EndSerializer,
        responses=UnitReadSerializer,
    )
    def post(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _link(request, CustomerPerm.UNIT_END, code, pk)
        fresh = unlink_unit(link=row, **self.ended(request))
        return versioned(link_record(fresh), fresh)


def _link(request: ApiRequest, perm: CustomerPerm, code: str, pk: int) -> "UnitLink":
    """The link by key, whose parent must be that customer. Raises NotFound, Forbidden."""
    row = get_unit_link(request.user, perm, pk)
    if row.parent.code != code:
        raise NotFound
    return row


class MemberListView(GuardedAPIView):
    """The members of a group customer, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.UNIT_VIEW),
        "POST": Rule(CustomerPerm.UNIT_CREATE),
    }

    @extend_schema(operation_id="members_list", responses=MemberReadSerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.UNIT_VIEW, code)
        return Response(memberships_shown(row, request.user))

    @extend_schema(
        operation_id="members_enter",
        parameters=[KEY_HEADER],
        request=MemberWriteSerializer,
        responses={201: MemberReadSerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        group = get_customer_by_code(user, CustomerPerm.UNIT_CREATE, code)
        sent = MemberWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)

        def make() -> str:
            member = get_customer_by_code(user, CustomerPerm.VIEW, sent.validated_data["member"])
            reason = sent.validated_data.get("reason", "")
            row = enter_group(
                group=group, member=member, terms=sent.terms(), reason=reason, by=user
            )
            return str(row.pk)

        return _once(request, make, memberships_for, membership_record)


class MemberView(TieView):
    """One membership: read it, change role, key mark and payer."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.UNIT_VIEW),
        "PATCH": Rule(CustomerPerm.UNIT_UPDATE),
    }

    @extend_schema(operation_id="members_retrieve", responses=MemberReadSerializer)
    def get(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _membership(request, CustomerPerm.UNIT_VIEW, code, pk)
        return versioned(membership_record(row), row)

    @extend_schema(
        operation_id="members_change",
        parameters=[MATCH_HEADER],
        request=MemberChangeSerializer,
        responses=MemberReadSerializer,
    )
    def patch(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _membership(request, CustomerPerm.UNIT_UPDATE, code, pk)
        expected = self.wanted_version()
        sent = MemberChangeSerializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        fresh = edit_membership(
            membership=row,
            changes=sent.changes(),
            expected=expected,
            reason=sent.validated_data.get("reason") or _("接口修改"),
            by=request.user,
        )
        return versioned(membership_record(fresh), fresh)


class MemberEndView(TieView):
    """Take a member out of the group (B-40)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.UNIT_UPDATE)}

    @extend_schema(
        operation_id="members_leave",
        parameters=[MATCH_HEADER],
        request=EndSerializer,
        responses=MemberReadSerializer,
    )
    def post(self, request: ApiRequest, code: str, pk: int) -> Response:
        row = _membership(request, CustomerPerm.UNIT_UPDATE, code, pk)
        fresh = leave_group(membership=row, **self.ended(request))
        return versioned(membership_record(fresh), fresh)


def _membership(request: ApiRequest, perm: CustomerPerm, code: str, pk: int) -> "Membership":
    """The membership by key, whose group must be that customer. Raises NotFound, Forbidden."""
    row = get_membership(request.user, perm, pk)
    if row.group.code != code:
        raise NotFound
    return row
