"""The search box: what finds whom, for whom, and what is written down (UX-01 to UX-03, B-34)."""

import pytest
from django.core.cache import caches

from crm.core.models import AccessLog
from crm.identity.choices import Duty
from customers.access import search
from customers.access.asked import Asked
from customers.errors import TooManySearches
from customers.models import CustomerAlias, GramShare, ScopeSize
from customers.selectors.search import results_for
from customers.services.search import search_customers
from customers.services.search_statistics import refresh_search_statistics
from customers.tests.browser import enter, text_of
from customers.tests.factories import (
    ACCOUNT,
    CREDIT_CODE,
    IDENTITY,
    BankBindingFactory,
    Bureau,
    ContactFactory,
    CustomerFactory,
    RetailProfileFactory,
)
from customers.tests.outside import Outside
from customers.tests.test_pages_list import names_in

pytestmark = pytest.mark.django_db
PAGE = "/customers/search/"


@pytest.fixture(autouse=True)
def _fresh_counters():
    caches["throttle"].clear()


def found(person, text):
    """(name, why) of everybody found."""
    return [(hit.row.cells[1].value, hit.why) for hit in results_for(person, text).hits]


def names(person, text):
    return [name for name, _why in found(person, text)]


@pytest.fixture
def shop(tobacco):
    """A retailer with every number there is."""
    keeper = tobacco.person(Duty.AM)
    row = tobacco.customer(
        keeper,
        area=tobacco.market,
        name="延安宝塔长乐烟酒店",
        mobile="13891234567",
        phone="0911-2118888",
        credit_code=CREDIT_CODE,
    )
    RetailProfileFactory(customer=row, licence_no="610610327428", identity_no=IDENTITY)
    ContactFactory(customer=row, mobile="18629551234", office_phone="029-88887777")
    BankBindingFactory(customer=row, account_no=ACCOUNT)
    CustomerAlias.objects.create(
        customer=row, organisation=tobacco.org, system="zm", kind="customer", code="ZM-0042"
    )
    return row


class TestWhatIsTyped:
    """UX-02, UX-29."""

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ("宝塔", "名称"),
            ("长乐烟酒", "名称"),
            ("長樂", "名称"),
            ("延安 宝塔", "名称"),
            ("yabt", "拼音首字母"),
            ("YABT", "拼音首字母"),
            ("ｃｌｙ", "拼音首字母"),
            ("ya", "拼音首字母"),
            (CREDIT_CODE.lower(), "信用代码"),
            ("６１０６１０３２７４２８", "许可证号"),
            ("zm-0042", "外部代码"),
            ("4567", "移动电话"),
            ("138 9123 4567", "移动电话"),
            ("+86 13891234567", "移动电话"),
            ("91234567", "移动电话"),
            ("８８８８", "办公电话"),
            ("2118888", "办公电话"),
            ("(0911)2118888", "办公电话"),
            ("1234", "联系人电话"),
            ("88887777", "联系人电话"),
        ],
    )
    def test_everything_he_is_known_by_finds_him_in_any_width(self, shop, typed, why):
        assert found(shop.manager, typed) == [("延安宝塔长乐烟酒店", why)]

    @pytest.mark.parametrize(
        "typed",
        ["7788", "029-66667788", "66667788", "029-66667788-802", "02966667788802", "66667788802"],
    )
    def test_an_office_number_is_found_by_its_main_part_and_with_its_extension(
        self, tobacco, typed
    ):
        keeper = tobacco.person(Duty.AM)
        row = tobacco.customer(keeper, phone="029-66667788-802")
        assert found(keeper, typed) == [(row.name, "办公电话")]
        type(row).objects.filter(pk=row.pk).update(phone="")
        ContactFactory(customer=row, mobile="", office_phone="029-66667788-802")
        assert found(keeper, typed) == [(row.name, "联系人电话")]

    @pytest.mark.parametrize("typed", ["8802", "1802", "7788802", "66667788801", "4001"])
    def test_four_digits_are_never_part_of_an_extension(self, tobacco, typed):
        keeper = tobacco.person(Duty.AM)
        tobacco.customer(keeper, phone="029-66667788-1802")
        tobacco.customer(keeper, phone="400-123-4567-4001")
        tobacco.customer(keeper, phone="400-123-8802" if typed == "4001" else "029-66667788-802")
        assert names(keeper, typed) == []

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "  ",
            "塔宝",
            "安塔",
            "bt",
            "yabx",
            "123",
            "9999",
            "%",
            "_",
            "\\",
            "%塔%",
            "宝_长",
            "((",
            "''",
        ],
    )
    def test_what_he_is_not_called_does_not(self, shop, typed):
        """B112: signs of a pattern are only signs."""
        assert names(shop.manager, typed) == []

    def test_one_character_is_the_start_of_a_name(self, shop):
        assert names(shop.manager, "延") == [shop.name]
        assert names(shop.manager, "塔") == []

    def test_the_start_of_a_code_finds_all_below_it_in_its_order(self, shop, tobacco):
        other = tobacco.customer(shop.manager, name="西安未央商店")
        assert names(shop.manager, shop.code[:4]) == [shop.name, other.name]
        assert found(shop.manager, shop.code[:13]) == [(shop.name, "客户代码")]

    def test_a_text_is_read_once_for_all_doors(self):
        asked = Asked.of(" 610612 19900101001x ")
        assert (asked.sealed, asked.credit_code, asked.number) == (
            "61061219900101001X",
            "61061219900101001X",
            "",
        )
        assert Asked.of("029-8888（1234）").phone == "02988881234"
        assert Asked.of("12").phone == Asked.of("1" * 18).phone == ""


