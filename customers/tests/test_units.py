"""Units in three layers: linked, moved, taken out; what the database refuses (R-40 to R-43)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction
from django.utils import timezone

from crm.core.errors import NotFound, StaleVersion
from crm.identity.choices import Duty, Profile
from customers.choices import CustomerStatus, TimelineKind, UnitLayer
from customers.errors import WrongState
from customers.models import Customer, RepairProfile, TimelineEntry, UnitLink
from customers.services.details import edit_customer
from customers.services.units import link_unit, link_units, move_unit, unlink_unit
from customers.tests.factories import Bureau, UnitLinkFactory
from customers.values import UnitPair

pytestmark = pytest.mark.django_db
GROUP, PROVINCE, CITY = UnitLayer.GROUP, UnitLayer.PROVINCE, UnitLayer.CITY
TODAY = timezone.localdate()


class Telecom:
    """A group, two provinces, two cities: one manager has them all."""

    def __init__(self, bureau, manager):
        self.bureau, self.manager = bureau, manager
        self.group = bureau.unit(GROUP, manager, name="中国电信集团有限公司")
        self.shaanxi = bureau.unit(PROVINCE, manager, name="中国电信陕西分公司")
        self.hebei = bureau.unit(PROVINCE, manager, name="中国电信河北分公司")
        self.yanan = bureau.unit(CITY, manager, name="中国电信延安分公司")
        self.xian = bureau.unit(CITY, manager, name="中国电信西安分公司")

    def link(self, child, parent, **more):
        return link_unit(child=child, parent=parent, by=self.manager, **more)


@pytest.fixture
def telecom(repair, manager):
    return Telecom(repair, manager)


@pytest.fixture
def keeper(repair):
    return repair.person(Duty.ARC)


def sentence(problem):
    return " ".join(problem.value.messages)


def refused(telecom, child, parent, **more):
    """What linking says, after which nothing was written."""
    before = UnitLink.objects.count()
    with pytest.raises(ValidationError) as problem:
        telecom.link(child, parent, **more)
    assert UnitLink.objects.count() == before
    return sentence(problem)


class TestLinking:
    def test_a_city_goes_under_its_province_and_both_timelines_tell(self, telecom):
        """R-40, R-42."""
        link = telecom.link(telecom.yanan, telecom.shaanxi, reason="建档")
        assert (link.child, link.parent, link.starts_on, link.ends_on, link.version) == (
            telecom.yanan,
            telecom.shaanxi,
            TODAY,
            None,
            1,
        )
        history = link.history.get()
        assert (history.history_user, history.history_change_reason) == (telecom.manager, "建档")
        told = {row.customer: row for row in TimelineEntry.objects.all()}
        assert {customer: row.kind for customer, row in told.items()} == {
            telecom.yanan: TimelineKind.UNIT_LINKED,
            telecom.shaanxi: TimelineKind.UNITS_CHANGED,
        }
        assert told[telecom.yanan].values == {
            "child": telecom.yanan.code,
            "parent": telecom.shaanxi.code,
            "day": TODAY.isoformat(),
        }

    @pytest.mark.parametrize(
        ("child", "parent"),
        [
            ("shaanxi", "yanan"),
            ("yanan", "xian"),
            ("shaanxi", "hebei"),
            ("group", "shaanxi"),
        ],
    )
    def test_the_child_stands_below_its_parent(self, telecom, child, parent):
        """R-43: level order."""
        said = refused(telecom, getattr(telecom, child), getattr(telecom, parent))
        assert said == "下属单位的层级须低于上级单位"

    def test_a_city_may_hang_directly_on_the_group(self, telecom):
        assert telecom.link(telecom.yanan, telecom.group).pk

    def test_a_unit_has_one_parent_a_day(self, telecom):
        """R-43: at most one parent."""
        telecom.link(telecom.yanan, telecom.shaanxi)
        said = refused(telecom, telecom.yanan, telecom.hebei)
        assert "该单位在这段时间已有上级单位，请先调整原有关系" in said

    def test_a_unit_is_not_under_itself(self, telecom):
        with pytest.raises(ValidationError) as problem:
            telecom.link(telecom.yanan, telecom.yanan)
        assert "单位不能隶属于自己" in sentence(problem)
        assert not UnitLink.objects.exists()

    def test_a_unit_without_layer_is_asked_for_it(self, telecom, repair, manager):
        plain = repair.unit("", manager, name="无层级单位")
        assert refused(telecom, plain, telecom.group) == "请先在基本信息中填写双方的单位层级"

    def test_a_cancelled_archive_is_tied_to_nothing(self, telecom, repair, manager):
        gone = repair.unit(CITY, manager, name="旧单位", cancelled=True)
        assert gone.status == CustomerStatus.CANCELLED
        with pytest.raises(WrongState):
            telecom.link(gone, telecom.shaanxi)
        assert not UnitLink.objects.exists()

    def test_a_day_two_years_ahead_is_a_wrong_year(self, telecom):
        said = refused(telecom, telecom.yanan, telecom.shaanxi, starts_on=TODAY + timedelta(730))
        assert said == "日期最迟为一年以内，请核对年份"

    def test_who_does_not_reach_the_child_or_see_the_parent_learns_nothing(
        self, telecom, repair, colleague
    ):
        theirs = repair.unit(CITY, colleague, name="他人负责的单位")
        for child, parent, by in (
            (theirs, telecom.shaanxi, telecom.manager),
            (theirs, telecom.shaanxi, colleague),
            (telecom.yanan, telecom.shaanxi, colleague),
            (telecom.yanan, telecom.shaanxi, repair.person(Duty.MC)),
        ):
            with pytest.raises(NotFound):
                link_unit(child=child, parent=parent, by=by)
        assert not UnitLink.objects.exists()

    def test_another_organisations_unit_is_nobody_s_parent(self, telecom):
        other = Bureau(Profile.REPAIR)
        strange = other.unit(GROUP, other.person(Duty.AM), name="别家集团")
        with pytest.raises(NotFound):
            telecom.link(telecom.shaanxi, strange)
        with pytest.raises(InternalError, match="须是同一单位建档的客户"), transaction.atomic():
            UnitLinkFactory(child=telecom.shaanxi, parent=strange)


class TestMoving:
    def test_a_move_takes_effect_on_its_day_and_not_before(self, telecom):
        """R-41: which province settles depends on the day."""
        link = telecom.link(telecom.yanan, telecom.shaanxi, starts_on=date(2026, 1, 1))
        day = TODAY + timedelta(30)
        fresh = move_unit(
            link=link,
            parent=telecom.hebei,
            effective_on=day,
            expected=1,
            reason="划转",
            by=telecom.manager,
        )
        link.refresh_from_db()
        assert (link.ends_on, link.version) == (day, 2)
        assert (fresh.parent, fresh.starts_on) == (telecom.hebei, day)
        for when, parent in ((day - timedelta(1), telecom.shaanxi), (day, telecom.hebei)):
            assert UnitLink.objects.on(when).get(child=telecom.yanan).parent == parent
        told = TimelineEntry.objects.get(kind=TimelineKind.UNIT_MOVED)
        assert (told.customer, told.values["parent"]) == (telecom.yanan, telecom.hebei.code)

    def test_a_move_on_the_first_day_is_a_correction(self, telecom):
        link = telecom.link(telecom.yanan, telecom.hebei)
        move_unit(link=link, parent=telecom.shaanxi, expected=1, reason="选错", by=telecom.manager)
        assert UnitLink.objects.on(TODAY).get().parent == telecom.shaanxi
        link.refresh_from_db()
        assert link.ends_on == link.starts_on

    def test_a_move_before_the_beginning_is_refused(self, telecom):
        link = telecom.link(telecom.yanan, telecom.shaanxi)
        with pytest.raises(ValidationError, match="不能早于现有关系的生效日期"):
            move_unit(
                link=link,
                parent=telecom.hebei,
                effective_on=TODAY - timedelta(1),
                expected=1,
                reason="划转",
                by=telecom.manager,
            )
        assert UnitLink.objects.get().ends_on is None

    def test_a_move_against_the_order_leaves_the_old_link_whole(self, telecom):
        link = telecom.link(telecom.yanan, telecom.shaanxi)
        with pytest.raises(ValidationError, match="层级须低于"):
            move_unit(link=link, parent=telecom.xian, expected=1, reason="错", by=telecom.manager)
        link.refresh_from_db()
        assert (link.ends_on, link.version) == (None, 1)

    def test_a_move_to_where_it_stands_says_so(self, telecom):
        link = telecom.link(telecom.yanan, telecom.shaanxi)
        with pytest.raises(ValidationError, match="现在就隶属此上级单位"):
            move_unit(link=link, parent=telecom.shaanxi, expected=1, reason="x", by=telecom.manager)
        assert UnitLink.objects.count() == 1

    def test_a_stale_version_moves_nothing(self, telecom):
        """RF-07."""
        link = telecom.link(telecom.yanan, telecom.shaanxi)
        with pytest.raises(StaleVersion):
            move_unit(link=link, parent=telecom.hebei, expected=7, reason="x", by=telecom.manager)
        assert UnitLink.objects.get().parent == telecom.shaanxi

    def test_a_link_that_ends_already_is_not_moved_again(self, telecom):
        link = telecom.link(telecom.yanan, telecom.shaanxi, starts_on=date(2026, 1, 1))
        later = {"effective_on": TODAY + timedelta(9), "reason": "划转", "by": telecom.manager}
        move_unit(link=link, parent=telecom.hebei, expected=1, **later)
        with pytest.raises(WrongState):
            move_unit(link=link, parent=telecom.group, expected=2, **later)
        assert UnitLink.objects.count() == 2


class TestEnding:
    def test_only_the_keeper_takes_a_unit_out(self, telecom, keeper):
        """Trust 4.3: `d` is the archive keeper's."""
        link = telecom.link(telecom.yanan, telecom.shaanxi)
        with pytest.raises(NotFound):
            unlink_unit(link=link, expected=1, reason="撤销", by=telecom.manager)
        done = unlink_unit(link=link, expected=1, reason="撤销", by=keeper)
        assert (done.ends_on, done.version) == (TODAY, 2)
        assert not UnitLink.objects.on(TODAY).exists()
        assert telecom.link(telecom.yanan, telecom.hebei).pk

    def test_a_reason_is_asked_for(self, telecom, keeper):
        link = telecom.link(telecom.yanan, telecom.shaanxi)
        with pytest.raises(ValidationError, match="请填写原因"):
            unlink_unit(link=link, expected=1, reason=" ", by=keeper)
        assert UnitLink.objects.get().ends_on is None


