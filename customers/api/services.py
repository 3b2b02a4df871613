"""Users, accounts and who pays, of a cable customer, over REST (document 002, D10)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from crm.core.api import ApiRequest, GuardedAPIView, idempotency_key, once_only, versioned
from crm.core.policy import Rule, Rules
from customers.access import (
    get_account_numbered,
    get_customer_by_code,
    get_user_numbered,
)
from customers.api.customers import KEY_HEADER, MATCH_HEADER
from customers.api.shapes_services import (
    AccountChangeSerializer,
    AccountSerializer,
    AccountWriteSerializer,
    ReasonSerializer,
    UserChangeSerializer,
    UserPayerSerializer,
    UserPaymentsSerializer,
    UserSerializer,
    UserStateSerializer,
    UserWriteSerializer,
)
from customers.api.ties import TieView
from customers.boss_values import NewUser, Share
from customers.choices import CustomerPerm
from customers.domains import ChargeKind, UserStatus
from customers.selectors.service_records import (
    account_key,
    account_record,
    account_records,
    user_record,
    user_records,
)
from customers.services.accounts import (
    cancel_account,
    edit_account,
    make_default_account,
    open_account,
)
from customers.services.users import (
    change_user_state,
    edit_user,
    open_user,
    split_payment,
    switch_payer,
)

if TYPE_CHECKING:
    from customers.models import BillingAccount, Subscription


def checked(kind: type[Any], request: ApiRequest, **more: Any) -> Any:
    """The body by its serializer. Raises ValidationError naming each wrong field."""
    sent = kind(data=request.data, **more)
    sent.is_valid(raise_exception=True)
    return sent


def why(sent: Any) -> str:
    """The reason that was sent, else that it came by the API."""
    return sent.validated_data.get("reason") or _("接口修改")


class UsersView(GuardedAPIView):
    """用户 (B-8): all of one customer, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.SERVICE_VIEW),
        "POST": Rule(CustomerPerm.SERVICE_CREATE),
    }

    @extend_schema(operation_id="users_list", responses=UserSerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.SERVICE_VIEW, code)
        return Response(user_records(request.user, row))

    @extend_schema(
        operation_id="users_open",
        parameters=[KEY_HEADER],
        request=UserWriteSerializer,
        responses={201: UserSerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        customer = get_customer_by_code(user, CustomerPerm.SERVICE_CREATE, code)
        data = checked(UserWriteSerializer, request).validated_data

        def make() -> str:
            account = account_key(user, data["account"])
            wanted = NewUser(**data | {"account": account})
            return open_user(customer=customer, data=wanted, by=user).number

        def answer(number: str) -> Response:
            row = get_user_numbered(user, CustomerPerm.SERVICE_VIEW, code, number)
            return versioned(user_record(user, row), row, code=201)

        return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class OfUser(TieView):
    """One user of one customer, by number."""

    def user_row(self, perm: CustomerPerm) -> "Subscription":
        return get_user_numbered(self.request.user, perm, *self.kwargs.values())

    def told(self) -> Response:
        row = self.user_row(CustomerPerm.SERVICE_VIEW)
        return versioned(user_record(self.request.user, row), row)


class UserView(OfUser):
    """Read one user; change product, device, address (B-25)."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.SERVICE_VIEW),
        "PATCH": Rule(CustomerPerm.SERVICE_UPDATE),
    }

    @extend_schema(operation_id="users_retrieve", responses=UserSerializer)
    def get(self, request: ApiRequest, code: str, number: str) -> Response:
        return self.told()

    @extend_schema(
        operation_id="users_change",
        parameters=[MATCH_HEADER],
        request=UserChangeSerializer,
        responses=UserSerializer,
    )
    def patch(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.user_row(CustomerPerm.SERVICE_UPDATE)
        expected = self.wanted_version()
        sent = checked(UserChangeSerializer, request, partial=True)
        edit_user(
            subscription=row,
            changes=sent.changes(),
            expected=expected,
            reason=why(sent),
            by=request.user,
        )
        return self.told()


class UserStateView(OfUser):
    """Stop, resume, pre-cancel or cancel a user (B-59, B-17)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.SERVICE_UPDATE)}

    @extend_schema(
        operation_id="users_state",
        parameters=[MATCH_HEADER],
        request=UserStateSerializer,
        responses=UserSerializer,
    )
    def post(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.user_row(CustomerPerm.SERVICE_UPDATE)
        expected = self.wanted_version()
        data = checked(UserStateSerializer, request).validated_data
        if data["status"] == UserStatus.CANCELLED:
            row = self.user_row(CustomerPerm.SERVICE_END)
        change_user_state(
            subscription=row,
            status=UserStatus(data["status"]),
            expected=expected,
            reason=data["reason"],
            by=request.user,
        )
        return self.told()


class UserPayerView(OfUser):
    """Let another account of the customer pay (B-10)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.SERVICE_UPDATE)}

    @extend_schema(
        operation_id="users_payer",
        parameters=[MATCH_HEADER],
        request=UserPayerSerializer,
        responses=UserSerializer,
    )
    def post(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.user_row(CustomerPerm.SERVICE_UPDATE)
        expected = self.wanted_version()
        sent = checked(UserPayerSerializer, request)
        key = account_key(request.user, sent.validated_data["account"])
        switch_payer(
            subscription=row, account=key, expected=expected, reason=why(sent), by=request.user
        )
        return self.told()


class UserPaymentsView(OfUser):
    """Split one kind of charge of a user between accounts (B-10)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.SERVICE_UPDATE)}

    @extend_schema(
        operation_id="users_payments",
        parameters=[MATCH_HEADER],
        request=UserPaymentsSerializer,
        responses=UserSerializer,
    )
    def post(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.user_row(CustomerPerm.SERVICE_UPDATE)
        expected = self.wanted_version()
        sent = checked(UserPaymentsSerializer, request)
        split_payment(
            subscription=row,
            charge_kind=ChargeKind(sent.validated_data["charge_kind"]),
            shares=[
                Share(
                    account_key(request.user, one["account"], f"shares.{at}.account"),
                    one["share"],
                    one["rank"],
                )
                for at, one in enumerate(sent.validated_data["shares"])
            ],
            expected=expected,
            reason=why(sent),
            by=request.user,
        )
        return self.told()


class AccountsView(GuardedAPIView):
    """帐户 (B-27): all of one customer, and a new one."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.SERVICE_VIEW),
        "POST": Rule(CustomerPerm.SERVICE_CREATE),
    }

    @extend_schema(operation_id="accounts_list", responses=AccountSerializer(many=True))
    def get(self, request: ApiRequest, code: str) -> Response:
        row = get_customer_by_code(request.user, CustomerPerm.SERVICE_VIEW, code)
        return Response(account_records(request.user, row))

    @extend_schema(
        operation_id="accounts_open",
        parameters=[KEY_HEADER],
        request=AccountWriteSerializer,
        responses={201: AccountSerializer},
    )
    def post(self, request: ApiRequest, code: str) -> Response:
        user = request.user
        customer = get_customer_by_code(user, CustomerPerm.SERVICE_CREATE, code)
        data = checked(AccountWriteSerializer, request).account()

        def make() -> str:
            return open_account(customer=customer, data=data, by=user).number

        def answer(number: str) -> Response:
            row = get_account_numbered(user, CustomerPerm.SERVICE_VIEW, code, number)
            return versioned(account_record(user, row), row, code=201)

        return once_only(request, key=idempotency_key(request), make=make, answer=answer)


class OfAccount(TieView):
    """One account of one customer, by number."""

    def account_row(self, perm: CustomerPerm) -> "BillingAccount":
        return get_account_numbered(self.request.user, perm, *self.kwargs.values())

    def told(self) -> Response:
        row = self.account_row(CustomerPerm.SERVICE_VIEW)
        return versioned(account_record(self.request.user, row), row)


class AccountView(OfAccount):
    """Read one account; change name, payment, invoice (B-27)."""

    rules: ClassVar[Rules] = {
        "GET": Rule(CustomerPerm.SERVICE_VIEW),
        "PATCH": Rule(CustomerPerm.SERVICE_UPDATE),
    }

    @extend_schema(operation_id="accounts_retrieve", responses=AccountSerializer)
    def get(self, request: ApiRequest, code: str, number: str) -> Response:
        return self.told()

    @extend_schema(
        operation_id="accounts_change",
        parameters=[MATCH_HEADER],
        request=AccountChangeSerializer,
        responses=AccountSerializer,
    )
    def patch(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.account_row(CustomerPerm.SERVICE_UPDATE)
        expected = self.wanted_version()
        sent = checked(AccountChangeSerializer, request, partial=True)
        edit_account(
            account=row,
            changes=sent.changes(),
            expected=expected,
            reason=why(sent),
            by=request.user,
        )
        return self.told()


class AccountDefaultView(OfAccount):
    """Make an account the customer's default (B-10)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.SERVICE_UPDATE)}

    @extend_schema(
        operation_id="accounts_default",
        parameters=[MATCH_HEADER],
        request=ReasonSerializer,
        responses=AccountSerializer,
    )
    def post(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.account_row(CustomerPerm.SERVICE_UPDATE)
        expected = self.wanted_version()
        sent = checked(ReasonSerializer, request)
        make_default_account(account=row, expected=expected, reason=why(sent), by=request.user)
        return self.told()


class AccountEndView(OfAccount):
    """End an account that pays for nobody (B-17)."""

    rules: ClassVar[Rules] = {"POST": Rule(CustomerPerm.SERVICE_END)}

    @extend_schema(
        operation_id="accounts_end",
        parameters=[MATCH_HEADER],
        request=ReasonSerializer,
        responses=AccountSerializer,
    )
    def post(self, request: ApiRequest, code: str, number: str) -> Response:
        row = self.account_row(CustomerPerm.SERVICE_END)
        expected = self.wanted_version()
        sent = checked(ReasonSerializer, request)
        cancel_account(account=row, expected=expected, reason=why(sent), by=request.user)
        return self.told()