class TestWhatIsMaskedCannotBeGuessed:
    """A field finds only rows on which it may be read (trust 2.6, B190, B203)."""

    def test_a_masked_telephone_is_found_by_the_four_digits_shown_and_no_others(
        self, shop, tobacco
    ):
        looker = tobacco.person(Duty.CSC)
        assert names(looker, "4567") == [shop.name]
        for longer in ("34567", "91234567", "13891234567"):
            assert names(looker, longer) == []
        assert names(looker, "2118888") == [shop.name]  # an office number is nobody's secret

    def test_what_a_field_set_leaves_out_finds_nobody(self, shop, tobacco):
        """The distribution centre sees neither credit code nor certificate."""
        driver = tobacco.person(Duty.DC)
        assert names(driver, "13891234567") == names(driver, "610610327428") == [shop.name]
        for hidden in (CREDIT_CODE, IDENTITY[-4:], ACCOUNT[-4:], IDENTITY, ACCOUNT):
            assert names(driver, hidden) == []

    def test_who_may_not_see_contacts_does_not_find_by_them(self, shop, tobacco):
        clerk = tobacco.person(Duty.OC)
        assert names(clerk, "1234") == []
        assert names(clerk, "7777") == []
        assert names(clerk, "宝塔") == [shop.name]

    def test_a_contact_who_left_finds_nobody(self, shop):
        shop.contacts.update(is_live=False, is_primary=False)
        assert names(shop.manager, "1234") == []

    def test_the_last_four_of_a_sealed_number_find_where_its_mask_is_shown(self, shop, tobacco):
        assert found(shop.manager, "002x") == [(shop.name, "身份证号后四位")]
        assert found(tobacco.person(Duty.NET), ACCOUNT[-4:]) == [(shop.name, "账号后四位")]
        assert names(tobacco.person(Duty.SL), ACCOUNT[-4:]) == []

    def test_a_whole_sealed_number_finds_where_it_may_be_revealed_and_is_logged(
        self, shop, tobacco
    ):
        """R-2, SEC-39: through its blind index, logged without the number."""
        looker, keeper = tobacco.person(Duty.CSC), tobacco.person(Duty.NET)
        for number in (ACCOUNT, IDENTITY):
            assert search_customers(text=number, by=looker).hits == []
        assert not AccessLog.objects.exists()
        (hit,) = search_customers(text=ACCOUNT, by=keeper).hits
        assert (hit.row.cells[1].value, hit.why) == (shop.name, "完整证件号或账号")
        log = AccessLog.objects.get()
        assert (log.kind, log.customer_id, log.user_id) == ("search", shop.pk, keeper.pk)
        assert ACCOUNT not in f"{log.fields}{log.reason}{log.object_key}"

    def test_list_and_api_do_not_find_by_whole_sealed_numbers(self, shop, tobacco):
        """They are neither counted nor logged, so they do not answer."""
        caller = Outside(tobacco, ["customer.v", "contact.v", "sensitive.m"])
        assert caller.get(f"/api/v1/customers/?q={IDENTITY}").json()["results"] == []
        assert names_in(enter(shop.manager).get("/customers/", {"q": IDENTITY})) == []
        assert names(shop.manager, IDENTITY) == [shop.name]

    def test_a_natural_persons_masked_name_cannot_be_searched(self):
        """Where a name is personal, only who works on the customer finds by it."""
        boss = Bureau("boss")
        keeper = boss.person(Duty.AM)
        boss.customer(keeper, name="张三丰", customer_kind="person")
        assert names(keeper, "三丰") == names(keeper, "zsf") == ["张三丰"]
        head = boss.person(Duty.GM)
        assert names(head, "三丰") == names(head, "zsf") == names(head, "张") == []

    def test_questions_a_minute_are_counted(self, shop, monkeypatch):
        """SEC-09, RF-93."""
        monkeypatch.setattr("customers.services.search.MOST_SEALED", 1)
        search_customers(text=IDENTITY, by=shop.manager)
        with pytest.raises(TooManySearches):
            search_customers(text=ACCOUNT, by=shop.manager)
        assert search_customers(text="宝塔", by=shop.manager).hits
        assert AccessLog.objects.count() == 1


