"""The brake before the first byte: a request too large is told so at once (B242)."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from archive.formats import MAX_BYTES
from crm.core.request import current_request

GetResponse = Callable[[HttpRequest], HttpResponse]
MAX_REQUEST: Final = MAX_BYTES + 1024 * 1024
"""The largest file and the fields beside it."""


class UploadLimitMiddleware:
    """Answers 413 from the declared length alone; stands before whatever reads the body."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared.isascii() and declared.isdigit() and int(declared) > MAX_REQUEST:
            context = {"request_id": current_request().request_id}
            return render(request, "413.html", context, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.get_response(request)
