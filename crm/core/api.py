"""The API's side of the house rules: who asks, how a POST is made once, how a refusal is told."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Model
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler, set_rollback

from crm.core.errors import BadRequest, DomainError, StillRunning
from crm.core.policy import Rules
from crm.core.request import current_request
from crm.core.services.idempotency import make_once
from crm.core.versions import etag_of, version_wanted

if TYPE_CHECKING:
    from crm.identity.models import User


class ApiRequest(Request):
    """The user behind an API call is always an active system user with a token."""

    user: "User"


class GuardedAPIView(APIView):
    """An API view with `rules` per method; `parameters` names the query parameters it reads."""

    rules: ClassVar[Rules]
    parameters: ClassVar[frozenset[str]] = frozenset()
    permission_classes = [IsAuthenticated]
    request: ApiRequest

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        strange = set(request.query_params) - self.parameters
        if strange:
            names = ", ".join(sorted(strange))
            raise BadRequest(_("不认识的查询参数：%(names)s") % {"names": names})

    @property
    def allowed_methods(self) -> list[str]:
        return [*self.rules, "OPTIONS"]

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Names methods only: no list of fields for those who may not see them (B182)."""
        return Response(status=status.HTTP_204_NO_CONTENT, headers={"Allow": ", ".join(self.rules)})

    def wanted_version(self) -> int:
        """The version of `If-Match`. Raises 428, 412 or 400. Rules: D10."""
        return version_wanted(self.request.headers.get("If-Match"))


def versioned(body: Any, row: Model, *, code: int = 200) -> Response:
    """An answer about one governed row, with its ETag."""
    return Response(body, status=code, headers={"ETag": etag_of(row)})


def once_only(
    request: ApiRequest, *, key: str, make: Callable[[], str], answer: Callable[[str], Response]
) -> Response:
    """Run `make` once for this caller and key, and answer from its reference ever after.

    The key's row goes in first, in the same transaction as the effect, so a twin waits on the
    unique index and then replays. `make` returns a code or number; `answer` builds the response
    from it through the gate. An empty `key` means the caller did not ask for it.
    Raises KeyReused (422), StillRunning (409 after 3 s). Rules: D10, RF-45, RF-46.
    """
    if not key:
        return answer(make())
    digest = hashlib.sha256(
        json.dumps([request.method, request.path, request.data], sort_keys=True).encode()
    ).hexdigest()
    try:
        with transaction.atomic():
            reference = make_once(caller=request.user.pk, key=key, digest=digest, make=make)
    except DomainError as refusal:
        refusal.after_rollback()
        raise
    except OperationalError as waited:
        if getattr(waited.__cause__, "pgcode", "") != "55P03":
            raise
        raise StillRunning(_("相同的请求正在处理，请稍后重试")) from waited
    return answer(reference)


def idempotency_key(request: ApiRequest, *, required: bool = False) -> str:
    """The caller's key, 1–255 ASCII characters. Raises BadRequest. Rules: B170 of the corpus."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        if required:
            raise BadRequest(_("须带 Idempotency-Key 头"))
        return ""
    if not key or len(key) > 255 or not key.isascii():
        raise BadRequest(_("Idempotency-Key 应为 1 至 255 个 ASCII 字符"))
    return key


def tell_refusal(exc: Exception, context: dict[str, Any]) -> Response | None:
    """One error shape for every refusal: {code, message, errors, request_id} (D10)."""
    if isinstance(exc, DomainError):
        errors = [{"field": exc.field, "code": exc.code, "message": exc.message}]
        return _told(exc.code, exc.message, errors if exc.field else [], exc.status, exc)
    if isinstance(exc, ValidationError | exceptions.ValidationError):
        return _told("invalid", _("请更正标出的项目"), _wrong_fields(exc), 400, exc)
    if isinstance(exc, Http404):
        return _told("not_found", _("没有找到该记录"), [], 404, exc)
    response = exception_handler(exc, context)
    if response is None or not isinstance(exc, exceptions.APIException):
        return response
    told = _told(str(exc.get_codes()), str(exc.detail), [], exc.status_code, exc)
    for name in ("WWW-Authenticate", "Retry-After"):
        if response.has_header(name):
            told[name] = response[name]
    return told


def _told(code: str, message: str, errors: list[Any], state: int, exc: Exception) -> Response:
    set_rollback()
    body = {
        "code": code,
        "message": str(message),
        "errors": [{**error, "message": str(error["message"])} for error in errors],
        "request_id": current_request().request_id,
    }
    response = Response(body, status=state)
    if getattr(exc, "retry_after", None):
        response["Retry-After"] = str(exc.retry_after)  # type: ignore[attr-defined]
    return response


def _wrong_fields(exc: ValidationError | exceptions.ValidationError) -> list[dict[str, Any]]:
    return _field_errors(exc) if isinstance(exc, ValidationError) else _api_errors(exc.detail)


def _field_errors(exc: ValidationError) -> list[dict[str, Any]]:
    if not hasattr(exc, "error_dict"):
        return [{"field": None, "code": "invalid", "message": text} for text in exc.messages]
    return [
        {
            "field": None if name == "__all__" else name,
            "code": error.code or "invalid",
            "message": text,
        }
        for name, errors in exc.error_dict.items()
        for error in errors
        for text in error.messages
    ]


def _api_errors(detail: Any, path: str = "") -> list[dict[str, Any]]:
    items: Iterable[tuple[Any, Any]]
    if isinstance(detail, dict):
        items = detail.items()
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        items = enumerate(detail)
    else:
        found = detail if isinstance(detail, list) else [detail]
        return [
            {"field": path or None, "code": getattr(e, "code", "invalid"), "message": e}
            for e in found
        ]
    errors: list[dict[str, Any]] = []
    for name, inner in items:
        key = "" if name == "non_field_errors" else str(name)
        errors += _api_errors(inner, f"{path}.{key}".strip("."))
    return errors


class BrowserSession(SessionAuthentication):
    """A signed-in person, for the description pages only; data goes by token."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"
