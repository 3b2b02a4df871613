"""This room's part of /api/v1/: customers and what hangs on them."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, path

from customers.api.contacts import ContactListView, ContactView
from customers.api.customers import CustomerHistoryView, CustomerListView, CustomerView
from customers.api.papers import (
    CertificateCheckView,
    CertificateEndView,
    CertificatesView,
    CertificateView,
    ListEntriesView,
    ListEntryEndView,
    ListEntryView,
)
from customers.api.parties import ExternalAccountsView, PartyView
from customers.api.relations import RelationEndView, RelationsView
from customers.api.services import (
    AccountDefaultView,
    AccountEndView,
    AccountsView,
    AccountView,
    UserPayerView,
    UserPaymentsView,
    UserStateView,
    UsersView,
    UserView,
)
from customers.api.ties import (
    MemberEndView,
    MemberListView,
    MemberView,
    UnitEndView,
    UnitListView,
    UnitView,
)


def _by_token(view: Any) -> Any:
    """The API authenticates by token itself; the browser's log-in redirect is not for it."""
    return login_not_required(view.as_view())


def _routes(part: str, *rows: tuple[str, Any, str]) -> list[URLPattern]:
    """The addresses below one part of a customer."""
    base = f"customers/<str:code>/{part}/"
    return [path(f"{base}{rest}", _by_token(view), name=name) for rest, view, name in rows]


urlpatterns = [
    path("customers/", _by_token(CustomerListView), name="api-customers"),
    path("customers/<str:code>/", _by_token(CustomerView), name="api-customer"),
    path(
        "customers/<str:code>/history/", _by_token(CustomerHistoryView), name="api-customer-history"
    ),
    path("customers/<str:code>/contacts/", _by_token(ContactListView), name="api-contacts"),
    path("customers/<str:code>/contacts/<int:pk>/", _by_token(ContactView), name="api-contact"),
    *_routes(
        "contacts/<int:pk>/relations",
        ("", RelationsView, "api-relations"),
        ("<int:relation>/end/", RelationEndView, "api-relation-end"),
    ),
    *_routes(
        "users",
        ("", UsersView, "api-users"),
        ("<str:number>/", UserView, "api-user"),
        ("<str:number>/state/", UserStateView, "api-user-state"),
        ("<str:number>/payer/", UserPayerView, "api-user-payer"),
        ("<str:number>/payments/", UserPaymentsView, "api-user-payments"),
    ),
    *_routes(
        "accounts",
        ("", AccountsView, "api-accounts"),
        ("<str:number>/", AccountView, "api-account"),
        ("<str:number>/default/", AccountDefaultView, "api-account-default"),
        ("<str:number>/end/", AccountEndView, "api-account-end"),
    ),
    *_routes("external-accounts", ("", ExternalAccountsView, "api-external-accounts")),
    *_routes("party", ("", PartyView, "api-party")),
    *_routes(
        "certificates",
        ("", CertificatesView, "api-certificates"),
        ("<int:pk>/", CertificateView, "api-certificate"),
        ("<int:pk>/check/", CertificateCheckView, "api-certificate-check"),
        ("<int:pk>/end/", CertificateEndView, "api-certificate-end"),
    ),
    *_routes(
        "listed",
        ("", ListEntriesView, "api-listed"),
        ("<int:pk>/", ListEntryView, "api-list-entry"),
        ("<int:pk>/end/", ListEntryEndView, "api-list-entry-end"),
    ),
    path("customers/<str:code>/units/", _by_token(UnitListView), name="api-units"),
    path("customers/<str:code>/units/<int:pk>/", _by_token(UnitView), name="api-unit"),
    path("customers/<str:code>/units/<int:pk>/end/", _by_token(UnitEndView), name="api-unit-end"),
    path("customers/<str:code>/members/", _by_token(MemberListView), name="api-members"),
    path("customers/<str:code>/members/<int:pk>/", _by_token(MemberView), name="api-member"),
    path(
        "customers/<str:code>/members/<int:pk>/end/",
        _by_token(MemberEndView),
        name="api-member-end",
    ),
]
