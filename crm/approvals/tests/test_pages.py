"""The approval centre as people open it (UX-38 to UX-47, B125, B152)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.approvals.choices import Verdict
from crm.approvals.formulas import Line, Proposal
from crm.approvals.models import Case, Copy, Phrase, Step
from crm.approvals.services import save_phrase
from crm.approvals.tests.factories import Bureau, sign, step_of
from crm.core.models import AccessLog
from crm.identity.choices import Duty
from crm.outbox.models import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.urls("crm.approvals.tests.urls")]
TABS = ["/approvals/", "/approvals/decided/", "/approvals/started/", "/approvals/copied/"]


@pytest.fixture
def bureau():
    return Bureau()


def page_of(person, url, **query):
    client = Client()
    client.force_login(person)
    return client.get(url, query)


def send(person, url, **fields):
    client = Client()
    client.force_login(person)
    return client.post(url, fields)


def text_of(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("url", [*TABS, "/approvals/phrases/"])
def test_every_tab_opens_for_everybody_empty_or_not(bureau, url):
    bureau.open(copies=[bureau.colleague])
    for person in (bureau.manager, bureau.delivery, bureau.colleague, bureau.officer):
        answer = page_of(person, url)
        assert answer.status_code == 200
        assert "审批中心" in text_of(answer)


@pytest.mark.parametrize("url", TABS)
def test_a_list_takes_no_unknown_parameters_and_no_forged_token(bureau, url):
    assert page_of(bureau.manager, url, strange="1").status_code == 404
    assert page_of(bureau.manager, url, page="x").status_code == 400


@pytest.mark.parametrize("url", [*TABS, "/approvals/phrases/", "/approvals/cases/SP1/"])
def test_nobody_unknown_gets_in(bureau, url):
    answer = Client().get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


def test_the_queue_shows_content_masked_and_who_asks(bureau):
    """UX-40."""
    case = bureau.open()
    shown = text_of(page_of(bureau.delivery, "/approvals/"))
    assert case.number in shown
    assert "李经理" in shown
    assert "138****8000" in shown
    assert "13800138000" not in shown
    assert f"/forms/steps/{step_of(case, Duty.DC).pk}/sign/" in shown


def test_a_late_item_is_marked_in_words(bureau):
    """UX-39: not by colour alone."""
    case = bureau.open()
    assert "已超时" not in text_of(page_of(bureau.delivery, "/approvals/"))
    past = timezone.now() - timedelta(hours=1)
    Step.objects.filter(case=case, duty=Duty.DC).update(due_at=past)
    assert "已超时" in text_of(page_of(bureau.delivery, "/approvals/"))


@pytest.mark.slow
def test_a_long_queue_turns_its_pages_and_asks_few_questions(bureau, django_assert_max_num_queries):
    """Design 13: at most twelve queries, whatever the number of rows."""
    for _n in range(52):
        bureau.open()
    client = Client()
    client.force_login(bureau.delivery)
    client.get("/approvals/")
    with django_assert_max_num_queries(12):
        first = client.get("/approvals/")
    assert len(first.context["rows"]) == 50
    second = client.get(first.context["next_url"])
    assert len(second.context["rows"]) == 2
    assert "共 52 条" in text_of(second)
    back = client.get(second.context["previous_url"])
    assert [r.step_id for r in back.context["rows"]] == [r.step_id for r in first.context["rows"]]


def test_the_decided_tab_shows_ones_signature_and_where_the_case_stands(bureau):
    case = bureau.open()
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    shown = text_of(page_of(bureau.delivery, "/approvals/decided/"))
    assert "线路不对" in shown
    assert "已退回" in shown
    sign(bureau.open(), Duty.CSC, bureau.service)
    assert "等待 配送中心审批、网建办审批" in text_of(
        page_of(bureau.service, "/approvals/decided/")
    )


def test_a_void_signature_is_marked_in_the_decided_tab(bureau):
    case = bureau.open()
    sign(case, Duty.CSC, bureau.service)
    sign(case, Duty.DC, bureau.delivery, verdict=Verdict.RETURN, opinion="线路不对")
    assert "已作废" in text_of(page_of(bureau.service, "/approvals/decided/"))


def test_the_applicant_sees_where_it_is_stuck_and_how_to_urge_and_withdraw(bureau):
    """UX-45."""
    case = bureau.open()
    listed = text_of(page_of(bureau.manager, "/approvals/started/"))
    assert "等待 客户服务中心审批、配送中心审批、网建办审批" in listed
    shown = text_of(page_of(bureau.manager, f"/approvals/cases/{case.number}/"))
    assert f'action="/forms/{case.subject_key}/withdraw/"' in shown
    assert f'action="/approvals/cases/{case.number}/remind/"' in shown
    assert "13800138000" in shown
    other = text_of(page_of(bureau.delivery, f"/approvals/cases/{case.number}/"))
    assert "withdraw" not in other
    assert "remind" not in other


def test_the_button_urges_once_and_says_when_again(bureau):
    case = bureau.open()
    url = f"/approvals/cases/{case.number}/remind/"
    before = Notice.objects.count()
    assert send(bureau.manager, url).status_code == 302
    assert Notice.objects.count() == before + 3
    send(bureau.manager, url)
    assert Notice.objects.count() == before + 3
    shown = text_of(page_of(bureau.manager, f"/approvals/cases/{case.number}/"))
    assert "刚催办过" in shown
    assert send(bureau.officer, url).status_code == 404
    assert page_of(bureau.manager, url).status_code == 405


def test_the_sign_page_has_content_path_phrases_and_posts_to_the_owner(bureau):
    case = bureau.open()
    save_phrase(text="资料齐全,同意", by=bureau.delivery)
    step = step_of(case, Duty.DC)
    answer = page_of(bureau.delivery, f"/approvals/steps/{step.pk}/")
    shown = text_of(answer)
    assert answer.status_code == 200
    assert f'action="/forms/steps/{step.pk}/sign/"' in shown
    assert 'name="verdict" value="approve"' in shown
    assert 'name="verdict" value="return"' in shown
    assert 'value="refuse"' not in shown
    assert "资料齐全,同意" in shown
    assert "周服务" in shown
    assert shown.index("便民商店") < shown.index("审批路径")


def test_only_changed_fields_are_shown_until_one_asks_for_all(bureau):
    """UX-40."""
    lines = (Line("a", "店铺名称", "旧名", "新名"), Line("b", "经营场所", "北街2号", "北街2号"))
    case = bureau.open(proposal=Proposal(lines=lines, digest="0" * 64))
    shown = text_of(page_of(bureau.delivery, f"/approvals/cases/{case.number}/"))
    first, _summary, rest = shown.partition("显示全部")
    assert "旧名" in first
    assert "北街2号" not in first
    assert "北街2号" in rest
    everything_new = bureau.open()
    shown = text_of(page_of(bureau.delivery, f"/approvals/cases/{everything_new.number}/"))
    assert "显示全部" not in shown


def test_a_link_to_what_a_colleague_signed_answers_409_with_his_name(bureau):
    """RF-01, UX-47."""
    case = bureau.open()
    other = bureau.person(Duty.DC, bureau.departments["delivery"], "许配送")
    url = f"/approvals/steps/{step_of(case, Duty.DC).pk}/"
    assert page_of(other, url).status_code == 200
    sign(case, Duty.DC, bureau.delivery)
    answer = page_of(other, url)
    assert answer.status_code == 409
    assert "已由 吴配送 于 20" in text_of(answer)
    assert 'name="verdict"' not in text_of(answer)


def test_a_step_of_others_is_not_there(bureau):
    """B125: 404, the same for what never was."""
    step = step_of(bureau.open(), Duty.DC)
    for person in (bureau.officer, Bureau().delivery):
        assert page_of(person, f"/approvals/steps/{step.pk}/").status_code == 404
        assert page_of(person, "/approvals/steps/0/").status_code == 404


def test_looking_leaves_a_trace_and_reads_the_copy(bureau):
    """R-2, B-29."""
    case = bureau.open(copies=[bureau.colleague])
    assert "未读" in text_of(page_of(bureau.colleague, "/approvals/copied/"))
    assert page_of(bureau.colleague, f"/approvals/cases/{case.number}/").status_code == 200
    assert Copy.objects.get(case=case).read_at is not None
    row = AccessLog.objects.get(user_id=bureau.colleague.pk)
    assert (row.kind, row.object_type, row.object_key) == ("view", "approvals.case", str(case.pk))
    assert "已读" in text_of(page_of(bureau.colleague, "/approvals/copied/"))


def test_phrases_are_kept_and_dropped(bureau):
    """UX-42."""
    assert send(bureau.service, "/approvals/phrases/", text=" 同意 ").status_code == 302
    send(bureau.service, "/approvals/phrases/", text="同意")
    phrase = Phrase.objects.get(user=bureau.service)
    assert phrase.text == "同意"
    drop = f"/approvals/phrases/{phrase.pk}/drop/"
    assert send(bureau.delivery, drop).status_code == 404
    assert Phrase.objects.count() == 1
    assert send(bureau.service, drop).status_code == 302
    assert Phrase.objects.count() == 0


def test_an_empty_phrase_and_one_too_many_say_why(bureau):
    assert "必填" in text_of(send(bureau.service, "/approvals/phrases/", text="  "))
    for n in range(20):
        save_phrase(text=f"意见{n}", by=bureau.service)
    answer = send(bureau.service, "/approvals/phrases/", text="第二十一条")
    assert "常用意见最多保存 20 条" in text_of(answer)
    assert Phrase.objects.count() == 20


def test_a_post_without_token_is_refused(bureau):
    """B152."""
    case = bureau.open()
    client = Client(enforce_csrf_checks=True)
    client.force_login(bureau.manager)
    answer = client.post(f"/approvals/cases/{case.number}/remind/")
    assert answer.status_code == 403
    assert Case.objects.get(pk=case.pk).urged_at is None