class TestLayers:
    def test_a_layer_that_breaks_a_link_is_refused(self, telecom):
        """R-43: the order holds when the layer changes, too."""
        telecom.link(telecom.yanan, telecom.shaanxi)
        for unit, layer in ((telecom.shaanxi, CITY), (telecom.yanan, GROUP), (telecom.yanan, "")):
            row = Customer.objects.get(pk=unit.pk)
            with pytest.raises(ValidationError, match="请先调整隶属关系"):
                edit_customer(
                    customer=row,
                    changes={"repair.unit_layer": layer},
                    expected=row.version,
                    reason="层级",
                    by=telecom.manager,
                )
        layers = RepairProfile.objects.filter(customer__in=[telecom.shaanxi, telecom.yanan])
        assert sorted(layers.values_list("unit_layer", flat=True)) == [CITY, PROVINCE]

    def test_a_layer_without_links_or_with_past_ones_is_free(self, telecom, keeper):
        link = telecom.link(telecom.yanan, telecom.shaanxi, starts_on=date(2026, 1, 1))
        unlink_unit(link=link, expected=1, reason="升格", by=keeper)
        RepairProfile.objects.get(customer=telecom.yanan)
        RepairProfile.objects.filter(customer=telecom.yanan).update(unit_layer=PROVINCE)
        assert telecom.link(telecom.xian, telecom.yanan).pk


