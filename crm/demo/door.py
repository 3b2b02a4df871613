"""The log-in page's table of demo people; settings mount it with `KEDANG_DEMO=1` alone (D15)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from crm.demo.logins import demo_logins
from crm.demo.staff import PASSWORD


def demo_table(request: HttpRequest) -> dict[str, Any]:
    """Context of the log-in page: organisation → people, and the password of them all."""
    match = request.resolver_match
    if not settings.KEDANG_DEMO or match is None or match.view_name != settings.LOGIN_URL:
        return {}
    return {"demo_logins": SimpleLazyObject(demo_logins), "demo_password": PASSWORD}
