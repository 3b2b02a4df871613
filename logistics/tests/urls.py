"""This room's own pages and the ground floor's, as crm/urls.py mounts them."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import include, path


@login_not_required
def _stands_in(request):
    return HttpResponse("")


urlpatterns = [
    path("", include("crm.core.urls")),
    path("logistics/", include("logistics.urls")),
    path("home/", _stands_in, name="home"),
    path("login/", _stands_in, name="account_login"),
    path("", include("crm.identity.urls")),
    path("language/", _stands_in, name="set_language"),
]
handler404 = "crm.core.pages.not_found"
