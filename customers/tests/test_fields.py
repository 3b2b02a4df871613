"""What of a customer each person sees (trust 2.6, 4.3, 4.4)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.identity.choices import Duty, Profile
from crm.identity.tests.factories import ApiClientFactory
from customers.access import Eyes, visible_fields
from customers.choices import (
    Authority,
    CustomerKind,
    DataClass,
    Light,
    LightSystem,
    Section,
    TimelineKind,
    Visibility,
)
from customers.errors import NotByOwnHand
from customers.models import Contact, Customer, FieldRule, OpenForm, SystemState
from customers.selectors.completeness import completeness_for, manager_rates, missing_for_entry
from customers.selectors.dossier import binding_view, dossier_of, people_of
from customers.selectors.fields import MODELS
from customers.selectors.history import events_of, history_of_customer
from customers.selectors.lights import notes_of
from customers.services.contacts import edit_contact
from customers.services.details import edit_customer
from customers.services.marks import (
    add_timeline,
    close_form_note,
    move_form_note,
    open_form_note,
    set_light,
)
from customers.services.reference import load_field_rules
from customers.tests.factories import (
    IDENTITY,
    BankBindingFactory,
    ContactFactory,
    RepairProfileFactory,
    RetailProfileFactory,
)

pytestmark = pytest.mark.django_db
HIDDEN, MASKED, CLEAR = Visibility.HIDDEN, Visibility.MASKED, Visibility.CLEAR


def sees(user, customer, *keys):
    fields = visible_fields(user, customer)
    return [fields.get(key, HIDDEN) for key in keys]


@pytest.fixture
def shop(tobacco):
    row = tobacco.customer(
        name="川口鑫家烟酒商行",
        mobile="18649145818",
        customer_kind=CustomerKind.RETAIL,
        area=tobacco.market,
    )
    RetailProfileFactory(customer=row, identity_no=IDENTITY, market_type="C")
    return row


class TestSight:
    @pytest.mark.parametrize(
        ("duty", "mobile", "hobby", "identity"),
        [
            (Duty.ARC, CLEAR, CLEAR, MASKED),
            (Duty.GM, MASKED, HIDDEN, MASKED),
            (Duty.MVP, MASKED, HIDDEN, MASKED),
            (Duty.MC, MASKED, HIDDEN, MASKED),
            (Duty.FIN, HIDDEN, HIDDEN, HIDDEN),
            (Duty.SYS, HIDDEN, HIDDEN, HIDDEN),
        ],
    )
    def test_a_contact_shows_by_role(self, repair, customer, duty, mobile, hobby, identity):
        keys = ("contact.mobile", "contact.hobby", "contact.identity_no")
        assert sees(repair.person(duty), customer, *keys) == [mobile, hobby, identity]

    def test_the_owner_sees_all_and_sealed_numbers_masked(self, manager, customer):
        keys = ("contact.mobile", "contact.hobby", "contact.influence", "contact.identity_no")
        assert sees(manager, customer, *keys) == [CLEAR, CLEAR, CLEAR, MASKED]

    def test_a_colleague_sees_nothing(self, colleague, customer):
        assert set(visible_fields(colleague, customer).values()) == {HIDDEN}

    def test_the_technical_department_sees_internal_fields_only(self, repair, customer):
        fields = visible_fields(repair.person(Duty.TM), customer)
        rules = {rule.key: rule for rule in FieldRule.objects.of(Profile.REPAIR)}
        shown = {rules[key].data_class for key, see in fields.items() if see != HIDDEN}
        assert shown == {DataClass.INTERNAL}
        assert fields["customer.name"] == CLEAR
        assert fields["customer.email"] == HIDDEN

    def test_the_distribution_centre_sees_what_delivery_needs(self, tobacco, shop):
        clerk = tobacco.person(Duty.DC)
        keys = (
            "customer.name",
            "customer.mobile",
            "retail.delivery_route",
            "contact.name",
            "contact.mobile",
        )
        assert sees(clerk, shop, *keys) == [CLEAR] * 5
        assert (
            sees(clerk, shop, "customer.email", "retail.identity_no", "bank.account_no")
            == [HIDDEN] * 3
        )

    def test_the_service_centre_sees_the_state_of_a_binding_and_no_number(self, tobacco, shop):
        clerk = tobacco.person(Duty.CSC)
        assert sees(clerk, shop, "bank.status", "bank.account_no", "bank.bank") == [
            CLEAR,
            HIDDEN,
            HIDDEN,
        ]
        assert sees(tobacco.person(Duty.NET), shop, "bank.status", "bank.account_no") == [
            CLEAR,
            MASKED,
        ]

    def test_a_secret_customer_shows_nothing_below_his_level(self, manager, customer):
        Customer.objects.filter(pk=customer.pk).update(secrecy=2)
        customer.refresh_from_db()
        assert set(visible_fields(manager, customer).values()) == {HIDDEN}
        assert not Eyes(manager).may_reveal(customer, "contact.mobile")

    def test_a_field_without_a_rule_is_hidden(self, manager, customer):
        FieldRule.objects.filter(subject="customer", field="address").delete()
        assert sees(manager, customer, "customer.address", "customer.nothing") == [HIDDEN, HIDDEN]

    def test_a_client_sees_personal_data_only_with_the_sensitive_scope(self, tobacco, shop):
        tests = {("customer.v",): MASKED, ("customer.v", "sensitive.m"): CLEAR}
        for scopes, mobile in tests.items():
            client = _client(tobacco, scopes)
            assert sees(client, shop, "customer.mobile", "customer.name") == [mobile, CLEAR]


def _client(bureau, scopes):
    user = bureau.person(kind="system")
    ApiClientFactory(user=user)
    user.token_scopes = frozenset(scopes)
    return user


class TestRules:
    @pytest.mark.parametrize("profile", Profile.values)
    def test_every_rule_names_a_field_that_exists(self, profile):
        for rule in FieldRule.objects.of(profile):
            if rule.field != "key_persons":
                MODELS[rule.subject]._meta.get_field(rule.field)

    @pytest.mark.parametrize("profile", Profile.values)
    def test_every_sealed_field_is_class_s_and_no_other(self, profile):
        sealed = {"identity_no", "account_no", "holder_certificate", "agreement_no", "number"}
        for rule in FieldRule.objects.of(profile):
            assert (rule.data_class == DataClass.SENSITIVE) == (rule.field in sealed), rule.key

    def test_the_weights_of_the_repair_company_make_a_hundred(self):
        rules = FieldRule.objects.of(Profile.REPAIR)
        assert sum(rule.weight for rule in rules) == 100

    def test_loading_again_adds_nothing_and_keeps_what_was_tuned(self):
        rule = FieldRule.objects.get(profile="repair", subject="customer", field="email")
        rule.authority = Authority.ORDER_CENTRE
        rule.save()
        before = FieldRule.objects.count()
        assert load_field_rules() == before
        rule.refresh_from_db()
        assert (FieldRule.objects.count(), rule.authority) == (before, Authority.ORDER_CENTRE)

    def test_every_field_of_the_two_blocks_stands_in_one(self):
        rules = FieldRule.objects.of(Profile.TOBACCO).filter(subject="retail")
        assert {rule.block for rule in rules} == {"monopoly", "sales"}
        assert {r.authority for r in rules if r.block == "monopoly"} == {"monopoly"}


class TestDossier:
    def test_the_archive_comes_in_the_parts_of_the_rule(self, manager, customer):
        RepairProfileFactory(customer=customer, logistics_name="西北捷运")
        sections = dossier_of(customer, manager)
        assert [section.code for section in sections] == [
            Section.BASIC,
            Section.MANAGER,
            Section.LOGISTICS,
            Section.RECORD,
        ]
        fields = {field.key: field for section in sections for field in section.fields}
        assert fields["customer.name"].value == "陕西省电信有限公司延安分公司"
        assert fields["customer.city"].value == "西安市"
        assert fields["customer.document_format"].value == "标准格式"
        assert fields["repair.logistics_name"].authority == Authority.LOCAL
        assert fields["customer.code"].authority == Authority.SYSTEM

    def test_marks_say_who_set_a_field_last_and_when(self, manager, customer):
        row = edit_customer(
            customer=customer, changes={"address": "甲"}, expected=1, reason="名片", by=manager
        )
        fields = {f.key: f for section in dossier_of(row, manager) for f in section.fields}
        assert fields["customer.address"].mark.by == "唐超"
        assert fields["customer.postcode"].mark is None

    def test_what_is_masked_arrives_masked(self, repair, manager, customer):
        ContactFactory(
            customer=customer, name="王建国", identity_no=IDENTITY, hobby="钓鱼", email="w@x.cn"
        )
        (card,) = people_of(customer, repair.person(Duty.GM))
        values = {field.key: field.value for field in card.fields}
        assert card.name == "王*"
        assert values["contact.mobile"] == "138****4567"
        assert values["contact.email"] == "w***@x.cn"
        assert values["contact.identity_no"] == "**************002X"
        assert "contact.hobby" not in values
        assert "钓鱼" not in str(card)
        (own,) = people_of(customer, manager)
        shown = {field.key: field for field in own.fields}
        assert shown["contact.mobile"].value == "13891234567"
        assert shown["contact.identity_no"].may_reveal
        assert not shown["contact.mobile"].may_reveal

    def test_nothing_of_an_unseen_customer_shows(self, colleague, customer):
        ContactFactory(customer=customer)
        assert dossier_of(customer, colleague) == []
        assert people_of(customer, colleague) == []

    def test_a_retail_archive_has_both_blocks(self, tobacco, shop):
        officer = tobacco.person(Duty.LO)
        sections = {s.code: s.fields for s in dossier_of(shop, officer)}
        licence = {field.key: field for field in sections[Section.LICENCE]}
        assert licence["retail.identity_no"].value == "**************002X"
        assert licence["retail.identity_no"].may_reveal
        sales = {field.key: field.value for field in sections[Section.SALES]}
        assert sales["retail.market_type"] == "城镇"

    def test_an_account_shows_its_last_four(self, tobacco, shop):
        binding = BankBindingFactory(customer=shop)
        fields = {f.key: f for f in binding_view(binding, tobacco.person(Duty.NET))}
        assert fields["bank.account_no"].value == f"**** **** **** {binding.account_no_last4}"
        assert fields["bank.account_no"].may_reveal

    def test_a_page_asks_a_fixed_number_of_queries(
        self, manager, customer, django_assert_max_num_queries
    ):
        for _n in range(8):
            ContactFactory(customer=customer)
        with django_assert_max_num_queries(24):
            people_of(customer, manager)


class TestHistory:
    def test_old_and_new_value_stand_side_by_side_masked_as_on_the_page(
        self, repair, manager, customer
    ):
        contact = ContactFactory(customer=customer, hobby="")
        edit_contact(
            contact=contact,
            changes={"mobile": "13900001111", "hobby": "钓鱼", "identity_no": IDENTITY},
            expected=1,
            reason="换号",
            by=manager,
        )
        own = history_of_customer(customer, manager)[0]
        changes = {c.field: (c.before, c.after) for c in own.entry.changes}
        assert changes["mobile"] == ("13891234567", "13900001111")
        assert changes["identity_no"] == ("", "****002X")
        assert (own.entry.by, own.entry.reason) == ("唐超", "换号")
        other = history_of_customer(customer, repair.person(Duty.GM))[0]
        changes = {c.field: (c.before, c.after) for c in other.entry.changes}
        assert changes["mobile"] == ("138****4567", "139****1111")
        assert "hobby" not in changes
        assert history_of_customer(customer, repair.person(Duty.FIN)) != []
        assert "13900001111" not in str(history_of_customer(customer, repair.person(Duty.FIN)))

    def test_a_stranger_reads_no_history(self, colleague, customer):
        assert history_of_customer(customer, colleague) == []

    def test_the_timeline_is_worded_when_read(self, manager, customer):
        edit_customer(
            customer=customer, changes={"address": "甲"}, expected=1, reason="名片", by=manager
        )
        add_timeline(
            customer=customer,
            kind=TimelineKind.STATUS_CHANGED,
            values={"before": "normal", "after": "suspended"},
            by=manager,
        )
        add_timeline(
            customer=customer, kind=TimelineKind.NOTICE, values={"text": "口头通知"}, by=manager
        )
        add_timeline(customer=customer, kind=TimelineKind.REGISTERED, by=manager)
        events = events_of(customer)
        assert [(e.title, e.text, e.tone) for e in events] == [
            ("建立档案", "", "plain"),
            ("通知", "口头通知", "plain"),
            ("状态变更", "正常 → 暂停", "warn"),
            ("修改资料", "客户地址", "plain"),
        ]
        assert {event.who for event in events} == {"唐超"}


class TestCompleteness:
    def test_an_empty_archive_names_what_is_missing_heaviest_first(self, customer):
        score = completeness_for(customer)
        assert (score.percent, score.filled, score.total) == (35, 35, 100)
        assert score.missing[0].weight == 10
        assert {part.key for part in score.missing} >= {"customer.address", "contact.mobile"}

    def test_a_full_one_is_a_hundred(self, customer):
        RepairProfileFactory(
            customer=customer, logistics_name="西北捷运", no_contract_reason="试修"
        )
        Customer.objects.filter(pk=customer.pk).update(address="甲", postcode="710000")
        ContactFactory(
            customer=customer, is_primary=True, mobile="", office_phone="029-1", email="a@b.cn"
        )
        for name in ("甲", "乙"):
            ContactFactory(customer=customer, name=name, role="key")
        row = Customer.objects.get(pk=customer.pk)
        assert completeness_for(row).percent == 100
        Contact.objects.filter(name="乙").update(is_live=False)
        row = Customer.objects.get(pk=customer.pk)
        assert [part.key for part in completeness_for(row).missing] == ["contact.key_persons"]

    def test_a_managers_rate_is_the_mean_of_his_own(
        self, repair, manager, customer, django_assert_max_num_queries
    ):
        full = repair.customer(manager, address="甲", postcode="710000")
        assert completeness_for(full).percent == 50
        with django_assert_max_num_queries(4):
            rate = manager_rates(Customer.objects.filter(manager=manager))[manager.pk]
            assert (rate.customers, str(rate.percent)) == (2, "42.5")

    def test_what_entry_still_needs_is_named_in_the_words_of_the_form(self, shop):
        missing = missing_for_entry(shop)
        assert "许可证有效期至" in missing
        assert "订货方式" in missing
        assert "许可证号" not in missing
        assert "市场类型" not in missing


class TestMarks:
    def test_no_light_turns_green_by_our_own_hand(self, tobacco, shop):
        clerk = tobacco.person(Duty.NET)
        for by, message_id in ((clerk, "M1"), (tobacco.person(kind="system"), "")):
            with pytest.raises(NotByOwnHand):
                set_light(
                    customer=shop,
                    system=LightSystem.EM,
                    state=Light.OK,
                    message_id=message_id,
                    by=by,
                )
        assert not SystemState.objects.exists()

    def test_late_news_does_not_overwrite_newer_one(self, tobacco, shop):
        system, now = tobacco.person(kind="system"), timezone.now()
        common = {"customer": shop, "system": LightSystem.EM, "by": system}
        set_light(state=Light.OK, message_id="M2", at=now, **common)
        set_light(state=Light.FAILED, message_id="M1", at=now - timedelta(minutes=5), **common)
        assert SystemState.objects.get().state == Light.OK
        set_light(state=Light.WAITING, at=now + timedelta(minutes=1), **common)
        assert SystemState.objects.get().state == Light.WAITING

    def test_one_open_form_of_a_kind(self, tobacco, shop):
        officer = tobacco.person(Duty.LO)
        common = {"customer": shop, "kind": "registration", "title": "登记表", "by": officer}
        open_form_note(number="DJ1", **common)
        with pytest.raises(ValidationError):
            open_form_note(number="DJ2", **common)
        move_form_note(number="DJ1", stage="中队长审批")
        assert [form.stage for form in notes_of(shop).open_forms] == ["中队长审批"]
        close_form_note(number="DJ1")
        assert notes_of(shop).open_forms == []
        open_form_note(number="DJ3", **common)
        assert OpenForm.objects.count() == 2
