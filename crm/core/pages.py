"""Error pages Django asks for by name: plain Chinese, incident id, way back (UX-71)."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from crm.core.http import is_api, is_database_away, told_in_json, unavailable
from crm.core.request import current_request


def _page(request: HttpRequest, name: str, status: int) -> HttpResponse:
    context = {"request_id": current_request().request_id}
    return render(request, name, context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return told_in_json("bad_request", _("浏览器发来的内容系统读不懂，没有处理。"), 400)
    return _page(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: whatever broke may break there again.

    A middleware that cannot reach the database ends here too: that is a 503 (RF-60).
    """
    if is_database_away(sys.exc_info()[1]):
        return unavailable(request)
    if is_api(request):
        return told_in_json("error", _("程序遇到了意外情况，这次操作没有完成。"), 500)
    context = {"request_id": current_request().request_id}
    return HttpResponse(render_to_string("500.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """B152: says to reload; the server-side draft keeps what was typed."""
    return _page(request, "403_csrf.html", 403)
