"""A bureau's own signing device reads its steps by the API and signs them (trust 4.3, API)."""

import json

import pytest
from django.test import Client

from crm.approvals.choices import StepStatus
from crm.approvals.models import Decision, Round, Step
from crm.identity.choices import Duty, SourceSystem, UserKind
from crm.identity.tests.factories import ApiClientFactory, UserFactory, bearer
from onboarding.tests.factories import Town

pytestmark = pytest.mark.django_db
SCOPES = ["cases.v", "cases.a"]


@pytest.fixture
def town():
    return Town()


def device(town, duty=None, kind=None):
    """The headers of a client that holds this post."""
    department = town.departments[kind] if kind else town.organisation
    user = UserFactory(kind=UserKind.SYSTEM, department=department, duty=duty)
    return bearer(ApiClientFactory(user=user, system=SourceSystem.OTHER, scopes=SCOPES))


def steps_read(headers, form):
    answer = Client().get(
        "/api/v1/cases/", {"form": form.number, "status": "open"}, headers=headers
    )
    assert answer.status_code == 200, answer.content.decode()
    (case,) = answer.json()["results"]
    return {step["name"]: step for step in case["steps"]}


def sign(headers, step, digest, **body):
    sent = json.dumps({"verdict": "approve", "digest": digest} | body)
    return Client().post(f"/api/v1/steps/{step}/decide/", sent, "application/json", headers=headers)


def test_a_device_reads_the_digest_of_its_own_step_and_signs_it(town):
    """RF-01: the answer of the list is all a signature needs; other desks' digests stay empty."""
    form = town.in_review()
    headers = device(town, Duty.DC, "delivery")
    read = steps_read(headers, form)
    present = Round.objects.get(case=form.sales_case, number=1).digest
    assert {name: step["digest"] for name, step in read.items()} == {
        "客户服务中心审批": "",
        "配送中心审批": present,
        "网建办审批": "",
        "主管销售副经理审批": "",
    }
    mine = read["配送中心审批"]
    answer = sign(headers, mine["id"], mine["digest"])
    assert (answer.status_code, answer.json()) == (
        200,
        {"form": form.number, "stage": "dept_review"},
    )
    step = Step.objects.get(pk=mine["id"])
    assert (step.status, step.decision.digest) == (StepStatus.APPROVED, present)
    assert steps_read(headers, form)["配送中心审批"]["digest"] == ""


def test_a_digest_of_content_that_has_changed_signs_nothing(town):
    """RF-01: 409, and no signature was written."""
    form = town.in_review()
    headers = device(town, Duty.DC, "delivery")
    mine = steps_read(headers, form)["配送中心审批"]
    before = Decision.objects.count()
    answer = sign(headers, mine["id"], "0" * 64)
    assert (answer.status_code, answer.json()["code"]) == (409, "content_changed")
    assert Step.objects.get(pk=mine["id"]).status == StepStatus.WAITING
    assert Decision.objects.count() == before


def test_a_client_without_a_post_reads_no_digest_and_finds_no_step(town):
    """The scope alone opens nothing."""
    form = town.in_review()
    headers = device(town)
    read = steps_read(headers, form)
    assert {step["digest"] for step in read.values()} == {""}
    present = Round.objects.get(case=form.sales_case, number=1).digest
    answer = sign(headers, read["配送中心审批"]["id"], present)
    assert answer.status_code == 404
    assert not Decision.objects.filter(case=form.sales_case).exists()


def test_the_list_asks_no_more_for_more_cases(town, django_assert_max_num_queries):
    form = town.in_review()
    headers = device(town, Duty.DC, "delivery")
    for _number in range(20):
        town.open(by=town.manager)
    with django_assert_max_num_queries(12):
        answer = Client().get("/api/v1/cases/", headers=headers)
    results = answer.json()["results"]
    assert (len(results), results[-2]["form"]) == (22, form.number)
    assert sum(bool(step["digest"]) for case in results for step in case["steps"]) == 21
