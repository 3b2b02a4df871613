"""What the API's description cannot guess of our own parts: tokens, checked text fields."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes


class ClientTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A client's token in the Authorization header."""

    target_class = "crm.identity.api_auth.ClientTokenAuthentication"
    name = "clientToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Token kd_…",
        }


class CheckedText(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Text that one of the cell checks reads."""

    target_class = "crm.core.fields.CheckedSerializerField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ARG002
        return build_basic_type(OpenApiTypes.STR) or {}
