"""What the pages say: masks, path, queue, next item (UX-38 to UX-45)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.approvals.choices import Verdict
from crm.approvals.formulas import Line, Proposal
from crm.approvals.models import Step
from crm.approvals.selectors import (
    case_page,
    next_step_after,
    path_of,
    queue_page,
    queue_rows,
    step_page,
    tabs_of,
    waiting_posts,
)
from crm.approvals.selectors.lines import visible_rows
from crm.approvals.services import resubmit_case, save_phrase, withdraw_case
from crm.approvals.tests.factories import Bureau, a_proposal, sign, step_of
from crm.core.errors import BadRequest
from crm.identity.choices import Duty
from crm.identity.models import Post

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.approvals.tests.urls")]


@pytest.fixture
def bureau():
    return Bureau()


def shown(page):
    return {row.field: row.after for row in page.present.rows}


def test_a_signer_sees_personal_data_masked_the_filler_clear(bureau):
    """Trust 2.6; S never more than its last four."""
    case = bureau.open()
    assert shown(case_page(bureau.service, case)) == {
        "shop_name": "便民商店",
        "mobile": "138****8000",
        "account": "**** **** **** 0000",
    }
    assert shown(case_page(bureau.manager, case))["mobile"] == "13800138000"
    assert shown(case_page(bureau.manager, case))["account"] == "**** **** **** 0000"


def test_the_owners_page_may_show_more_but_never_a_sensitive_value(bureau):
    case = bureau.open()
    page = case_page(bureau.service, case, clear=frozenset({"P", "S"}))
    assert shown(page)["mobile"] == "13800138000"
    assert shown(page)["account"] == "**** **** **** 0000"


@pytest.mark.parametrize(
    ("shape", "value", "masked"),
    [
        ("phone", "13800138000", "138****8000"),
        ("person", "张三丰", "张*"),
        ("address", "陕西省延安市宝塔区川口镇北街2号", "陕西省延安市宝塔区***"),
        ("email", "zhang@example.cn", "z***@example.cn"),
        ("", "1990-01-01", "***"),
    ],
)
def test_each_shape_of_personal_value_has_its_mask(shape, value, masked):
    line = {"field": "f", "label": "项", "before": "", "after": value, "cls": "P", "shape": shape}
    (row,) = visible_rows([line], classes=frozenset({"I"}))
    assert (row.before, row.after, row.changed) == ("", masked, True)


def test_a_masked_change_is_still_seen_as_one(bureau):
    """Two numbers with the same mask differ."""
    line = {"field": "f", "label": "电话", "cls": "P", "shape": "phone"}
    (row,) = visible_rows(
        [line | {"before": "13800138000", "after": "13899998000"}], classes=frozenset()
    )
    assert (row.before, row.after, row.changed) == ("138****8000", "138****8000", True)


def test_the_path_shows_parallel_branches_who_may_sign_and_who_is_next(bureau):
    """UX-41."""
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service, opinion="同意")
    now, later = path_of(case)
    assert (now.state, later.state) == ("now", "next")
    assert [(s.duty, s.state, s.who) for s in now.steps] == [
        ("客户服务中心审批", "approved", "周服务"),
        ("配送中心审批", "waiting", "吴配送"),
        ("网建办审批", "waiting", "郑网建"),
    ]
    assert now.steps[0].at is not None
    assert now.steps[1].since is not None
    assert [(s.state, s.who, s.since) for s in later.steps] == [("future", "", None)]


def test_the_path_says_who_is_late(bureau):
    case = bureau.open()
    past = timezone.now() - timedelta(hours=1)
    Step.objects.filter(pk=step_of(case, Duty.DC).pk).update(due_at=past)
    late = {s.duty: s.late for s in path_of(case)[0].steps}
    assert late == {"客户服务中心审批": False, "配送中心审批": True, "网建办审批": False}


def test_a_step_nobody_can_sign_is_told(bureau):
    """Nobody holds the post: the page says so to everybody who looks."""
    Post.objects.filter(user=bureau.delivery).delete()
    case = bureau.open()
    page = case_page(bureau.manager, case)
    assert page.warnings == ["“配送中心审批”目前没有可签人员，请联系系统管理员"]


def test_a_returned_round_shows_its_void_signatures(bureau):
    """T-69: void but readable."""
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service, opinion="同意入网")
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    resubmit_case(case=case, proposal=a_proposal(shop_name="便民二店"), by=bureau.manager)
    case.refresh_from_db()
    page = case_page(bureau.service, case)
    (former,) = page.former
    assert (former.number, former.rows[0].after, former.submitted_by) == (1, "便民商店", "李经理")
    assert [(s.state, s.who, s.opinion) for s in former.stages[0].steps] == [
        ("approved", "周服务", "同意入网（已作废）"),
        ("returned", "吴配送", "线路不对"),
        ("future", "", ""),
    ]
    assert [stage.state for stage in former.stages] == ["void", "void"]
    assert [event.title for event in page.events] == [
        "修改后第 2 次提交",
        "配送中心审批：退回",
        "客户服务中心审批：同意",
        "提交",
    ]


def test_a_withdrawal_stands_in_the_timeline(bureau):
    case = bureau.open()
    withdraw_case(case=case, by=bureau.manager, reason="客户放弃")
    case.refresh_from_db()
    event = case_page(bureau.manager, case).events[0]
    assert (event.title, event.who, event.text) == ("撤回", "李经理", "客户放弃")


def test_only_the_applicant_is_offered_to_remind_and_withdraw(bureau):
    """UX-45."""
    case = bureau.open()
    own, other = case_page(bureau.manager, case), case_page(bureau.service, case)
    assert own.withdraw_url == f"/forms/{case.subject_key}/withdraw/"
    assert own.remind_url == f"/approvals/cases/{case.number}/remind/"
    assert (other.withdraw_url, other.remind_url) == ("", "")


def test_the_sign_page_tells_each_reader_what_he_can_do(bureau):
    case = bureau.open()
    save_phrase(text="资料齐全,同意", by=bureau.delivery)
    step = step_of(case, Duty.DC)
    page = step_page(bureau.delivery, step)
    assert (page.may_sign, page.may_return, page.may_refuse) == (True, True, False)
    assert (page.status_code, page.notice, page.phrases) == (200, "", ["资料齐全,同意"])
    assert page.sign_url == f"/forms/steps/{step.pk}/sign/"
    notices = {
        bureau.manager: "这是您提交的申请，须由他人审批",
        bureau.service: "等待该环节的审批人处理，您只能查看",
    }
    for person, notice in notices.items():
        page = step_page(person, step)
        assert (page.may_sign, page.notice, page.status_code) == (False, notice, 200)
    ahead = step_page(bureau.deputy, step_of(case, Duty.DSM))
    assert ahead.notice == "前面的环节尚未完成，还不能审批"


def test_the_sign_page_of_a_step_a_colleague_has_signed_is_a_conflict(bureau):
    """RF-01: page and link alike."""
    case = bureau.open()
    sign(case, Duty.DC, bureau.delivery)
    other = bureau.person(Duty.DC, bureau.departments["delivery"], "许配送")
    step = step_of(case, Duty.DC)
    page = step_page(other, step)
    assert page.status_code == 409
    assert page.notice.startswith("已由 吴配送 于 20")
    own = step_page(bureau.delivery, step)
    assert (own.status_code, own.notice) == (200, "您已处理：已同意")


def test_a_withdrawn_step_says_who_took_it_back(bureau):
    case = bureau.open()
    step = step_of(case, Duty.DC)
    withdraw_case(case=case, by=bureau.manager)
    step.refresh_from_db()
    page = step_page(bureau.delivery, step)
    assert (page.status_code, page.notice.startswith("已由 李经理 于 20")) == (409, True)
    assert page.notice.endswith("撤回")


def test_the_queue_is_sorted_by_due_time_and_pages_by_key(bureau):
    """UX-39."""
    cases = [bureau.open() for _n in range(5)]
    now = timezone.now()
    for at, hours in enumerate([5, 1, 4, 2, 3]):
        Step.objects.filter(case=cases[at], duty=Duty.DC).update(
            due_at=now + timedelta(hours=hours)
        )
    want = [step_of(cases[at], Duty.DC).pk for at in (1, 3, 4, 2, 0)]
    first = queue_page(bureau.delivery, size=2)
    second = queue_page(bureau.delivery, token=first.next, size=2)
    third = queue_page(bureau.delivery, token=second.next, size=2)
    assert [s.pk for page in (first, second, third) for s in page.rows] == want
    assert (first.previous, third.next) == ("", "")
    back = queue_page(bureau.delivery, token=third.previous, size=2)
    assert [s.pk for s in back.rows] == want[2:4]


@pytest.mark.parametrize("token", ["x", "WzAsMV0", "WzAsIm5vIGRhdGUiLDFd"])
def test_a_page_token_that_was_tampered_with_is_refused(bureau, token):
    with pytest.raises(BadRequest):
        queue_page(bureau.delivery, token=token)


def test_a_queue_row_shows_what_changes_first(bureau):
    """UX-40: the first three changes, masked; unchanged fields are left out."""
    lines = [Line(f"f{n}", f"项{n}", "旧" if n else "同", "新" if n else "同") for n in range(6)]
    lines[1] = Line("mobile", "电话", "", "13800138000", cls="P", shape="phone")
    bureau.open(proposal=Proposal(lines=tuple(lines), digest="0" * 64))
    (row,) = queue_rows(queue_page(bureau.delivery).rows)
    assert [(c.label, c.after) for c in row.changes] == [
        ("电话", "138****8000"),
        ("项2", "新"),
        ("项3", "新"),
    ]
    assert (row.more, row.applicant, row.late, row.round) == (2, "李经理", False, 1)


def test_the_next_item_opens_and_after_the_last_the_first(bureau):
    """UX-43."""
    steps = [step_of(bureau.open(), Duty.DC) for _n in range(3)]
    urls = [f"/forms/steps/{step.pk}/sign/" for step in steps]
    assert next_step_after(bureau.delivery, steps[0]) == urls[1]
    assert next_step_after(bureau.delivery, steps[2]) == urls[0]
    sign(steps[1].case, Duty.DC, bureau.delivery)
    assert next_step_after(bureau.delivery, steps[0]) == urls[2]
    for at in (0, 2):
        sign(steps[at].case, Duty.DC, bureau.delivery)
    assert next_step_after(bureau.delivery, steps[0]) == ""


def test_tab_counts_equal_their_lists(bureau):
    """UX-38."""
    for _n in range(3):
        bureau.open(copies=[bureau.delivery])
    signed = bureau.open()
    sign(signed, Duty.DC, bureau.delivery)
    bureau.open(by=bureau.delivery)
    tabs = {tab.label: tab.count for tab in tabs_of(bureau.delivery, "queue")}
    assert tabs == {"待审批": "3", "已审批": "1", "我发起": "1", "抄送我": "3"}
    assert [tab.active for tab in tabs_of(bureau.delivery, "copied")] == [False, False, False, True]
    assert tabs_of(bureau.manager, "queue")[0].count == "0"


def test_a_late_step_marks_the_tab(bureau):
    case = bureau.open()
    assert not tabs_of(bureau.delivery, "queue")[0].late
    past = timezone.now() - timedelta(hours=1)
    Step.objects.filter(case=case, duty=Duty.DC).update(due_at=past)
    assert tabs_of(bureau.delivery, "queue")[0].late


def test_whom_the_customer_is_lent_to(bureau):
    """Concrete departments, whatever the route says of them."""
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service)
    assert waiting_posts(case) == [
        (bureau.departments["delivery"].pk, "DC"),
        (bureau.departments["network"].pk, "NET"),
    ]
    licence = bureau.open("licence", by=bureau.officer)
    assert waiting_posts(licence) == [(bureau.departments["squad_leader"].pk, "SL")]
