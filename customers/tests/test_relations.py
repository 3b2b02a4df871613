"""Key persons and what they are to each other: who records it, who reads it (B-38, B-39)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, transaction

from crm.core.errors import NotFound, StaleVersion
from crm.identity.choices import Duty, Profile
from customers.choices import ContactRole, Influence, KeyType, RelationKind, TimelineKind
from customers.errors import WrongState
from customers.models import ContactRelation, TimelineEntry
from customers.services.relations import end_relation, relate_people
from customers.tests.browser import enter, text_of
from customers.tests.factories import Bureau, ContactFactory, ContactRelationFactory

pytestmark = pytest.mark.django_db


class Circle:
    """Two key persons of one customer, one of another, and a person who is none."""

    def __init__(self, bureau, manager):
        self.manager = manager
        self.customer = bureau.customer(manager, name="延安电信")
        self.other = bureau.customer(manager, name="宝鸡电信")
        self.boss = self.key(self.customer, "刘决策", key_type=KeyType.DECISION, influence=3)
        self.clerk = self.key(self.customer, "王经办", key_type=KeyType.HANDLER)
        self.far = self.key(self.other, "李远方")
        self.plain = ContactFactory(customer=self.customer, name="赵普通")

    def key(self, customer, name, **more):
        return ContactFactory(customer=customer, name=name, role=ContactRole.KEY, **more)

    def relate(self, person, other, kind=RelationKind.SUPERIOR, **more):
        return relate_people(person=person, other=other, kind=kind, by=self.manager, **more)


@pytest.fixture
def circle(repair, manager):
    return Circle(repair, manager)


def test_a_relation_is_kept_with_note_history_and_a_timeline_without_names(circle):
    row = circle.relate(circle.clerk, circle.boss, note="直接汇报")
    assert (row.kind, row.note, row.is_live, row.version) == ("superior", "直接汇报", True, 1)
    assert row.history.get().history_user == circle.manager
    told = TimelineEntry.objects.get(kind=TimelineKind.RELATED)
    assert (told.customer, told.values) == (circle.customer, {"relation": row.pk})


def test_it_may_lead_to_another_customer_and_both_timelines_tell(circle):
    circle.relate(circle.boss, circle.far, RelationKind.CLASSMATE)
    told = TimelineEntry.objects.filter(kind=TimelineKind.RELATED)
    assert {entry.customer_id for entry in told} == {circle.customer.pk, circle.other.pk}


def test_the_same_relation_is_kept_once_whichever_way_round(circle):
    circle.relate(circle.boss, circle.clerk, RelationKind.FRIEND)
    with pytest.raises(ValidationError, match="这两人之间已有同样的关系"):
        circle.relate(circle.clerk, circle.boss, RelationKind.FRIEND)
    circle.relate(circle.clerk, circle.boss, RelationKind.SUPERIOR)
    assert ContactRelation.objects.count() == 2


def test_only_key_persons_in_use_are_related(circle):
    """B-38: key person to key person."""
    gone = circle.key(circle.customer, "已停用", is_live=False)
    for other in (circle.plain, gone):
        with pytest.raises(WrongState, match=other.name):
            circle.relate(circle.boss, other)
    with pytest.raises(ValidationError, match="不能与本人建立关系"):
        circle.relate(circle.boss, circle.boss)
    assert not ContactRelation.objects.exists()


def test_who_does_not_see_both_relates_nobody(circle, repair, colleague):
    theirs = circle.key(repair.customer(colleague, name="他人客户"), "周他人")
    for by, person, other in (
        (circle.manager, circle.boss, theirs),
        (colleague, circle.boss, circle.clerk),
        (repair.person(Duty.MC), circle.boss, circle.clerk),
    ):
        with pytest.raises(NotFound):
            relate_people(person=person, other=other, kind="friend", by=by)
    assert not ContactRelation.objects.exists()


def test_the_database_keeps_people_of_two_organisations_apart(circle):
    bureau = Bureau(Profile.REPAIR)
    strange = circle.key(bureau.customer(bureau.person(Duty.AM), name="别家"), "别家人")
    with pytest.raises(InternalError, match="同一单位"), transaction.atomic():
        ContactRelationFactory(person=circle.boss, other=strange)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactRelationFactory(person=circle.boss, other=circle.boss)


def test_a_relation_is_ended_with_a_reason_from_its_version(circle):
    row = circle.relate(circle.clerk, circle.boss)
    for expected, reason, problem in ((1, "", ValidationError), (9, "x", StaleVersion)):
        with pytest.raises(problem):
            end_relation(relation=row, expected=expected, reason=reason, by=circle.manager)
    done = end_relation(relation=row, expected=1, reason="调离", by=circle.manager)
    assert (done.is_live, done.version) == (False, 2)
    with pytest.raises(ValidationError, match="该关系已解除"):
        end_relation(relation=row, expected=2, reason="再次", by=circle.manager)
    assert circle.relate(circle.clerk, circle.boss).pk != row.pk


def test_the_tab_tells_type_influence_description_and_relations_to_the_owner_alone(circle, repair):
    """B-38, B-39, PM-08: a business secret like the influence."""
    circle.boss.remark = "最后拍板"
    circle.boss.save(update_fields=["remark"])
    circle.relate(circle.clerk, circle.boss, note="直接汇报")
    url = f"/customers/{circle.customer.pk}/contacts/"
    text = text_of(enter(circle.manager).get(url))
    for words in ("决策人", Influence.HIGH.label, "最后拍板", "上级：刘决策", "是 王经办 的上级"):
        assert str(words) in text, words
    looker = text_of(enter(repair.person(Duty.GM)).get(url))
    for words in ("最后拍板", "上级：", "直接汇报", "relate/"):
        assert words not in looker, words


def test_a_relation_is_recorded_and_ended_by_page(circle):
    client = enter(circle.manager)
    url = f"/customers/contacts/{circle.clerk.pk}/relate/"
    assert "李远方" in text_of(client.get(url))
    form = {"other": circle.boss.pk, "kind": "superior", "note": "汇报"}
    assert client.post(url, form).status_code == 302
    row = ContactRelation.objects.get()
    assert (row.person, row.other) == (circle.clerk, circle.boss)
    end = f"/customers/relations/{row.pk}/end/"
    assert client.post(end, {"reason": "调离", "version": 1}).status_code == 302
    row.refresh_from_db()
    assert not row.is_live


def test_strangers_get_404_and_lookers_403(circle, repair):
    row = circle.relate(circle.clerk, circle.boss)
    stranger = enter(Bureau(Profile.REPAIR).person(Duty.ARC))
    looker = enter(repair.person(Duty.GM))
    for url in (
        f"/customers/contacts/{circle.clerk.pk}/relate/",
        f"/customers/relations/{row.pk}/end/",
    ):
        assert stranger.post(url, {}).status_code == 404, url
        assert looker.post(url, {}).status_code == 403, url
    row.refresh_from_db()
    assert row.is_live
