"""The tab of units: what shows to whom, and every act from its page (R-40 to R-43, UX-15, B202)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from crm.identity.choices import Duty, Profile
from customers.choices import UnitLayer
from customers.models import UnitLink
from customers.services.units import move_unit, unlink_unit
from customers.tests.browser import enter, text_of
from customers.tests.factories import (
    Bureau,
    ContactFactory,
    CustomerGrantFactory,
    RepairProfileFactory,
    UnitLinkFactory,
)

pytestmark = pytest.mark.django_db
GROUP, PROVINCE, CITY = UnitLayer.GROUP, UnitLayer.PROVINCE, UnitLayer.CITY
TODAY = timezone.localdate()


class Land:
    """A group over a province over twelve cities; the manager answers for the top and three."""

    def __init__(self, bureau, manager, colleague):
        self.manager = manager
        self.group = bureau.unit(GROUP, manager, name="中国电信集团有限公司")
        self.province = bureau.unit(PROVINCE, manager, name="陕西电信")
        self.cities = [
            bureau.unit(CITY, manager if n < 3 else colleague, name=f"电信第{n:02d}分公司")
            for n in range(12)
        ]
        self.top = UnitLinkFactory(child=self.province, parent=self.group)
        self.links = [UnitLinkFactory(child=city, parent=self.province) for city in self.cities]


@pytest.fixture
def land(repair, manager, colleague):
    return Land(repair, manager, colleague)


@pytest.fixture
def keeper(repair):
    return repair.person(Duty.ARC)


def page(customer, rest="units/"):
    return f"/customers/{customer.pk}/{rest}"


def tab(response, label):
    return next(tab for tab in response.context["head"].tabs if tab.label == label)


class TestTheTree:
    def test_only_visible_units_are_counted_and_named(self, land, repair):
        """B202: twelve below, three of them his: the tab says 3, the others are not named."""
        response = enter(land.manager).get(page(land.province))
        text = text_of(response)
        assert tab(response, "下属单位").count == 3
        assert [row.name for row in response.context["family"].below] == [
            f"电信第0{n}分公司" for n in range(3)
        ]
        for hidden in land.cities[3:]:
            assert hidden.name not in text
            assert hidden.code not in text
        keeper = enter(repair.person(Duty.ARC)).get(page(land.province))
        assert tab(keeper, "下属单位").count == 12

    def test_the_count_stands_on_every_tab_of_the_archive(self, land):
        response = enter(land.manager).get(page(land.group, ""))
        assert tab(response, "下属单位").count == 4

    def test_the_tree_shows_depth_and_the_chain_above(self, land, keeper):
        whole = enter(keeper).get(page(land.group)).context["family"]
        assert [(row.name, row.step) for row in whole.below][:3] == [
            ("陕西电信", 1),
            ("电信第00分公司", 2),
            ("电信第01分公司", 2),
        ]
        low = enter(keeper).get(page(land.cities[0])).context["family"]
        assert [unit.name for unit in low.above] == ["中国电信集团有限公司", "陕西电信"]
        assert low.below == []

    def test_a_unit_under_an_unseen_one_moves_up_to_who_is_seen(self, repair, manager, colleague):
        group = repair.unit(GROUP, manager, name="集团")
        hidden = repair.unit(PROVINCE, colleague, name="他人的省公司")
        city = repair.unit(CITY, manager, name="本人的市公司")
        UnitLinkFactory(child=hidden, parent=group)
        UnitLinkFactory(child=city, parent=hidden)
        response = enter(manager).get(page(group))
        assert [(row.name, row.step) for row in response.context["family"].below] == [
            ("本人的市公司", 1)
        ]
        assert "他人的省公司" not in text_of(response)
        assert "/move/" not in text_of(response)
        low = enter(manager).get(page(city))
        assert "上级单位不在您的可见范围内" in text_of(low)
        assert "他人的省公司" not in text_of(low)
        assert not low.context["may_set_parent"]

    def test_the_timeline_of_the_parent_names_no_unit_that_is_not_seen(self, land, keeper):
        hidden = land.cities[11]
        unlink_unit(link=land.links[11], expected=1, reason="撤销", by=keeper)
        for rest in ("", "timeline/", "history/", "units/"):
            text = text_of(enter(land.manager).get(page(land.province, rest)))
            assert hidden.code not in text, rest
            assert hidden.name not in text, rest
        assert "下属单位变动" in text_of(enter(land.manager).get(page(land.province, "timeline/")))

    def test_secret_units_do_not_count(self, land, keeper):
        """B-19."""
        land.cities[0].secrecy = 3
        land.cities[0].save(update_fields=["secrecy"])
        response = enter(keeper).get(page(land.province))
        assert tab(response, "下属单位").count == 11
        assert "电信第00分公司" not in text_of(response)

    def test_a_unit_shared_by_name_counts(self, land, colleague):
        CustomerGrantFactory(user=colleague, content_object=land.province)
        response = enter(colleague).get(page(land.province))
        assert response.status_code == 200
        assert tab(response, "下属单位").count == 9

    def test_a_move_to_come_is_announced_and_the_record_tells_all(self, land, repair):
        other = repair.unit(PROVINCE, land.manager, name="甘肃电信")
        day = TODAY + timedelta(20)
        move_unit(
            link=land.links[0],
            parent=other,
            effective_on=day,
            expected=1,
            reason="区划调整",
            by=land.manager,
        )
        response = enter(land.manager).get(page(land.cities[0]))
        text = text_of(response)
        assert f"自 {day.isoformat()} 起隶属 甘肃电信" in text
        assert "区划调整" in text
        assert [unit.name for unit in response.context["family"].above][-1:] == ["陕西电信"]

    def test_who_has_no_right_on_units_gets_no_tab_and_403(self, land, repair):
        technician = repair.person(Duty.TM)
        assert enter(technician).get(page(land.group)).status_code == 403
        labels = [t.label for t in enter(technician).get(page(land.group, "")).context["head"].tabs]
        assert "下属单位" not in labels

    def test_a_stranger_gets_404_everywhere(self, land):
        other = Bureau(Profile.REPAIR).person(Duty.ARC)
        client = enter(other)
        for url in (
            page(land.group),
            page(land.group, "units/add/"),
            page(land.province, "units/parent/"),
            f"/customers/units/{land.top.pk}/move/",
            f"/customers/units/{land.top.pk}/end/",
        ):
            assert client.get(url).status_code == 404, url
            if url != page(land.group):
                assert client.post(url, {}).status_code == 404, url
        assert UnitLink.objects.count() == 13

    @pytest.mark.parametrize("number", [1, 12])
    def test_the_tab_asks_no_more_for_twelve_units_than_for_one(
        self, repair, manager, number, django_assert_max_num_queries
    ):
        top = repair.unit(PROVINCE, manager, name="省")
        for n in range(number):
            UnitLinkFactory(child=repair.unit(CITY, manager, name=f"市{n}"), parent=top)
        client = enter(manager)
        client.get(page(top))
        with django_assert_max_num_queries(14):
            assert client.get(page(top)).status_code == 200


class TestActs:
    def test_units_are_ticked_in_a_list_of_what_fits(self, land, repair):
        """R-42: chosen, not typed; only lower units without a parent, found by pinyin too."""
        free = repair.unit(CITY, land.manager, name="延安电信")
        repair.unit(PROVINCE, land.manager, name="别的省公司")
        client = enter(land.manager)
        shown = client.get(page(land.province, "units/add/"))
        assert [key for key, _line in shown.context["form"].fields["units"].widget.choices] == [
            free.pk
        ]
        assert f"延安电信 · 地市分公司 · 西安市 · {free.code}" in text_of(shown)
        found = client.get(page(land.province, "units/add/?q=yadx"))
        assert found.context["form"].offered == 1
        none = client.get(page(land.province, "units/add/?q=zzz"))
        assert "没有符合的客户" in text_of(none)
        done = client.post(
            page(land.province, "units/add/"),
            {"units": [free.pk], "starts_on": "2026-03-01", "reason": "划入"},
        )
        assert done.status_code == 302
        link = UnitLink.objects.get(child=free)
        assert (link.parent, link.starts_on) == (land.province, date(2026, 3, 1))
        assert link.history.get().history_change_reason == "划入"

    def test_a_typed_name_or_a_foreign_key_is_no_choice(self, land, repair, colleague):
        theirs = repair.unit(CITY, colleague, name="他人的分公司")
        client = enter(land.manager)
        for value in ("延安电信", str(theirs.pk), "0", ""):
            form = {"units": [value], "starts_on": "2026-03-01"}
            response = client.post(page(land.province, "units/add/"), form)
            assert response.status_code == 200
        assert UnitLink.objects.count() == 13

    def test_the_parent_is_set_from_the_child(self, land, repair):
        free = repair.unit(CITY, land.manager, name="延安电信")
        client = enter(land.manager)
        shown = client.get(page(free, "units/parent/"))
        assert [key for key, _line in shown.context["form"].fields["parent"].widget.choices] == [
            land.province.pk,
            land.group.pk,
        ]
        done = client.post(
            page(free, "units/parent/"), {"parent": land.province.pk, "starts_on": "2026-01-01"}
        )
        assert done.status_code == 302
        assert UnitLink.objects.get(child=free).parent == land.province

    def test_a_unit_is_moved_with_an_effective_date(self, land, repair):
        other = repair.unit(PROVINCE, land.manager, name="甘肃电信")
        url = f"/customers/units/{land.links[0].pk}/move/"
        client = enter(land.manager)
        shown = client.get(url)
        assert "现隶属 陕西电信" in text_of(shown)
        form = {"parent": other.pk, "effective_on": "2026-06-01", "reason": "划转", "version": 1}
        assert client.post(url, form).status_code == 302
        assert UnitLink.objects.on(TODAY).get(child=land.cities[0]).parent == other
        stale = client.post(url, form)
        assert stale.status_code in (200, 409)
        assert UnitLink.objects.filter(child=land.cities[0]).count() == 2

    def test_ending_is_the_keepers_alone(self, land, keeper):
        url = f"/customers/units/{land.links[0].pk}/end/"
        assert enter(land.manager).get(url).status_code == 403
        form = {"ends_on": TODAY.isoformat(), "reason": "撤销", "version": 1}
        assert enter(land.manager).post(url, form).status_code == 403
        assert UnitLink.objects.get(pk=land.links[0].pk).ends_on is None
        assert enter(keeper).post(url, form).status_code == 302
        assert UnitLink.objects.get(pk=land.links[0].pk).ends_on == TODAY

    def test_buttons_fit_the_layer_and_a_missing_one_is_asked_for(self, land, repair):
        client = enter(land.manager)
        for unit, over, under in ((land.group, True, False), (land.cities[0], False, False)):
            context = client.get(page(unit)).context
            assert (context["may_link"], context["may_set_parent"]) == (over, under)
        plain = repair.unit("", land.manager, name="无层级单位")
        assert "还没有填写单位层级" in text_of(client.get(page(plain)))

    def test_who_only_looks_sees_no_buttons(self, land, repair):
        clerk = enter(repair.person(Duty.MC))
        response = clerk.get(page(land.province))
        assert response.status_code == 200
        assert "units/add/" not in text_of(response)
        assert "/move/" not in text_of(response)
        assert clerk.get(page(land.province, "units/add/")).status_code == 403


def test_all_parts_of_document_001_are_one_click_away(repair, manager):
    """UX-15: basics, people, units, manager, carrier; contracts join with their own room."""
    row = repair.customer(manager, name="延安电信")
    RepairProfileFactory(customer=row, unit_layer=CITY)
    ContactFactory(customer=row)
    ContactFactory(customer=row, name="李停用", is_live=False)
    client = enter(manager)
    response = client.get(page(row, ""))
    tabs = response.context["head"].tabs
    assert [(t.label, t.count) for t in tabs][:5] == [
        ("基本信息", None),
        ("相关人员", 1),
        ("下属单位", 0),
        ("客户经理", None),
        ("物流公司", None),
    ]
    for one in tabs:
        assert client.get(one.url).status_code == 200, one.label


def test_the_managers_tab_tells_his_card_and_all_before_him(repair, manager, customer):
    """R-19, R-29, R-44, PM-07."""
    response = enter(repair.person(Duty.MC)).get(page(customer, "manager/"))
    assert response.status_code == 200
    assert manager.name in text_of(response)
    assert enter(repair.person(Duty.TM)).get(page(customer, "manager/")).status_code == 403
