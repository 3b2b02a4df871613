"""Browser routes: one include a room."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from crm import health, home
from crm.help import HelpView
from crm.imports.urls import routes_for
from crm.kinds import KINDS

# Admin log-in goes through the same door with the same second factor (libs G4).
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = "crm.core.pages.bad_request"
handler403 = "crm.core.pages.forbidden"
handler404 = "crm.core.pages.not_found"
handler500 = "crm.core.pages.server_error"

urlpatterns = [
    path("", home.HomeView.as_view(), name="home"),
    path("help/", HelpView.as_view(), name="help"),
    path("styleguide/", home.StyleguideView.as_view(), name="styleguide"),
    path("healthz/live", login_not_required(health.LiveView.as_view()), name="live"),
    path("healthz/ready", login_not_required(health.ReadyView.as_view()), name="ready"),
    path("metrics", login_not_required(health.MetricsView.as_view()), name="metrics"),
    path("i18n/", include("crm.language")),
    path("", include("crm.core.urls")),
    path("", include("crm.identity.urls")),
    path("inbox/", include("crm.outbox.urls")),
    path("approvals/", include("crm.approvals.urls")),
    path("customers/", include("customers.urls")),
    path("imports/", include(routes_for(KINDS))),
    path("logistics/", include("logistics.urls")),
    path("files/", include("archive.urls")),
    path("forms/", include("onboarding.urls")),
    path("api/v1/", include("crm.api")),
    path("admin/", admin.site.urls),
]