class TestScope:
    """In the asker's scope for every role; canaries outside it never show."""

    def test_a_colleague_and_another_organisation_find_nothing(self, shop, tobacco, repair):
        foreign = repair.customer(repair.person(Duty.AM), name=shop.name, mobile=shop.mobile)
        for person in (tobacco.person(Duty.AM), tobacco.person(Duty.SYS)):
            assert names(person, "宝塔") == names(person, "4567") == names(person, shop.code) == []
        assert names(foreign.manager, "宝塔") == [foreign.name]
        assert len(results_for(tobacco.person(Duty.CSC), "4567").hits) == 1

    def test_secret_customers_need_clearance(self, shop, tobacco):
        type(shop).objects.filter(pk=shop.pk).update(secrecy=1)
        clerk = tobacco.person(Duty.CSC)
        assert names(clerk, "宝塔") == names(clerk, "4567") == []
        assert names(tobacco.person(Duty.CSC, clearance=1), "宝塔") == [shop.name]


class TestStatistics:
    """The nightly figures by which a way is chosen."""

    def test_common_tokens_and_sizes_of_scopes_are_counted(self, repair, manager):
        CustomerFactory.create_batch(3, department=repair.market, manager=manager)
        assert refresh_search_statistics() == GramShare.objects.count() > 0
        common = GramShare.objects.get(token=next(iter(Asked.of("测试").name_grams)))
        assert common.per_million == 1_000_000
        sizes = dict(ScopeSize.objects.values_list("column", "size"))
        assert sizes == {"": 3, "organisation_id": 3, "department_id": 3}
        assert refresh_search_statistics() == GramShare.objects.count()

    @pytest.mark.parametrize("budget", [1, 5_000])
    def test_every_way_gives_the_same_first_rows(self, repair, manager, monkeypatch, budget):
        rows = CustomerFactory.create_batch(60, department=repair.market, manager=manager)
        head = repair.person(Duty.MVP)
        refresh_search_statistics()
        usual = search.search_keys(head, "测试商行", search.Span()).ids
        monkeypatch.setattr(search, "SMALL", 0)
        monkeypatch.setattr(search, "_BUDGETS", (budget, budget))
        assert usual == [row.pk for row in sorted(rows, key=lambda row: row.code)][:51]
        for text in ("测试商行", "xac", "xa", "西"):
            assert search.search_keys(head, text, search.Span()).ids == usual
            back = search.search_keys(head, text, search.Span(rows[55].code, backwards=True))
            assert back.ids == [row.pk for row in rows[4:55]][::-1]


