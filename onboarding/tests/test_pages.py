"""The pages of flow A: who sees which, what they offer, and the whole flow by clicking."""

from datetime import date

import pytest
from django.urls import reverse

from crm.approvals.models import Step
from crm.core.checkdigits import check_resident_id
from crm.core.models import AccessKind, AccessLog
from crm.core.text import CheckFailed
from crm.identity.choices import Duty, SourceSystem
from customers.models import Customer
from onboarding.choices import InboundKind, Stage
from onboarding.models import RegistrationForm
from onboarding.services import entry, registration
from onboarding.tests.factories import IDENTITY, Town

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def town():
    return Town()


def page(client, person, name, *args, data=None):
    client.force_login(person, backend=BACKEND)
    url = reverse(f"onboarding:{name}", args=args)
    return client.get(url) if data is None else client.post(url, data)


def typed(town, **changes):
    """The monopoly block as a person types it."""
    values = {
        "store_name": "川口鑫家烟酒商行",
        "business_premises": "延安市宝塔区川口镇北街253号",
        "legal_representative": "何然雨",
        "identity_no": IDENTITY,
        "phone": "186 4914 5818",
        "city": "610600",
        "area": town.squad.pk,
        "manager": town.manager.pk,
    }
    return values | changes


def test_an_officer_opens_a_form_and_its_number_is_shown(client, town):
    """T-2, T-3, T-6, T-7, T-13, T-31."""
    assert page(client, town.officer, "start").status_code == 200
    answer = page(client, town.officer, "start", data=typed(town))
    form = RegistrationForm.objects.get()
    assert answer.url == reverse("onboarding:form", args=[form.number])
    shown = page(client, town.officer, "form", form.number).content.decode()
    assert form.number in shown
    assert "18649145818" in shown
    assert IDENTITY not in shown
    assert "027X" in shown


def test_a_wrong_number_is_told_beside_its_field_and_nothing_is_lost(client, town):
    """UX-22, UX-23, B040."""
    answer = page(client, town.officer, "start", data=typed(town, identity_no="110105194912310021"))
    text = answer.content.decode()
    assert (answer.status_code, RegistrationForm.objects.count()) == (200, 0)
    assert "川口鑫家烟酒商行" in text
    assert "校验" in text


def test_a_masked_identity_number_sent_back_means_unchanged(client, town):
    """B049, trust 2.6."""
    form = town.start()
    data = typed(town, identity_no="**************027X", phone="13900139000", version=form.version)
    assert page(client, town.officer, "monopoly", form.number, data=data).status_code == 302
    row = RegistrationForm.objects.get()
    assert (row.phone, row.identity_no) == ("13900139000", form.identity_no)


def test_a_stale_block_gets_the_three_way_page(client, town):
    """RF-06, UX-36."""
    form = town.start()
    first = typed(town, phone="13900139000", version=form.version)
    page(client, town.officer, "monopoly", form.number, data=first)
    second = typed(town, phone="13700137000", version=form.version)
    answer = page(client, town.officer, "monopoly", form.number, data=second)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "13900139000" in text
    assert "13700137000" in text
    assert RegistrationForm.objects.get().phone == "13900139000"


@pytest.mark.parametrize("who", ["colleague", "service", "delivery", "network", "deputy"])
def test_a_draft_is_not_there_for_those_whose_turn_has_not_come(client, town, who):
    """Trust finding 9: out of scope is 404."""
    form = town.start()
    assert page(client, getattr(town, who), "form", form.number).status_code == 404


@pytest.mark.parametrize("who", ["service", "delivery", "network", "deputy", "manager"])
def test_after_the_notice_the_departments_see_the_form(client, town, who):
    form = town.at_manager()
    answer = page(client, getattr(town, who), "form", form.number)
    assert answer.status_code == 200


def test_people_of_another_bureau_see_nothing(client, town):
    """D9b."""
    other = Town()
    form = town.at_manager()
    for who in (other.manager, other.officer, other.service, other.deputy):
        assert page(client, who, "form", form.number).status_code == 404


