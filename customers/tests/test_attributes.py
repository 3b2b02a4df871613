"""Free attributes: defined without a release, obeyed like built-in fields (B-26)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.core.errors import Forbidden, NotFound, StaleVersion
from crm.core.models import DictEntry
from crm.core.text import CheckFailed
from crm.identity.choices import Duty
from crm.outbox.models import Message
from customers.access import visible_fields
from customers.boss_values import NewAttribute, attribute_cell
from customers.choices import Authority, DataClass, Reader, Visibility
from customers.domains import ValueKind
from customers.errors import NotWithinAuthority, StaleValue
from customers.models import AttributeDefinition, CustomerAttributes, TimelineEntry
from customers.selectors.completeness import completeness_for, missing_for_entry
from customers.selectors.dossier import dossier_of
from customers.selectors.editing import Editing
from customers.selectors.fields import authority_over
from customers.selectors.history import history_of_customer
from customers.services.attributes import define_attribute, edit_attribute, retire_attribute
from customers.services.details import apply_fields, edit_customer
from customers.tests.factories_boss import AttributeFactory
from customers.values import FieldChange

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def fields(boss):
    """One attribute of each kind, as the operator keeps them of persons."""
    DictEntry.objects.create(kind="rival", code="telecom", label="电信")
    DictEntry.objects.create(kind="rival", code="unicom", label="联通")
    kinds = {
        "interest": {"label": "兴趣爱好", "data_class": DataClass.PERSONAL},
        "rooms": {"label": "房间数", "value_kind": ValueKind.NUMBER},
        "rival_ends": {"label": "他网合约到期", "value_kind": ValueKind.DATE},
        "rival": {"label": "他网运营商", "value_kind": ValueKind.CHOICE, "dictionary": "rival"},
        "has_child": {"label": "有无学龄儿童", "value_kind": ValueKind.YES_NO},
    }
    return {
        code: AttributeFactory(
            organisation=boss.org, code=code, customer_kind="person", position=at, **values
        )
        for at, (code, values) in enumerate(kinds.items())
    }


TYPED = {
    "extra.interest": "钓鱼",
    "extra.rooms": "3",
    "extra.rival_ends": "2027年3月1日",
    "extra.rival": "telecom",
    "extra.has_child": "是",
}
STORED = {
    "interest": "钓鱼",
    "rooms": 3,
    "rival_ends": "2027-03-01",
    "rival": "telecom",
    "has_child": True,
}


def edit(customer, by, changes, expected=1, reason="走访"):
    return edit_customer(
        customer=customer, changes=changes, expected=expected, reason=reason, by=by
    )


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", " 钓鱼 ", "钓鱼"),
        ("number", "1,234.50", 1234.5),
        ("number", 27.0, 27),
        ("date", "20270301", "2027-03-01"),
        ("choice", "电信", "telecom"),
        ("yes_no", "否", False),
        ("yes_no", True, True),
        ("text", "  ", None),
        ("yes_no", "", None),
    ],
)
def test_one_check_serves_form_api_and_import(kind, typed, stored):
    """B-26, D13."""
    assert attribute_cell(kind, choices={"telecom": "电信"})(typed) == stored


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("number", "三间", "format"),
        ("number", "1e400", "format"),
        ("date", "2027-02-30", "not_a_date"),
        ("choice", "移动", "choice"),
        ("yes_no", "也许", "yes_no"),
        ("text", "一\n二", "line_break"),
        ("text", "", "required"),
    ],
)
def test_a_wrong_value_is_refused_with_the_mend(kind, typed, code):
    """B-26, UX-23."""
    with pytest.raises(CheckFailed) as refused:
        attribute_cell(kind, choices={"telecom": "电信"}, required=True)(typed)
    assert refused.value.code == code


def test_values_are_stored_typed_with_history_and_event(subscriber, keeper, fields):
    """B-26, B-47: who, when and why, under the version of the whole archive."""
    row = edit(subscriber, keeper, TYPED)
    extra = CustomerAttributes.objects.get(customer=subscriber)
    assert (extra.content, row.version) == (STORED, 2)
    assert extra.marks["rooms"]["by"] == keeper.pk
    assert extra.history.get().history_change_reason == "走访"
    assert TimelineEntry.objects.get().values["fields"] == list(TYPED)
    assert Message.objects.get().payload["fields"] == list(TYPED)
    assert "钓鱼" not in str(Message.objects.get().payload)


def test_the_page_shows_them_in_the_words_of_their_kind(subscriber, keeper, fields):
    """B-26, B-23 extended view."""
    edit(subscriber, keeper, TYPED)
    subscriber.refresh_from_db()
    part = next(part for part in dossier_of(subscriber, keeper) if part.code == "extra")
    assert [(f.label, f.value) for f in part.fields] == [
        ("兴趣爱好", "钓鱼"),
        ("房间数", "3"),
        ("他网合约到期", "2027-03-01"),
        ("他网运营商", "电信"),
        ("有无学龄儿童", "是"),
    ]


def test_the_history_tells_each_attribute_by_itself(subscriber, keeper, fields):
    """B-47."""
    edit(subscriber, keeper, TYPED)
    edit(subscriber, keeper, {"extra.rival": "unicom", "extra.rooms": ""}, expected=2)
    subscriber.refresh_from_db()
    newest = history_of_customer(subscriber, keeper)[0]
    told = [(c.label, c.before, c.after) for c in newest.entry.changes]
    assert (newest.record, told) == (
        "扩展属性",
        [("他网运营商", "电信", "联通"), ("房间数", "3", "")],
    )
    assert "rooms" not in CustomerAttributes.objects.get().content


def test_personal_attributes_are_masked_for_who_only_looks(boss, subscriber, keeper, fields):
    """Trust 2.6: on the page and in the history alike."""
    edit(subscriber, keeper, TYPED)
    subscriber.refresh_from_db()
    clerk = boss.person(Duty.MC)
    sights = visible_fields(clerk, subscriber)
    assert sights["extra.interest"] == Visibility.MASKED
    assert sights["extra.rooms"] == Visibility.CLEAR
    part = next(part for part in dossier_of(subscriber, clerk) if part.code == "extra")
    assert part.fields[0].value == "已隐藏"
    assert "钓鱼" not in str(history_of_customer(subscriber, clerk))


def test_an_owners_attribute_is_hidden_from_others(boss, subscriber, keeper):
    """PM-08."""
    AttributeFactory(organisation=boss.org, code="gossip", reader=Reader.OWNER)
    assert "extra.gossip" in visible_fields(keeper, subscriber)
    leader = boss.person(Duty.GM)
    assert visible_fields(leader, subscriber)["extra.gossip"] == Visibility.HIDDEN


def test_an_attribute_of_another_authority_is_not_edited_here(boss, subscriber, keeper):
    """T-64, B-26: it has its own way, and an approved form writes it."""
    AttributeFactory(organisation=boss.org, code="grid", authority=Authority.INTERFACE)
    with pytest.raises(NotWithinAuthority):
        edit(subscriber, keeper, {"extra.grid": "A1"})
    assert not CustomerAttributes.objects.exists()
    change = FieldChange("extra.grid", None, "A1")
    apply_fields(
        customer=subscriber,
        changes=[change],
        authorities={Authority.INTERFACE},
        form="WH1",
        by=keeper,
    )
    assert CustomerAttributes.objects.get().content == {"grid": "A1"}
    assert CustomerAttributes.objects.get().marks["grid"]["form"] == "WH1"
    with pytest.raises(StaleValue):
        apply_fields(
            customer=subscriber,
            changes=[change],
            authorities={Authority.INTERFACE},
            form="WH2",
            by=keeper,
        )


@pytest.mark.parametrize("key", ["extra.unknown", "extra.firm_only", "extra.gone", "extra.coming"])
def test_what_is_not_kept_of_this_customer_is_refused(boss, subscriber, keeper, key):
    """B-26: by customer type, from day to day."""
    day = timedelta(days=1)
    AttributeFactory(organisation=boss.org, code="firm_only", customer_kind="org")
    AttributeFactory(
        organisation=boss.org, code="gone", valid_from=TODAY - 9 * day, valid_to=TODAY - day
    )
    AttributeFactory(organisation=boss.org, code="coming", valid_from=TODAY + day)
    with pytest.raises(NotWithinAuthority):
        edit(subscriber, keeper, {key: "x"})
    assert not CustomerAttributes.objects.exists()


def test_attributes_of_one_organisation_are_unknown_in_another(repair, manager, customer, fields):
    """D9b."""
    assert "extra.rooms" not in visible_fields(manager, customer)


def test_wrong_values_are_named_and_nothing_is_written(subscriber, keeper, fields):
    """B-26: all or nothing, built-in fields too."""
    with pytest.raises(ValidationError) as refused:
        edit(subscriber, keeper, {"address": "新址", "extra.rooms": "三", "extra.rival": "x"})
    assert set(refused.value.message_dict) == {"extra.rooms", "extra.rival"}
    subscriber.refresh_from_db()
    assert (subscriber.address, subscriber.version) == ("", 1)


def test_a_required_attribute_is_missing_before_entry_and_cannot_be_emptied(
    boss, subscriber, keeper
):
    """T-47, domain 6.4: it weighs in the score like a built-in field."""
    AttributeFactory(
        organisation=boss.org, code="grid", label="所属网格", is_required=True, weight=10
    )
    assert "所属网格" in missing_for_entry(subscriber)
    assert "所属网格" in [part.label for part in completeness_for(subscriber).missing]
    before = completeness_for(subscriber).percent
    edit(subscriber, keeper, {"extra.grid": "A1"})
    subscriber.refresh_from_db()
    assert "所属网格" not in missing_for_entry(subscriber)
    assert completeness_for(subscriber).percent > before
    with pytest.raises(ValidationError):
        edit(subscriber, keeper, {"extra.grid": ""}, expected=2)
    assert CustomerAttributes.objects.get().content == {"grid": "A1"}


def test_a_stale_form_names_the_attribute_on_which_two_people_clash(subscriber, keeper, fields):
    """RF-06, UX-36."""
    edit(subscriber, keeper, {"extra.rooms": "3"})
    edit(subscriber, keeper, {"extra.rooms": "4"}, expected=2, reason="来电")
    with pytest.raises(StaleVersion):
        edit(subscriber, keeper, {"extra.rooms": "5"}, expected=2)
    subscriber.refresh_from_db()
    rows = Editing(subscriber, keeper).conflicts(base_version=2, mine={"extra.rooms": "5"})
    assert [(r.field, r.before, r.mine, r.now, r.clashes) for r in rows] == [
        ("extra.rooms", "3", "5", "4", True)
    ]


def test_a_value_of_an_attribute_that_ended_stays_and_blocks_nothing(subscriber, keeper, fields):
    """B-26: an attribute out of use is not shown; what stands stays in the row."""
    edit(subscriber, keeper, TYPED)
    row = fields["rooms"]
    row.valid_from = row.valid_to = TODAY - timedelta(days=1)
    row.save()
    edit(subscriber, keeper, {"extra.interest": "象棋"}, expected=2)
    assert CustomerAttributes.objects.get().content == STORED | {"interest": "象棋"}


def test_special_care_stands_in_the_archive(subscriber, keeper):
    """B-21, B-61: own certificate and telephone delegation exclude each other."""
    edit(subscriber, keeper, {"subscriber.own_certificate_required": True})
    with pytest.raises(ValidationError, match="不能授权电话办理"):
        edit(subscriber, keeper, {"subscriber.phone_delegation": True}, expected=2)
    subscriber.refresh_from_db()
    assert (subscriber.version, subscriber.subscriber.phone_delegation) == (2, False)


def test_a_definition_keeps_who_changed_it_and_why(boss, repair):
    """B-26, B-47: reason, version, own organisation, never what its values are."""
    sys = boss.person(Duty.SYS)
    row = define_attribute(data=NewAttribute("grid", "所属网格", ValueKind.TEXT), by=sys)
    change = {"attribute": row, "expected": 1, "reason": "改名", "by": sys}
    edit_attribute(changes={"label": "网格", "weight": 3}, **change)
    row.refresh_from_db()
    assert (row.label, row.version) == ("网格", 2)
    assert [h.history_change_reason for h in row.history.order_by("history_id")] == [
        "定义扩展属性",
        "改名",
    ]
    for wrong, refusal in (
        ({}, StaleVersion),
        ({"expected": 2, "reason": " "}, ValidationError),
        ({"expected": 2, "changes": {"code": "x"}}, ValidationError),
        ({"expected": 2, "by": repair.person(Duty.SYS)}, NotFound),
        ({"expected": 2, "by": boss.person(Duty.ARC)}, Forbidden),
    ):
        with pytest.raises(refusal):
            edit_attribute(**{"changes": {"weight": 9}} | change | wrong)
    retire_attribute(attribute=row, last_day=TODAY, expected=2, reason="不再收集", by=sys)
    row.refresh_from_db()
    assert (row.valid_to, row.weight, row.history.count()) == (TODAY, 3, 3)


def test_the_authority_over_a_free_attribute_is_its_definitions(boss, repair, fields):
    """B-26, T-64: unknown, retired or another organisation's belongs to nobody."""
    home = {"profile": "boss", "organisation_id": boss.org.pk}
    assert authority_over("extra.rooms", **home) == Authority.LOCAL
    AttributeDefinition.objects.filter(code="rival").update(authority=Authority.ORDER_CENTRE)
    assert authority_over("extra.rival", **home) == Authority.ORDER_CENTRE
    AttributeDefinition.objects.filter(code="interest").update(
        valid_from=TODAY - timedelta(days=9), valid_to=TODAY - timedelta(days=1)
    )
    for key in ("extra.interest", "extra.nothing", "extra."):
        assert authority_over(key, **home) == Authority.SYSTEM
    elsewhere = home | {"organisation_id": repair.org.pk}
    assert authority_over("extra.rooms", **elsewhere) == Authority.SYSTEM
    assert authority_over("extra.rooms", profile="boss") == Authority.SYSTEM