class TestPage:
    """The page of results, the lines under the box, the API."""

    def test_a_whole_code_opens_the_customer_and_a_foreign_one_finds_nothing(self, shop, tobacco):
        """UX-03."""
        opened = enter(shop.manager).get(PAGE, {"q": f" {shop.code} "})
        assert (opened.status_code, opened.url) == (302, f"/customers/{shop.pk}/")
        foreign = enter(tobacco.person(Duty.AM)).get(PAGE, {"q": shop.code})
        assert foreign.status_code == 200
        assert shop.name not in text_of(foreign)

    def test_the_box_stands_on_every_page_and_keeps_what_was_typed(self, shop):
        page = text_of(enter(shop.manager).get(PAGE, {"q": "宝塔"}))
        assert 'action="/customers/search/"' in page
        assert 'value="宝塔"' in page
        assert "“宝塔”找到 1 户" in page
        assert 'action="/customers/search/"' in text_of(enter(shop.manager).get("/help/"))

    def test_the_box_posts_and_what_is_no_secret_gets_an_address(self, shop):
        client = enter(shop.manager)
        assert 'method="post" action="/customers/search/"' in text_of(client.get("/help/"))
        answer = client.post(PAGE, {"q": "宝塔 a&b"})
        assert (answer.status_code, answer.url) == (302, f"{PAGE}?q=%E5%AE%9D%E5%A1%94+a%26b")
        opened = client.post(PAGE, {"q": shop.code})
        assert (opened.status_code, opened.url) == (302, f"/customers/{shop.pk}/")

    @pytest.mark.parametrize("number", [IDENTITY, ACCOUNT])
    def test_a_sealed_number_is_answered_without_an_address(self, shop, number):
        """SEC-40: no log, history or referrer holds it; in an address it finds nobody."""
        client = enter(shop.manager)
        page = client.post(PAGE, {"q": number})
        assert page.status_code == 200
        assert names_in(page) == [shop.name]
        assert number not in text_of(page)
        assert AccessLog.objects.get().kind == "search"
        assert shop.name in text_of(client.post(f"{PAGE}suggest/", {"q": number}))
        assert names_in(client.get(PAGE, {"q": number})) == []

    def test_pages_go_on_and_back_over_the_same_rows(self, repair, manager):
        CustomerFactory.create_batch(53, department=repair.market, manager=manager)
        client = enter(manager)
        first = client.get(PAGE, {"q": "商行"})
        second = client.get(first.context["next_url"])
        assert (len(names_in(first)), len(names_in(second))) == (50, 3)
        assert names_in(client.get(second.context["previous_url"])) == names_in(first)
        assert "找到 50+ 户" in text_of(first)

    def test_what_is_typed_stays_text(self, shop):
        """B104, B107, B110."""
        for typed in ("<b>x</b>", "{{7*7}}", "' OR '1'='1", "</title><script>"):
            page = enter(shop.manager).get(PAGE, {"q": typed})
            assert page.status_code == 200
            assert "<script>x" not in text_of(page)
            assert names_in(page) == []

    @pytest.mark.parametrize(
        ("query", "status"),
        [("q=%00", 400), ("q=a&page=xx", 400), ("id_number__startswith=6", 404), ("q=", 200)],
    )
    def test_a_question_nobody_understands_is_refused_in_plain_words(self, shop, query, status):
        """B014, B190."""
        assert enter(shop.manager).get(f"{PAGE}?{query}").status_code == status

    def test_an_administrator_is_told_that_he_has_no_right(self, shop, tobacco):
        client = enter(tobacco.person(Duty.SYS))
        session = client.session
        session["kedang_factor"] = True
        session.save()
        page = text_of(client.get(PAGE, {"q": "宝塔"}))
        assert "您没有查看客户档案的权限" in page
        assert shop.name not in page

    def test_the_lines_under_the_box_are_few(self, repair, manager):
        CustomerFactory.create_batch(9, department=repair.market, manager=manager)
        lines = text_of(enter(manager).post(f"{PAGE}suggest/", {"q": "商行"}))
        assert lines.count('class="find__hit"') == 8
        assert "全部结果" in lines
        assert "没有找到" in text_of(enter(manager).post(f"{PAGE}suggest/", {"q": "商火"}))

    def test_the_page_asks_at_most_twelve_questions(
        self, repair, manager, django_assert_max_num_queries
    ):
        CustomerFactory.create_batch(20, department=repair.market, manager=manager)
        client = enter(manager)
        client.get(PAGE, {"q": "商行"})
        with django_assert_max_num_queries(12):
            client.get(PAGE, {"q": "商行"})

    def test_the_api_finds_by_the_same_readings(self, shop, tobacco):
        caller = Outside(tobacco, ["customer.v"])
        for typed in ("宝塔", "yabt", "8888", "zm-0042"):
            answer = caller.get(f"/api/v1/customers/?q={typed}")
            assert [row["code"] for row in answer.json()["results"]] == [shop.code], typed
        assert caller.get("/api/v1/customers/?q=13891234567").json()["results"] == []
