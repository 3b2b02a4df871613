"""Pages of firms and routes."""

import pytest
from django.urls import reverse

from crm.core.models import AccessKind, AccessLog
from logistics.choices import FirmKind
from logistics.models import DeliveryRoute, LogisticsFirm
from logistics.tests.factories import BranchFactory, DeliveryRouteFactory, HeadOfficeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("logistics.tests.urls")]

DETAILS = {
    "address": "西安货运站1号",
    "postcode": "７１００００",
    "contact": "余宇杰",
    "contact_position": "站长",
    "phone": "177 5279 8971",
}


def names_on(page):
    names = ("name", "名称", "线路名称")
    rows = page.context["rows"]
    return [next(str(c.value) for c in row["cells"] if c.label in names) for row in rows]


@pytest.fixture
def head(company):
    return HeadOfficeFactory(organisation=company, short_name="金达莱")


@pytest.fixture
def route(company):
    return DeliveryRouteFactory(organisation=company, code="CK1", name="川口1线", weekdays="13")


def test_r45_r46_the_clerk_records_a_head_office_and_then_a_branch(client, clerk):
    client.force_login(clerk)
    add = reverse("logistics:firm-add")
    assert "公司全称" in client.get(add).text
    head_values = {"name": "金达莱物流有限责任公司", "short_name": "金达莱", "city": "乌鲁木齐"}
    response = client.post(add, DETAILS | head_values)
    head = LogisticsFirm.objects.get()
    assert response["Location"] == reverse("logistics:firm", args=[head.pk])
    assert (head.kind, head.postcode, head.phone) == (FirmKind.HEAD, "710000", "17752798971")
    client.post(reverse("logistics:branch-add", args=[head.pk]), DETAILS | {"city": "西安"})
    page = client.get(reverse("logistics:firm", args=[head.pk])).text
    assert "金达莱-西安" in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("postcode", "71000", "6 位"),
        ("phone", "电话", "格式"),
        ("address", "", ""),
        ("contact", "  ", ""),
        ("city", "西-安", "短横线"),
        ("address", "一行\x07", "控制字符"),
    ],
)
def test_r47_a_wrong_field_is_told_at_its_place_and_nothing_is_written(
    client, clerk, head, field, value, said
):
    client.force_login(clerk)
    values = DETAILS | {"city": "西安"} | {field: value}
    response = client.post(reverse("logistics:branch-add", args=[head.pk]), values)
    assert response.status_code == 200
    assert said in "".join(response.context["form"].errors[field])
    assert LogisticsFirm.objects.count() == 1


def test_a_second_branch_in_the_city_is_told_on_the_form(client, clerk, head):
    BranchFactory(organisation=head.organisation, parent=head, short_name="金达莱", city="西安")
    client.force_login(clerk)
    response = client.post(
        reverse("logistics:branch-add", args=[head.pk]), DETAILS | {"city": "西安"}
    )
    assert "同名的物流公司" in response.text
    assert LogisticsFirm.objects.count() == 2


def test_a_change_carries_its_version_and_shows_in_the_history(client, clerk, head):
    client.force_login(clerk)
    edit = reverse("logistics:firm-edit", args=[head.pk])
    form = client.get(edit).context["form"]
    assert form.initial["version"] == 1
    values = DETAILS | {"name": head.name, "is_live": "on", "version": "1"}
    assert client.post(edit, values).status_code == 302
    page = client.get(reverse("logistics:firm", args=[head.pk])).text
    assert "物流园25号" in page
    assert "西安货运站1号" in page


def test_rf06_a_stale_form_answers_409_and_writes_nothing(client, clerk, head):
    client.force_login(clerk)
    edit = reverse("logistics:firm-edit", args=[head.pk])
    client.post(edit, DETAILS | {"name": head.name, "is_live": "on", "version": "1"})
    stale = DETAILS | {"address": "别处", "name": head.name, "is_live": "on", "version": "1"}
    response = client.post(edit, stale)
    assert response.status_code == 409
    head.refresh_from_db()
    assert (head.address, head.version) == ("西安货运站1号", 2)


def test_a_branch_cannot_be_renamed(client, clerk):
    branch = BranchFactory(organisation=clerk.organisation)
    client.force_login(clerk)
    edit = reverse("logistics:firm-edit", args=[branch.pk])
    assert "name" not in client.get(edit).context["form"].fields
    client.post(edit, DETAILS | {"name": "别名", "is_live": "on", "version": "1"})
    branch.refresh_from_db()
    assert (branch.name, branch.address) == (f"{branch.short_name}-西安", "西安货运站1号")


