"""Routes are data with versions: draft, publish. A published version never changes."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.approvals.errors import RouteFrozen, RouteMissing
from crm.approvals.models import Route, RouteQuerySet, RouteStep

if TYPE_CHECKING:
    from crm.identity.models import User

_SETTINGS = ("organisation_id", "kind", "name", "one_signature_per_person")
_OF_STEP = (
    "stage",
    "name",
    "duty",
    "department_id",
    "department_kind",
    "sla_days",
    "may_return",
    "may_refuse",
)


@transaction.atomic
def draft_route(*, route: Route, by: "User") -> Route:
    """The organisation's draft of this kind: the one there is, or a copy of `route` to edit.

    Rules: design D7; running cases and `route` itself stay as they are.
    """
    same = _lock_versions(route)
    draft = same.drafts().first()
    if draft is not None:
        return draft
    highest = same.aggregate(highest=Max("version"))["highest"] or 0
    same_settings = {name: getattr(route, name) for name in _SETTINGS}
    draft = Route.objects.create(**same_settings, version=highest + 1, drafted_by=by)
    RouteStep.objects.bulk_create(
        RouteStep(route=draft, **{name: getattr(step, name) for name in _OF_STEP})
        for step in route.steps.all()
    )
    return draft


@transaction.atomic
def publish_route(*, route: Route, by: "User | None") -> Route:
    """Make a draft the live version; the former one ends, cases that run on it keep it.

    Raises RouteFrozen, RouteMissing (a route without a step). Rules: design 3.3, D7.
    """
    _lock_versions(route)
    row = Route.objects.get(pk=route.pk)
    if row.published_at is not None:
        raise RouteFrozen(_("该版本已发布；如需修改，请建立新草稿"))
    if not row.steps.exists():
        raise RouteMissing(_("流程至少要有一个环节"))
    Route.objects.filter(organisation_id=row.organisation_id, kind=row.kind, is_live=True).update(
        is_live=False
    )
    row.is_live, row.published_at, row.published_by = True, timezone.now(), by
    row.save(update_fields=["is_live", "published_at", "published_by"])
    return row


def _lock_versions(route: Route) -> RouteQuerySet:
    """All versions of the kind, locked by key order, so that two editors come one after another."""
    same = Route.objects.filter(organisation_id=route.organisation_id, kind=route.kind)
    list(same.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    return same
