"""The frame of a request: its id, and honest pages for what no view caught."""

import uuid
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from crm.core.errors import DomainError
from crm.core.request import Seen, client_ip, current_request, remember_request

GetResponse = Callable[[HttpRequest], HttpResponse]
logger = structlog.get_logger(__name__)
RETRY_SECONDS = 10


class RequestIdMiddleware:
    """Gives the request an id of our own making and remembers who calls (SEC-33, UX-71).

    Stands outside all that may answer, so that every answer has its id. The id replaces what the
    caller sent under that name: the log takes it from there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answers: dict[Hashable, Any] | None = {} if request.method in ("GET", "HEAD") else None
        seen = Seen(uuid.uuid4().hex[:16], client_ip(request), answers)
        remember_request(seen)
        structlog.contextvars.clear_contextvars()
        request.META["HTTP_X_REQUEST_ID"] = seen.request_id
        try:
            response = self.get_response(request)
        finally:
            remember_request(replace(seen, answers=None))
        response["X-Request-ID"] = seen.request_id
        if not response.has_header("Cache-Control") and hasattr(request, "user"):
            response["Cache-Control"] = "no-store, private"
        return response


class DatabaseDownMiddleware:
    """A database that is away is a 503 with Retry-After, never a stack trace (RF-60).

    What a view raises comes by here; what a middleware raises, by `crm.core.pages.server_error`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        return unavailable(request) if is_database_away(exc) else None


def is_database_away(problem: BaseException | None) -> bool:
    """Whether the server did not answer, or hung up in the middle."""
    return isinstance(problem, OperationalError | InterfaceError)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The 503 answer, made without touching the database."""
    request_id = current_request().request_id
    logger.error("database_down", path=request.path, request_id=request_id)
    message = _("数据库暂时无法连接，请稍后重试；已填写的内容仍在您的浏览器中")
    if is_api(request):
        response = told_in_json("unavailable", message, 503)
    else:
        page = render_to_string("503.html", {"message": message, "request_id": request_id})
        response = HttpResponse(page, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks, that wants every refusal in one shape (D10)."""
    return request.path.startswith("/api/")


def told_in_json(code: str, message: str, status: int) -> HttpResponse:
    """The API's error shape, where its own views are not reached."""
    request_id = current_request().request_id
    body = {"code": code, "message": message, "errors": [], "request_id": request_id}
    return JsonResponse(body, status=status)


class DomainErrorMiddleware:
    """Turns a DomainError that no form caught into an honest page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if not isinstance(exc, DomainError):
            return None
        context = {"error": exc, "request_id": current_request().request_id}
        response = render(request, "error.html", context, status=exc.status)
        if exc.retry_after:
            response["Retry-After"] = str(exc.retry_after)
        return response
