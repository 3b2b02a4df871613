"""What the API list is measured against: the same rows by raw SQL, nothing else left out.

Same middleware, token, throttle and permission check; no gate, no masks, no serializer, no tokens
for the next page.
"""

import json
from typing import Any, ClassVar, Final

from django.db import connection
from django.http import HttpResponse

from crm.core.api import ApiRequest, GuardedAPIView
from crm.core.paging import SIZE
from crm.core.policy import Door, Rule, Rules, reads

COLUMNS: Final = {
    **{
        name: f"c.{name}"
        for name in (
            *("version", "code", "name", "short_name", "customer_kind", "customer_type"),
            *("customer_class", "temporal_class", "lifecycle", "status", "may_order"),
            *("address", "postcode", "phone", "mobile", "email", "credit_code"),
            *("legal_representative", "industry", "source_channel", "document_format"),
            *("remark", "entered_on", "created_at"),
        )
    },
    "province": "c.province_id",
    "city": "c.city_id",
    "region": "c.region_id",
    "manager": "u.username",
    "department": "d.code",
}
"""Name in the API's answer → column."""


class FloorView(GuardedAPIView):
    """`fields` names what the API's answer had, so that both send the same."""

    rules: ClassVar[Rules] = reads(Rule(Door.SIGNED_IN))
    parameters: ClassVar[frozenset[str]] = frozenset({"fields"})

    def get(self, request: ApiRequest) -> HttpResponse:  # type: ignore[override,unused-ignore]
        names = request.query_params["fields"].split(",")
        with connection.cursor() as cursor:
            cursor.execute(_statement(names), [request.user.organisation_id, SIZE])
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        body = json.dumps({"results": rows}, ensure_ascii=False, default=_plain)
        return HttpResponse(body, content_type="application/json")


def _statement(names: list[str]) -> str:
    """Columns come from the table above, nothing from the request goes in."""
    columns = ", ".join(COLUMNS[name] for name in names)
    return (
        f"SELECT {columns} FROM customers_customer c"  # noqa: S608
        " LEFT JOIN identity_user u ON u.id = c.manager_id"
        " JOIN identity_department d ON d.id = c.department_id"
        " WHERE c.organisation_id = %s AND c.secrecy = 0 ORDER BY c.code LIMIT %s"
    )


def _plain(value: Any) -> str:
    return str(value.isoformat())
