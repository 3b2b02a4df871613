"""The routes of this room and of the ground floor, as crm/urls.py mounts them."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path
from rest_framework.response import Response

from crm.core.api import GuardedAPIView
from crm.core.policy import Door, Rule, reads

admin.site.login = secure_admin_login(admin.site.login)


class WhoView(GuardedAPIView):
    rules = reads(Rule(Door.SIGNED_IN))

    def get(self, request):
        return Response({"who": request.user.username, "scopes": sorted(request.user.token_scopes)})


def home(request):
    return HttpResponse(f"home of {request.user.username}")


urlpatterns = [
    path("", home, name="home"),
    path("i18n/", include("crm.language")),
    path("", include("crm.core.urls")),
    path("", include("crm.identity.urls")),
    path("customers/", include("customers.urls")),  # where a person is disabled (PM-30)
    path("api/v1/who/", WhoView.as_view()),
    path("admin/", admin.site.urls),
]
