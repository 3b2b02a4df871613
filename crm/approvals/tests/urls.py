"""This room's own pages, and stand-ins for the pages of the room that owns the forms."""

from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path


def _stands_in(request, key):
    return HttpResponse("")


owner = (
    [
        path("steps/<int:key>/sign/", _stands_in, name="sign"),
        path("<str:key>/withdraw/", _stands_in, name="withdraw"),
        path("<str:key>/", _stands_in, name="form"),
    ],
    "onboarding",
)
urlpatterns = [
    path("approvals/", include("crm.approvals.urls")),
    path("forms/", include(owner)),
    path("admin/", admin.site.urls),
    path("login/", _stands_in, name="account_login"),
    path("home/", _stands_in, name="home"),
    path("language/", _stands_in, name="set_language"),
]