def test_the_list_shows_what_is_in_scope_with_counts_a_stage(
    client, town, django_assert_max_num_queries
):
    """UX-04: filter in the address; at most twelve queries whatever the rows."""
    forms = [town.start(identity_no=number) for number in identities(5)]
    client.force_login(town.officer, backend=BACKEND)
    client.get(reverse("onboarding:list"))
    with django_assert_max_num_queries(12):
        answer = client.get(reverse("onboarding:list") + "?stage=draft")
    text = answer.content.decode()
    assert all(form.number in text for form in forms)
    assert client.get(reverse("onboarding:list") + "?owner=1").status_code == 404


def identities(count):
    """Valid resident numbers of different people."""
    found, serial = [], 0
    while len(found) < count:
        body = f"61060219800101{serial:03d}"
        for last in "0123456789X":
            try:
                check_resident_id(body + last, date(2026, 11, 22))
            except CheckFailed:
                continue
            found.append(body + last)
        serial += 1
    return found[:count]


def sign_by_page(client, person, form, duty, verdict="approve", opinion=""):
    form.refresh_from_db()
    case = form.sales_case or form.licence_case
    step = Step.objects.get(case=case, round=case.round, duty=duty)
    client.force_login(person, backend=BACKEND)
    url = reverse("onboarding:sign", args=[step.pk])
    seen = client.get(url)
    digest = seen.context["page"].digest
    data = {"verdict": verdict, "opinion": opinion, "digest": digest}
    return client.post(url, data)


def click_to_the_sales_block(client, town):
    """T-31 to T-37 by clicking; the form then waits for the customer manager."""
    page(client, town.officer, "start", data=typed(town))
    form = RegistrationForm.objects.get()
    number = form.number
    page(client, town.officer, "submit", number, data={})
    assert sign_by_page(client, town.squad_leader, form, Duty.SL).status_code == 302
    assert sign_by_page(client, town.licence_head, form, Duty.LH).status_code == 302
    licence = {"licence_no": "610610327428", "valid_to": "2030-12-31"}
    page(client, town.licensing, "licence", number, data=licence)
    notice = {"routes": ["A", "B"], "sender": "何办证", "receiver": "客服中心"}
    page(client, town.licensing, "notice", number, data=notice)
    form.refresh_from_db()
    return form


def click_the_sales_block(client, town, form):
    """T-4, T-38 to T-42 by clicking: manager, distribution centre, network office, bank."""
    number = form.number
    sales = {
        "order_mode": "online",
        "settlement_mode": "withholding",
        "customer_level": "A3",
        "market_type": "X",
        "business_format": "Y",
        "order_cycle": "mon",
        "visit_cycle": "week",
        "delivery_route": "",
        "delivery_address": "",
        "version": form.version,
    }
    assert page(client, town.manager, "sales", number, data=sales).status_code == 302
    form.refresh_from_db()
    line = {
        "delivery_route": town.route.pk,
        "delivery_address": "川口镇北街253号",
        "version": form.version,
    }
    assert page(client, town.delivery, "delivery", number, data=line).status_code == 302
    account = {
        "bank": "中国农业银行",
        "holder_name": "何然雨",
        "account_no": "6222020000000000000",
    }
    assert page(client, town.network, "binding", number, data=account).status_code == 302
    town.report(SourceSystem.BANK, InboundKind.BINDING, form, result="bound", reason="")
    page(client, town.network_2, "confirm-account", number, data={})
    for task in ("survey", "monopoly_check"):
        page(client, town.manager, "tick", number, task, data={})
    page(client, town.manager, "submit", number, data={})


def test_the_whole_flow_by_clicking(client, town):
    """T-31 to T-49 through the browser's door, the outside systems by their messages."""
    form = click_to_the_sales_block(client, town)
    assert form.stage == Stage.SALES_FILLING
    click_the_sales_block(client, town, form)
    number = form.number
    for duty, person in town.three:
        assert sign_by_page(client, person, form, duty).status_code == 302
    assert sign_by_page(client, town.deputy, form, Duty.DSM).status_code == 302
    page(client, town.network_2, "enter", number, data={})
    for system in (SourceSystem.EM, SourceSystem.CRM):
        form.refresh_from_db()
        town.echo(form, system)
    page(client, town.network_2, "finish-entry", number, data={})
    page(client, town.network_2, "transfer", number, data={})
    town.report(SourceSystem.ORDER_CENTRE, InboundKind.RECEIPT, form, receipt_no="OC-7")
    page(client, town.network_2, "activate", number, data={})
    form.refresh_from_db()
    assert form.stage == Stage.ACTIVE
    assert Customer.objects.get().may_order is True


