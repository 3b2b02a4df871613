"""Routes of this room. allauth's views are mounted one by one under its own names: no sign-up."""

from allauth.account import views as account_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from django.urls import include, path

from crm.identity.views import account, clients, managers, people, saved_views

accounts = [
    path("login/", account_views.login, name="account_login"),
    path("logout/", account_views.logout, name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("password/change/", account.PasswordChangeView.as_view(), name="account_change_password"),
    path("reauthenticate/", account.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("activate/", account.ActivateView.as_view(), name="account_activate"),
    path("2fa/", mfa_views.index, name="mfa_index"),
    path("2fa/authenticate/", mfa_views.authenticate, name="mfa_authenticate"),
    path(
        "2fa/reauthenticate/",
        account.FactorReauthenticateView.as_view(),
        name="mfa_reauthenticate",
    ),
    path("2fa/totp/activate/", totp_views.activate_totp, name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        recovery_views.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        recovery_views.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]

rooms = [
    path("session/alive/", account.AliveView.as_view(), name="alive"),
    path("people/", people.PeopleView.as_view(), name="people"),
    path("people/new/", people.NewPersonView.as_view(), name="person-new"),
    path("people/posts/waiting/", people.WaitingPostsView.as_view(), name="posts-waiting"),
    path("people/posts/<int:pk>/confirm/", people.ConfirmPostView.as_view(), name="post-confirm"),
    path("people/posts/<int:pk>/end/", people.EndPostView.as_view(), name="post-end"),
    path("people/<int:pk>/", people.PersonView.as_view(), name="person"),
    path("people/<int:pk>/edit/", people.EditPersonView.as_view(), name="person-edit"),
    path("people/<int:pk>/confirm/", people.ConfirmPersonView.as_view(), name="person-confirm"),
    path(
        "people/<int:pk>/reactivate/",
        people.ReactivatePersonView.as_view(),
        name="person-reactivate",
    ),
    path("people/<int:pk>/unlock/", people.UnlockPersonView.as_view(), name="person-unlock"),
    path(
        "people/<int:pk>/reset-password/",
        people.ResetPasswordView.as_view(),
        name="person-reset-password",
    ),
    path(
        "people/<int:pk>/reset-factor/",
        people.ResetFactorView.as_view(),
        name="person-reset-factor",
    ),
    path("people/<int:pk>/posts/propose/", people.ProposePostView.as_view(), name="post-propose"),
    path("managers/", managers.ManagersView.as_view(), name="managers"),
    path("managers/new/", managers.NewManagerView.as_view(), name="manager-new"),
    path("managers/<int:pk>/", managers.ManagerView.as_view(), name="manager"),
    path("managers/<int:pk>/edit/", managers.EditManagerView.as_view(), name="manager-edit"),
    path("managers/<int:pk>/retire/", managers.RetireManagerView.as_view(), name="manager-retire"),
    path("views/new/", saved_views.SaveView.as_view(), name="view-new"),
    path("views/<int:pk>/", saved_views.OpenView.as_view(), name="view"),
    path("views/<int:pk>/edit/", saved_views.EditView.as_view(), name="view-edit"),
    path("views/<int:pk>/drop/", saved_views.DropView.as_view(), name="view-drop"),
    path("lists/<str:list_name>/look/", saved_views.ListLookView.as_view(), name="list-look"),
    path("clients/", clients.ClientsView.as_view(), name="clients"),
    path("clients/new/", clients.NewClientView.as_view(), name="client-new"),
    path("clients/<int:pk>/", clients.ClientView.as_view(), name="client"),
    path("clients/<int:pk>/disable/", clients.DisableClientView.as_view(), name="client-disable"),
    path("clients/<int:pk>/tokens/new/", clients.IssueTokenView.as_view(), name="token-issue"),
    path(
        "clients/<int:pk>/tokens/<str:key>/revoke/",
        clients.RevokeTokenView.as_view(),
        name="token-revoke",
    ),
    path(
        "clients/<int:pk>/tokens/<str:key>/confirm/",
        clients.ConfirmTokenView.as_view(),
        name="token-confirm",
    ),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("", include((rooms, "identity"))),
]
