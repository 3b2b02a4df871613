"""Routes are data with versions; running cases keep theirs (design 3.3)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction

from crm.approvals.choices import CaseKind
from crm.approvals.errors import RouteFrozen, RouteMissing
from crm.approvals.models import Route, RouteStep
from crm.approvals.services import draft_route, load_routes, publish_route
from crm.approvals.tests.factories import Bureau
from crm.identity.choices import DepartmentKind, Duty

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau():
    return Bureau()


def live(bureau, kind=CaseKind.SALES):
    return Route.objects.live(bureau.organisation.pk, kind).get()


def test_the_bureau_starts_with_the_routes_of_document_000(bureau):
    """T-33, T-43, T-44 with the times of T-73."""
    shown = {
        kind: list(live(bureau, kind).steps.values_list("stage", "duty", "sla_days"))
        for kind in (CaseKind.LICENCE, CaseKind.SALES)
    }
    assert shown == {
        "licence": [(1, "SL", 2), (2, "LH", 2)],
        "sales": [(1, "CSC", 3), (1, "DC", 3), (1, "NET", 3), (2, "DSM", 1)],
    }


def test_loading_again_changes_nothing(bureau):
    assert load_routes(organisation=bureau.organisation) == 0
    assert Route.objects.filter(organisation=bureau.organisation).count() == 2


def test_publishing_ends_the_former_version_and_running_cases_keep_it(bureau):
    running, former = bureau.open(), live(bureau)
    draft = draft_route(route=former, by=bureau.deputy)
    draft.steps.filter(duty=Duty.NET).delete()
    published = publish_route(route=draft, by=bureau.deputy)
    former.refresh_from_db()
    assert (former.is_live, published.is_live, published.version) == (False, True, 2)
    assert (published.published_by, published.drafted_by) == (bureau.deputy, bureau.deputy)
    running.refresh_from_db()
    assert running.route == former
    assert running.steps.count() == 4
    assert bureau.open().steps.count() == 3


def test_there_is_one_draft_and_it_is_a_copy(bureau):
    former = live(bureau)
    draft = draft_route(route=former, by=bureau.deputy)
    assert draft_route(route=former, by=bureau.deputy_2) == draft
    names = ["stage", "name", "duty", "department_kind", "sla_days", "may_return", "may_refuse"]
    assert list(draft.steps.values(*names)) == list(former.steps.values(*names))
    assert draft.published_at is None


def test_a_published_version_is_not_published_again(bureau):
    with pytest.raises(RouteFrozen):
        publish_route(route=live(bureau), by=bureau.deputy)


def test_a_route_without_a_step_is_not_published(bureau):
    draft = draft_route(route=live(bureau), by=bureau.deputy)
    draft.steps.all().delete()
    with pytest.raises(RouteMissing):
        publish_route(route=draft, by=bureau.deputy)
    assert live(bureau).version == 1


def test_the_database_refuses_every_change_of_a_published_version(bureau):
    route = live(bureau)
    step = route.steps.first()
    changes = (
        lambda: Route.objects.filter(pk=route.pk).update(name="别的"),
        route.delete,
        lambda: RouteStep.objects.filter(pk=step.pk).update(duty=Duty.DSM),
        step.delete,
        lambda: RouteStep.objects.create(route=route, stage=9, name="多", duty=Duty.GM),
    )
    for change in changes:
        with pytest.raises(InternalError, match="已发布的流程版本不能修改"), transaction.atomic():
            change()
    assert route.steps.count() == 4


def test_a_draft_may_be_edited_and_dropped(bureau):
    draft = draft_route(route=live(bureau), by=bureau.deputy)
    Route.objects.filter(pk=draft.pk).update(name="入网审批(试行)")
    draft.refresh_from_db()
    draft.delete()
    assert Route.objects.filter(organisation=bureau.organisation, kind="sales").count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"stage": 0}, "大于"),
        ({"sla_days": 0}, "大于"),
        ({"department_kind": DepartmentKind.SQUAD}, "部门与部门类别只能指定一项"),
    ],
)
def test_a_step_that_makes_no_sense_says_so(bureau, values, sentence):
    draft = draft_route(route=live(bureau), by=bureau.deputy)
    step = RouteStep(
        route=draft,
        **{"stage": 3, "name": "复核", "duty": Duty.GM, "department": bureau.market} | values,
    )
    with pytest.raises(ValidationError, match=sentence):
        step.full_clean()


def test_the_same_desk_stands_in_a_stage_once(bureau):
    draft = draft_route(route=live(bureau), by=bureau.deputy)
    twin = RouteStep(route=draft, stage=1, name="再来", duty=Duty.DC)
    with pytest.raises(ValidationError, match="同一环节中该部门职责已存在"):
        twin.full_clean()