def test_a_colleague_who_was_slower_reads_who_had_signed(client, town):
    """RF-01: 409 on the page and on sending, 已由 X 处理."""
    second = town.person(Duty.CSC, town.departments["service"], "李客服")
    form = town.in_review()
    step = Step.objects.get(case=form.sales_case, duty=Duty.CSC)
    url = reverse("onboarding:sign", args=[step.pk])
    client.force_login(second, backend=BACKEND)
    digest = client.get(url).context["page"].digest
    town.sign(form, Duty.CSC, town.service)
    late = client.post(url, {"verdict": "approve", "opinion": "", "digest": digest})
    assert late.status_code == 409
    assert "已由" in late.content.decode()
    assert client.get(url).status_code == 409
    assert Step.objects.get(pk=step.pk).decided_by == town.service


def test_a_return_needs_a_reason(client, town):
    """T-69, UX-42."""
    form = town.in_review()
    answer = sign_by_page(client, town.service, form, Duty.CSC, verdict="return")
    assert answer.status_code == 200
    form.refresh_from_db()
    assert form.stage == Stage.DEPT_REVIEW


def test_the_next_item_opens_after_signing(client, town):
    """UX-43."""
    first, second = (town.start(identity_no=number) for number in identities(2))
    for form in (first, second):
        registration.submit_licence_block(form=form, by=town.officer)
    answer = sign_by_page(client, town.squad_leader, first, Duty.SL)
    waiting = Step.objects.get(
        case=RegistrationForm.objects.get(pk=second.pk).licence_case, stage=1
    )
    assert answer.url == reverse("onboarding:sign", args=[waiting.pk])


def test_the_printed_sheet_is_a_pdf_and_noted(client, town):
    """T-13, B-151."""
    form = town.in_review()
    answer = page(client, town.manager, "print", form.number)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert (
        b"".join(answer.streaming_content if answer.streaming else [answer.content])[:4] == b"%PDF"
    )
    log = AccessLog.objects.get(kind=AccessKind.PRINT)
    assert (log.user_id, log.customer_id) == (town.manager.pk, form.customer_id)


def test_the_transfer_sheet_prints_once_it_exists(client, town):
    """T-10, T-11."""
    form = town.entered()
    assert page(client, town.network_2, "print-transfer", form.number).status_code == 404
    entry.send_transfer_form(form=form, by=town.network_2)
    assert page(client, town.network_2, "print-transfer", form.number).status_code == 200


def test_withdrawal_needs_a_reason_and_ends_the_form(client, town):
    """T-70."""
    form = town.in_review()
    assert (
        page(client, town.officer, "withdraw", form.number, data={"reason": ""}).status_code == 200
    )
    page(client, town.officer, "withdraw", form.number, data={"reason": "客户不办了"})
    form.refresh_from_db()
    assert form.stage == Stage.WITHDRAWN


def test_buttons_shown_are_acts_allowed(client, town):
    """Trust 4.6 gate 7: no dead buttons, no hidden powers."""
    form = town.at_manager()
    shown = {
        who: {act.label for act in page(client, person, "form", form.number).context["page"].acts}
        for who, person in {
            "manager": town.manager,
            "delivery": town.delivery,
            "service": town.service,
            "deputy": town.deputy,
        }.items()
    }
    assert shown == {
        "manager": {"填写销售信息", "提交会签"},
        "delivery": {"填写配送信息"},
        "service": set(),
        "deputy": set(),
    }


def test_a_form_without_a_manager_gets_one_before_the_notice(client, town):
    """T-37: nobody is stuck because a name was not chosen at the start."""
    form = town.licensed(manager=None)
    data = {"manager": town.colleague.pk}
    assert page(client, town.licensing, "manager", form.number, data=data).status_code == 302
    form.refresh_from_db()
    assert form.manager == town.colleague