class TestTreesWithoutLayers:
    """B-37: an operator's group customers have no profile of document 001; place is the layer."""

    @pytest.fixture
    def boss(self):
        bureau = Bureau(Profile.BOSS)
        bureau.owner = bureau.person(Duty.AM)
        return bureau

    def four(self, boss):
        return [boss.customer(boss.owner, name=f"集团{n}") for n in range(4)]

    def test_three_layers_and_no_fourth(self, boss):
        a, b, c, d = self.four(boss)
        link_unit(child=b, parent=a, by=boss.owner)
        link_unit(child=d, parent=c, by=boss.owner)
        with pytest.raises(ValidationError, match="最多分集团、省、地市三层"):
            link_unit(child=c, parent=b, by=boss.owner)
        assert UnitLink.objects.count() == 2

    def test_no_cycle(self, boss):
        a, b, c, _d = self.four(boss)
        link_unit(child=b, parent=a, by=boss.owner)
        link_unit(child=c, parent=b, by=boss.owner)
        for child, parent in ((a, b), (a, c)):
            with pytest.raises(ValidationError, match="上级单位不能是本单位的下属单位"):
                link_unit(child=child, parent=parent, by=boss.owner)
        assert UnitLink.objects.count() == 2

    def test_a_cycle_is_asked_for_day_by_day(self, boss):
        """What was once the parent may become the child once the old link is over."""
        a, b, _c, _d = self.four(boss)
        day = TODAY + timedelta(10)
        UnitLinkFactory(child=b, parent=a, ends_on=day)
        with pytest.raises(ValidationError, match="下属单位"):
            link_unit(child=a, parent=b, starts_on=day - timedelta(1), by=boss.owner)
        assert link_unit(child=a, parent=b, starts_on=day, by=boss.owner).pk