def test_t39_a_route_is_recorded_and_changed(client, clerk):
    client.force_login(clerk)
    response = client.post(
        reverse("logistics:route-add"), {"code": "CK1", "name": "川口1线", "weekdays": ["3", "1"]}
    )
    route = DeliveryRoute.objects.get()
    assert response["Location"] == reverse("logistics:route", args=[route.pk])
    edit = reverse("logistics:route-edit", args=[route.pk])
    assert client.get(edit).context["form"].initial["weekdays"] == ["1", "3"]
    client.post(edit, {"name": "川口一线", "weekdays": ["5"], "is_live": "on", "version": "1"})
    page = client.get(reverse("logistics:route", args=[route.pk])).text
    assert "川口一线" in page
    assert "周五" in page


def test_a_route_without_a_day_is_refused_at_its_field(client, clerk):
    client.force_login(clerk)
    response = client.post(reverse("logistics:route-add"), {"code": "CK 1", "name": "川口1线"})
    assert set(response.context["form"].errors) == {"code", "weekdays"}
    assert DeliveryRoute.objects.count() == 0


def test_rf06_a_stale_route_form_answers_409(client, clerk, route):
    client.force_login(clerk)
    edit = reverse("logistics:route-edit", args=[route.pk])
    values = {"name": "川口1线", "weekdays": ["5"], "is_live": "on", "version": "1"}
    assert client.post(edit, values).status_code == 302
    clash = client.post(edit, values | {"name": "川口一线", "weekdays": ["2"]})
    assert clash.status_code == 409
    assert [(row.field, row.before, row.mine, row.theirs) for row in clash.context["conflict"]] == [
        ("name", "川口1线", "川口一线", "川口1线"),
        ("weekdays", "周一、周三", "周二", "周五"),
    ]
    route.refresh_from_db()
    assert (route.name, route.weekdays) == ("川口1线", "5")


def test_rf06_each_field_is_kept_as_chosen_on_the_three_way_page(client, clerk, route):
    client.force_login(clerk)
    edit = reverse("logistics:route-edit", args=[route.pk])
    values = {"name": "川口1线", "weekdays": ["5", "6"], "is_live": "on", "version": "1"}
    client.post(edit, values)
    chosen = values | {"name": "川口一线", "weekdays": ["2"], "version": "2"}
    response = client.post(edit, chosen | {"keep_name": "mine", "keep_weekdays": "theirs"})
    assert response.status_code == 302
    route.refresh_from_db()
    assert (route.name, route.weekdays, route.version) == ("川口一线", "56", 3)


def test_lists_filter_by_their_url_and_refuse_what_they_do_not_know(client, clerk, head, route):
    ended = HeadOfficeFactory(organisation=head.organisation, is_live=False)
    BranchFactory(organisation=head.organisation, parent=head, short_name="金达莱", city="延安")
    client.force_login(clerk)
    firms = reverse("logistics:firms")

    def names(**query):
        return names_on(client.get(firms, query))

    assert names() == [head.name, "金达莱-延安", ended.name]
    assert names(q="延安") == ["金达莱-延安"]
    assert names(kind="head", state="live") == [head.name]
    assert names(state="ended") == [ended.name]
    assert "没有符合条件的记录" in client.get(firms, {"q": "无"}).text
    assert client.get(firms, {"strange": "1"}).status_code == 404
    assert client.get(firms, {"after": "x"}).status_code == 400
    routes = reverse("logistics:routes")
    assert names_on(client.get(routes, {"q": "ck"})) == [route.name]
    assert "没有符合条件的记录" in client.get(routes, {"state": "ended"}).text


def test_a_list_pages_by_key_and_its_queries_do_not_grow(
    client, clerk, django_assert_max_num_queries
):
    for _each in range(52):
        DeliveryRouteFactory(organisation=clerk.organisation)
    client.force_login(clerk)
    routes = reverse("logistics:routes")
    client.get(routes)
    with django_assert_max_num_queries(12):
        page = client.get(routes)
    assert "共 52 条" in page.text
    more = client.get(routes + page.context["next_url"])
    assert len(more.context["rows"]) == 2
    assert len(client.get(routes + more.context["previous_url"]).context["rows"]) == 50


