"""The route editor: SYS drafts, edits and publishes; the others look (4.3 c, D7)."""

import pytest
from django.test import Client

from crm.approvals.choices import CaseKind
from crm.approvals.models import Route
from crm.approvals.services import draft_route
from crm.approvals.tests.factories import Bureau
from crm.identity.choices import Duty
from crm.identity.middleware import FACTOR
from crm.identity.services.reference import load_rights

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.approvals.tests.urls")]
LIST = "/admin/approvals/route/"


@pytest.fixture
def bureau():
    load_rights()
    made = Bureau()
    made.keeper = made.person(Duty.SYS, made.organisation, "管系统")
    made.auditor = made.person(Duty.AUD, made.organisation, "查审计")
    return made


def enter(person):
    """Logged in, second factor given."""
    client = Client()
    client.force_login(person)
    session = client.session
    session[FACTOR] = True
    session.save()
    return client


def live(bureau):
    return Route.objects.live(bureau.organisation.pk, CaseKind.SALES).get()


def act(client, action, route):
    return client.post(LIST, {"action": action, "_selected_action": [route.pk]}, follow=True)


def steps_form(draft, **changes):
    """The page's form as the browser sends it, with some fields changed."""
    steps = list(draft.steps.all())
    form = {
        "name": draft.name,
        "steps-TOTAL_FORMS": len(steps),
        "steps-INITIAL_FORMS": len(steps),
        "steps-MIN_NUM_FORMS": 0,
        "steps-MAX_NUM_FORMS": 1000,
        "one_signature_per_person": "on",
    }
    for at, step in enumerate(steps):
        form |= {
            f"steps-{at}-id": step.pk,
            f"steps-{at}-route": draft.pk,
            f"steps-{at}-stage": step.stage,
            f"steps-{at}-name": step.name,
            f"steps-{at}-duty": step.duty,
            f"steps-{at}-department": "",
            f"steps-{at}-department_kind": step.department_kind,
            f"steps-{at}-sla_days": step.sla_days,
            f"steps-{at}-may_return": "on",
        }
    return form | changes


def test_a_version_is_drafted_edited_and_published_and_running_cases_keep_theirs(bureau):
    running, keeper = bureau.open(), enter(bureau.keeper)
    answer = act(keeper, "draft", live(bureau))
    assert "草稿：入网审批 v2" in answer.content.decode()
    draft = Route.objects.drafts().get(organisation=bureau.organisation)
    form = steps_form(draft, **{"steps-0-sla_days": "5", "name": "入网审批(新)"})
    answer = keeper.post(f"{LIST}{draft.pk}/change/", form, follow=True)
    assert answer.status_code == 200
    draft.refresh_from_db()
    assert (draft.name, draft.steps.first().sla_days) == ("入网审批(新)", 5)
    assert live(bureau).version == 1
    act(keeper, "publish", draft)
    assert (live(bureau), live(bureau).published_by) == (draft, bureau.keeper)
    running.refresh_from_db()
    assert running.route.version == 1


def test_a_published_version_is_shown_without_fields_to_fill(bureau):
    keeper, route = enter(bureau.keeper), live(bureau)
    page = f"{LIST}{route.pk}/change/"
    answer = keeper.get(page)
    assert answer.status_code == 200
    assert "配送中心审批" in answer.content.decode()
    assert 'name="steps-0-name"' not in answer.content.decode()
    assert keeper.post(page, steps_form(route, name="改")).status_code == 403
    route.refresh_from_db()
    assert route.name == "入网审批"


def test_publishing_what_is_published_is_told(bureau):
    answer = act(enter(bureau.keeper), "publish", live(bureau))
    assert "该版本已发布" in answer.content.decode()
    assert Route.objects.filter(organisation=bureau.organisation, kind="sales").count() == 1


def test_two_ways_to_name_the_signer_are_refused_on_the_form(bureau):
    keeper = enter(bureau.keeper)
    draft = draft_route(route=live(bureau), by=bureau.keeper)
    form = steps_form(
        draft,
        **{"steps-0-department": bureau.market.pk, "steps-0-department_kind": "squad"},
    )
    answer = keeper.post(f"{LIST}{draft.pk}/change/", form)
    assert "部门与部门类别只能指定一项" in answer.content.decode()
    assert draft.steps.first().department is None


def test_the_auditor_looks_and_changes_nothing(bureau):
    auditor = enter(bureau.auditor)
    assert auditor.get(LIST).status_code == 200
    act(auditor, "draft", live(bureau))
    assert not Route.objects.drafts().exists()
    draft = draft_route(route=live(bureau), by=bureau.keeper)
    answer = auditor.post(f"{LIST}{draft.pk}/change/", steps_form(draft, name="改"))
    assert answer.status_code == 403
    draft.refresh_from_db()
    assert draft.name == "入网审批"


def test_routes_of_another_bureau_and_business_people_stay_outside(bureau):
    other = live(Bureau())
    assert enter(bureau.keeper).get(f"{LIST}{other.pk}/change/").status_code == 302
    assert enter(bureau.deputy).get(LIST).status_code == 302
