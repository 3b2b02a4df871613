"""The site's routes, and the floor of the API list beside them."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from bench.floor_views import FloorView
from crm.urls import handler400, handler403, handler404, handler500
from crm.urls import urlpatterns as site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

FLOOR = "/bench/floor/customers/"
urlpatterns = [path(FLOOR[1:], login_not_required(FloorView.as_view())), *site]