class TestMany:
    def test_pairs_in_any_order_go_in_at_once_and_wrong_ones_are_told(self, telecom, repair):
        """B230: the parent's own line may stand later in the file."""
        stranger = repair.unit(PROVINCE, repair.person(Duty.AM), name="他人的省公司")
        pairs = [
            UnitPair(telecom.yanan.pk, telecom.shaanxi.pk),
            UnitPair(telecom.xian.pk, telecom.yanan.pk),
            UnitPair(telecom.shaanxi.pk, telecom.group.pk),
            UnitPair(telecom.shaanxi.pk, telecom.group.pk),
            UnitPair(telecom.hebei.pk, telecom.hebei.pk),
            UnitPair(telecom.xian.pk, stranger.pk),
            UnitPair(telecom.xian.pk, 987654321),
            UnitPair(telecom.hebei.pk, telecom.group.pk, date(2026, 3, 1)),
        ]
        done = link_units(organisation=repair.org, rows=pairs, by=telecom.manager)
        assert done.count == 3
        assert [(row.index, row.message) for row in done.refused] == [
            (1, "下属单位的层级须低于上级单位"),
            (3, "该单位在这段时间已有上级单位，请先调整原有关系"),
            (4, "单位不能隶属于自己"),
            (5, "没有找到上级单位的档案"),
            (6, "没有找到上级单位的档案"),
        ]
        chain = UnitLink.objects.above(telecom.yanan.pk, TODAY)
        assert {link.parent for link in chain} == {telecom.shaanxi, telecom.group}
        told = TimelineEntry.objects.order_by("kind").values_list("kind", flat=True)
        assert list(told) == [TimelineKind.UNIT_LINKED] * 3 + [TimelineKind.UNITS_CHANGED] * 3

    def test_one_by_one_and_set_based_write_the_same(self, telecom):
        """D13: the two ways do not differ."""
        single = telecom.link(telecom.yanan, telecom.shaanxi, reason="同")
        link_units(
            organisation=telecom.bureau.org,
            rows=[UnitPair(telecom.xian.pk, telecom.shaanxi.pk)],
            by=telecom.manager,
            reason="同",
        )
        many = UnitLink.objects.exclude(pk=single.pk).get()
        for name in ("organisation_id", "parent_id", "starts_on", "ends_on", "version"):
            assert getattr(many, name) == getattr(single, name), name
        assert many.field_marks.keys() == single.field_marks.keys()
        one, two = single.history.get(), many.history.get()
        for name in ("history_type", "history_user_id", "history_change_reason", "version"):
            assert getattr(one, name) == getattr(two, name), name
        told = TimelineEntry.objects.order_by("pk").values_list("kind", "by_id", flat=False)
        linked = (TimelineKind.UNIT_LINKED, telecom.manager.pk)
        changed = (TimelineKind.UNITS_CHANGED, telecom.manager.pk)
        assert list(told) == [linked, changed, linked, changed]

    def test_what_stands_counts_too(self, telecom):
        telecom.link(telecom.yanan, telecom.shaanxi)
        done = link_units(
            organisation=telecom.bureau.org,
            rows=[UnitPair(telecom.yanan.pk, telecom.hebei.pk)],
            by=telecom.manager,
        )
        assert (done.count, [row.field for row in done.refused]) == (0, ["parent"])
        assert UnitLink.objects.get().parent == telecom.shaanxi

    def test_forty_pairs_cost_a_fixed_number_of_questions(
        self, telecom, repair, manager, django_assert_max_num_queries
    ):
        cities = [repair.unit(CITY, manager, name=f"市{n}") for n in range(40)]
        pairs = [UnitPair(row.pk, telecom.shaanxi.pk) for row in cities]
        with django_assert_max_num_queries(26):
            done = link_units(organisation=repair.org, rows=pairs, by=manager)
        assert (done.count, done.refused) == (40, [])