PAGES = ["firms", "firm", "routes", "route"]
FORMS = ["firm-add", "firm-edit", "branch-add", "route-add", "route-edit"]


def path_of(name, head, route):
    args = {
        "firm": head,
        "firm-edit": head,
        "branch-add": head,
        "route": route,
        "route-edit": route,
    }
    return reverse(f"logistics:{name}", args=[args[name].pk] if name in args else [])


@pytest.mark.parametrize("name", [*PAGES, *FORMS])
def test_every_page_answers_each_persona_as_the_table_says(
    client, clerk, manager, technician, stranger, head, route, name
):
    own = name.endswith(("add", "edit"))
    open_to_all_of_the_right = {"firms", "routes", "firm-add", "route-add"}
    wanted = {
        clerk: 200,
        manager: 403 if own else 200,
        technician: 403 if name in open_to_all_of_the_right else 404,
        stranger: 200 if name in open_to_all_of_the_right else 404,
    }
    for person, status in wanted.items():
        client.force_login(person)
        assert client.get(path_of(name, head, route)).status_code == status, person.name


def test_a_refused_act_on_a_seen_row_is_written_down(client, manager, head):
    client.force_login(manager)
    client.post(reverse("logistics:firm-edit", args=[head.pk]), DETAILS)
    line = AccessLog.objects.get(kind=AccessKind.DENIED)
    assert (line.user_id, line.object_type, line.object_key) == (
        manager.pk,
        "logistics.u",
        str(head.pk),
    )


def test_who_may_not_change_sees_no_button(client, clerk, manager, head, route):
    buttons = [
        reverse("logistics:firm-edit", args=[head.pk]),
        reverse("logistics:branch-add", args=[head.pk]),
    ]
    for person, shown in ((clerk, True), (manager, False)):
        client.force_login(person)
        page = client.get(reverse("logistics:firm", args=[head.pk])).text
        assert [button in page for button in buttons] == [shown, shown]
        for name in ("firms", "routes"):
            listed = client.get(reverse(f"logistics:{name}")).text
            assert (reverse(f"logistics:{name[:-1]}-add") in listed) is shown


def test_a_name_with_markup_is_shown_as_text(client, clerk):
    HeadOfficeFactory(organisation=clerk.organisation, name="<script>alert(1)</script>公司")
    client.force_login(clerk)
    page = client.get(reverse("logistics:firms")).text
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;公司" in page


def test_the_list_sorts_by_every_column_both_ways_and_pages_on(client, clerk, monkeypatch):
    """UX-09: equal cities stand by name; the page's token belongs to its order."""
    for short_name, city in (("甲运", "西安"), ("乙运", "西安"), ("丙运", "延安")):
        HeadOfficeFactory(organisation=clerk.organisation, short_name=short_name, city=city)
    client.force_login(clerk)
    page = client.get(reverse("logistics:firms"))
    for heading in page.context["headings"]:
        up = client.get(reverse("logistics:firms") + heading["url"])
        key = str(heading["label"])
        turned = next(h for h in up.context["headings"] if str(h["label"]) == key)
        down = client.get(reverse("logistics:firms") + turned["url"])
        assert names_on(down) == names_on(up)[::-1] or turned["url"] == "?sort=name", key
        assert {"ascending", "descending"} >= {turned["direction"]} - {""}
    assert client.get(reverse("logistics:firms") + "?sort=is_live__x").status_code == 400


def test_columns_and_their_order_are_the_persons_own(client, clerk, head):
    """UX-06."""
    client.force_login(clerk)
    sent = {"columns": ["address", "name"], "width-address": "wide", "query": "state=live&after=x"}
    kept = client.post(reverse("identity:list-look", args=["firms"]), sent)
    assert kept["Location"] == f"{reverse('logistics:firms')}?state=live"
    page = client.get(reverse("logistics:firms"))
    assert [str(h["label"]) for h in page.context["headings"]] == ["地址", "名称"]
    assert page.context["headings"][0]["width"] == "wide"


def test_each_filter_is_a_chip_that_can_be_taken_off(client, clerk, head):
    """UX-04."""
    client.force_login(clerk)
    page = client.get(reverse("logistics:firms"), {"kind": "head", "state": "live"})
    chips = [tuple(map(str, chip.values())) for chip in page.context["chips"]]
    assert chips == [("类别", "总部", "?state=live"), ("状态", "启用", "?kind=head")]
