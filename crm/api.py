"""The REST API's root: every room's API under /api/v1/, and its description."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated

from crm.core.api import BrowserSession, GuardedAPIView
from crm.core.errors import NotFound
from crm.core.policy import Door, Rule, reads
from crm.schema import CheckedText, ClientTokenScheme

DESCRIBED = (ClientTokenScheme, CheckedText)
"""Loaded here, so that the description knows them."""


class SchemaView(SpectacularAPIView):
    """OpenAPI 3, for clients with a token and for signed-in people."""

    rules = reads(Rule(Door.SIGNED_IN))
    authentication_classes = [*GuardedAPIView.authentication_classes, BrowserSession]
    permission_classes = [IsAuthenticated]


@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class SwaggerView(SpectacularSwaggerSplitView):
    """The page that reads the description; served from our own static files."""

    rules = reads(Rule(Door.SIGNED_IN))
    authentication_classes = [BrowserSession]
    permission_classes = [IsAuthenticated]
    url_name = "api-schema"


@extend_schema(exclude=True)
class UnknownView(GuardedAPIView):
    """Any other address under the API is told in the API's shape."""

    rules = {method: Rule(Door.SIGNED_IN) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}

    def get(self, *args: Any, **kwargs: Any) -> None:
        raise NotFound

    post = put = patch = delete = get


def _open(view: Any) -> Any:
    """Our API authenticates by token itself: the browser's log-in redirect is not for it."""
    return login_not_required(view)


urlpatterns = [
    path("schema/", _open(SchemaView.as_view()), name="api-schema"),
    path("docs/", SwaggerView.as_view(), name="api-docs"),
    path("", include("customers.api")),
    path("", include("onboarding.api")),
    path("<path:rest>", _open(UnknownView.as_view()), name="api-unknown"),
]
