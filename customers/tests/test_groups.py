"""Group customers, members, key members: who is in, who pays, what leaving ends (B-36 to B-41)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, transaction
from django.utils import timezone

from crm.core.errors import NotFound, StaleVersion
from crm.identity.choices import Duty, Profile
from customers.choices import CustomerKind, MemberRole, Payer, TimelineKind
from customers.errors import WrongState
from customers.formulas import cycle_end
from customers.models import Customer, GroupCount, Membership, TimelineEntry
from customers.services.groups import edit_membership, enter_group, leave_group, recount_groups
from customers.tasks import recount_groups as nightly
from customers.tests.browser import enter, text_of
from customers.tests.factories import Bureau, MembershipFactory, UnitLinkFactory
from customers.values import MemberTerms

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
PERSON = CustomerKind.PERSON


class Town:
    """An operator's bureau: one manager, two groups, three people."""

    def __init__(self):
        self.bureau = Bureau(Profile.BOSS)
        self.manager = self.bureau.person(Duty.AM)
        self.group = self.bureau.customer(self.manager, name="天河区教育局")
        self.other = self.bureau.customer(self.manager, name="天河区卫生局")
        self.people = [
            self.bureau.customer(self.manager, name=f"何然{n}", customer_kind=PERSON)
            for n in "甲乙丙"
        ]

    def enter(self, member, group=None, **terms):
        return enter_group(
            group=group or self.group, member=member, by=self.manager, terms=MemberTerms(**terms)
        )


@pytest.fixture
def town(db):
    return Town()


class TestEntering:
    def test_a_member_has_role_key_mark_payer_and_a_first_day(self, town):
        """B-36, B-37."""
        row = town.enter(
            town.people[0],
            role=MemberRole.LEADER,
            is_key=True,
            payer=Payer.GROUP,
            starts_on=date(2026, 3, 1),
        )
        row.refresh_from_db()
        assert (row.role, row.is_key, row.payer) == (MemberRole.LEADER, True, Payer.GROUP)
        assert (row.starts_on, row.ends_on, row.version) == (date(2026, 3, 1), None, 1)
        assert row.history.get().history_user == town.manager
        told = {entry.customer: entry.kind for entry in TimelineEntry.objects.all()}
        assert told == {
            town.people[0]: TimelineKind.GROUP_ENTERED,
            town.group: TimelineKind.MEMBERS_CHANGED,
        }

    def test_once_in_a_group_at_a_time_but_in_two_groups(self, town):
        person = town.people[0]
        town.enter(person)
        with pytest.raises(ValidationError, match="已是此集团的成员"):
            town.enter(person)
        town.enter(person, town.other)
        assert Membership.objects.count() == 2

    def test_one_group_pays_for_a_person_at_a_time(self, town):
        person = town.people[0]
        town.enter(person, payer=Payer.GROUP)
        with pytest.raises(ValidationError, match="已由另一集团统付"):
            town.enter(person, town.other, payer=Payer.GROUP)
        assert Membership.objects.count() == 1

    def test_a_unit_is_no_member_and_a_person_no_group(self, town):
        with pytest.raises(ValidationError, match="成员须是本单位建档的个人、家庭或零售户"):
            town.enter(town.other)
        with pytest.raises(ValidationError, match="集团须是本单位建档的单位客户"):
            town.enter(town.people[0], town.people[1])
        assert not Membership.objects.exists()

    def test_who_does_not_reach_both_learns_nothing(self, town):
        colleague = town.bureau.person(Duty.AM)
        theirs = town.bureau.customer(colleague, name="何然丁", customer_kind=PERSON)
        for by, member in ((colleague, town.people[0]), (town.manager, theirs)):
            with pytest.raises(NotFound):
                enter_group(group=town.group, member=member, by=by)
        assert not Membership.objects.exists()


class TestChangingAndLeaving:
    def test_role_key_mark_and_payer_change_with_a_reason(self, town):
        row = town.enter(town.people[0])
        done = edit_membership(
            membership=row,
            changes={"is_key": True, "payer": Payer.GROUP},
            expected=1,
            reason="新合同",
            by=town.manager,
        )
        assert (done.is_key, done.payer, done.version) == (True, Payer.GROUP, 2)
        for expected, reason, problem in ((2, " ", ValidationError), (1, "x", StaleVersion)):
            with pytest.raises(problem):
                edit_membership(
                    membership=row,
                    changes={"is_key": False},
                    expected=expected,
                    reason=reason,
                    by=town.manager,
                )
        with pytest.raises(ValidationError, match="不能写入此项目"):
            edit_membership(
                membership=row,
                changes={"ends_on": TODAY},
                expected=2,
                reason="x",
                by=town.manager,
            )
        row.refresh_from_db()
        assert (row.is_key, row.ends_on, row.version) == (True, None, 2)

    @pytest.mark.parametrize(
        ("day", "last"),
        [
            (date(2026, 2, 1), date(2026, 2, 28)),
            (date(2024, 2, 29), date(2024, 2, 29)),
            (date(2026, 12, 31), date(2026, 12, 31)),
        ],
    )
    def test_the_cycle_ends_with_the_month(self, day, last):
        """B-40."""
        assert cycle_end(day) == last

    def test_leaving_ends_group_paid_items_at_cycle_end_and_moves_nothing_else(self, town):
        """B-40: archive, manager, status and version of both customers stay as they are."""
        row = town.enter(town.people[0], payer=Payer.GROUP, starts_on=date(2026, 1, 1))
        before = list(Customer.objects.order_by("pk").values())
        done = leave_group(
            membership=row, ends_on=date(2026, 6, 10), expected=1, reason="离职", by=town.manager
        )
        assert (done.ends_on, done.group_pays_to) == (date(2026, 6, 10), date(2026, 6, 30))
        assert list(Customer.objects.order_by("pk").values()) == before

    def test_who_pays_himself_leaves_nothing_to_pay(self, town):
        row = town.enter(town.people[0])
        done = leave_group(membership=row, expected=1, reason="离职", by=town.manager)
        assert (done.ends_on, done.group_pays_to) == (TODAY, None)
        with pytest.raises(WrongState):
            leave_group(membership=row, expected=2, reason="再退", by=town.manager)
        assert town.enter(town.people[0]).pk != row.pk

    def test_nobody_leaves_before_he_came(self, town):
        row = town.enter(town.people[0])
        with pytest.raises(ValidationError, match="不能早于加入日期"):
            leave_group(
                membership=row,
                ends_on=TODAY - timedelta(1),
                expected=1,
                reason="x",
                by=town.manager,
            )
        assert Membership.objects.get().ends_on is None


class TestConstraints:
    """Each tried once against the database itself."""

    def broken(self, error, **values):
        with pytest.raises(error), transaction.atomic():
            MembershipFactory(**values)
        assert not Membership.objects.exists()

    def test_dates_stand_in_order(self, town):
        self.broken(
            IntegrityError, group=town.group, member=town.people[0], ends_on=date(2025, 1, 1)
        )

    def test_a_last_paid_day_belongs_to_who_left_and_was_paid_for(self, town):
        self.broken(
            IntegrityError, group=town.group, member=town.people[0], group_pays_to=date(2026, 1, 31)
        )

    def test_both_belong_to_one_organisation(self, town):
        strange = Town()
        self.broken(InternalError, group=town.group, member=strange.people[0])
        self.broken(
            InternalError,
            group=town.group,
            member=town.people[0],
            organisation=strange.bureau.org,
        )


class TestSums:
    def test_the_night_counts_every_group_at_once(self, town):
        """B-41: members, key members, group-paid, units, as of a day."""
        one, two, three = town.people
        MembershipFactory(group=town.group, member=one, is_key=True, payer=Payer.GROUP)
        MembershipFactory(group=town.group, member=two)
        MembershipFactory(
            group=town.group,
            member=three,
            payer=Payer.GROUP,
            ends_on=date(2026, 6, 10),
            group_pays_to=date(2026, 6, 30),
        )
        MembershipFactory(group=town.other, member=two)
        low = town.bureau.customer(town.manager, name="下属单位")
        UnitLinkFactory(child=town.other, parent=town.group)
        UnitLinkFactory(child=low, parent=town.other)

        def sums(customer):
            row = GroupCount.objects.get(group=customer)
            return row.units, row.members, row.key_members, row.group_paid

        assert recount_groups(day=date(2026, 6, 15)) == 2
        assert sums(town.group) == (2, 2, 1, 2)
        assert sums(town.other) == (1, 1, 0, 0)
        recount_groups(day=date(2026, 7, 1))
        assert sums(town.group) == (2, 2, 1, 1)

    def test_it_may_run_again_and_forgets_who_has_nobody_any_more(
        self, town, django_assert_max_num_queries
    ):
        row = MembershipFactory(group=town.group, member=town.people[0])
        with django_assert_max_num_queries(6):
            assert nightly() == 1
        assert nightly(TODAY.isoformat()) == 1
        leave_group(membership=row, expected=1, reason="离职", by=town.manager)
        assert nightly((TODAY + timedelta(1)).isoformat()) == 1
        assert GroupCount.objects.get().members == 0


class TestPages:
    def url(self, customer, rest="members/"):
        return f"/customers/{customer.pk}/{rest}"

    def test_members_show_role_payer_and_key_mark(self, town):
        MembershipFactory(
            group=town.group, member=town.people[0], is_key=True, role=MemberRole.LIAISON
        )
        response = enter(town.manager).get(self.url(town.group))
        text = text_of(response)
        for words in ("何然甲", "联系人", "成员自付", "关键成员", "2026-01-01"):
            assert words in text, words
        tab = next(t for t in response.context["head"].tabs if t.label == "集团成员")
        assert tab.count == 1

    def test_only_members_in_scope_are_counted_and_named(self, town):
        """B202."""
        colleague = town.bureau.person(Duty.AM)
        theirs = town.bureau.customer(colleague, name="何然丁", customer_kind=PERSON)
        MembershipFactory(group=town.group, member=town.people[0])
        MembershipFactory(group=town.group, member=theirs)
        recount_groups()
        response = enter(town.manager).get(self.url(town.group))
        assert response.context["totals"].members == 1
        assert "何然丁" not in text_of(response)
        keeper = enter(town.bureau.person(Duty.ARC)).get(self.url(town.group))
        assert (keeper.context["totals"].members, keeper.context["totals"].on) == (2, TODAY)

    def test_a_member_is_picked_entered_changed_and_left_by_page(self, town):
        client = enter(town.manager)
        shown = client.get(self.url(town.group, "members/add/"))
        assert shown.context["form"].offered == 3
        form = {
            "member": town.people[1].pk,
            "role": "member",
            "payer": "group",
            "is_key": "on",
            "starts_on": "2026-02-01",
        }
        assert client.post(self.url(town.group, "members/add/"), form).status_code == 302
        row = Membership.objects.get()
        assert (row.member, row.payer, row.is_key) == (town.people[1], Payer.GROUP, True)
        edit = f"/customers/members/{row.pk}/edit/"
        change = {"role": "leader", "payer": "self", "reason": "改自付", "version": 1}
        assert client.post(edit, change).status_code == 302
        stale = client.post(edit, change | {"role": "liaison"})
        assert stale.status_code == 409
        leave = f"/customers/members/{row.pk}/leave/"
        gone = {"ends_on": "2026-06-10", "reason": "离职", "version": 2}
        assert client.post(leave, gone).status_code == 302
        row.refresh_from_db()
        assert (row.role, row.payer, row.ends_on) == ("leader", "self", date(2026, 6, 10))
        assert "何然乙" not in text_of(client.get(self.url(town.group)))
        assert "何然乙" in text_of(client.get(self.url(town.group, "members/?state=left")))

    def test_a_person_reads_his_groups_and_has_no_members(self, town):
        MembershipFactory(group=town.group, member=town.people[0])
        client = enter(town.manager)
        assert "天河区教育局" in text_of(client.get(self.url(town.people[0], "groups/")))
        assert client.get(self.url(town.people[0], "members/")).status_code == 403
        assert client.get(self.url(town.group, "groups/")).status_code == 403

    def test_strangers_get_404_and_lookers_403(self, town):
        row = MembershipFactory(group=town.group, member=town.people[0])
        stranger = enter(Bureau(Profile.BOSS).person(Duty.ARC))
        clerk = enter(town.bureau.person(Duty.MC))
        for url in (
            self.url(town.group, "members/add/"),
            f"/customers/members/{row.pk}/edit/",
            f"/customers/members/{row.pk}/leave/",
        ):
            assert stranger.get(url).status_code == 404, url
            assert clerk.post(url, {}).status_code == 403, url
        assert Membership.objects.get().version == 1

    @pytest.mark.parametrize("tab", ["", "contacts/"])
    def test_the_first_tabs_of_a_group_ask_no_more_than_those_of_a_person(
        self, town, tab, django_assert_max_num_queries
    ):
        """UX-15: what stands behind each tab is counted in one question."""
        person = town.bureau.customer(town.manager, name="成员", customer_kind=PERSON)
        MembershipFactory(group=town.group, member=person)
        client, url = enter(town.manager), f"/customers/{town.group.pk}/{tab}"
        client.get(url)
        with django_assert_max_num_queries(12):
            told = client.get(url)
        counts = {link.label: link.count for link in told.context["head"].tabs}
        assert (counts["集团成员"], counts["下属单位"], counts["相关人员"]) == (1, 0, 0)

    @pytest.mark.parametrize("number", [1, 20])
    def test_the_tab_asks_no_more_for_twenty_members_than_for_one(
        self, town, number, django_assert_max_num_queries
    ):
        for n in range(number):
            person = town.bureau.customer(town.manager, name=f"成员{n}", customer_kind=PERSON)
            MembershipFactory(group=town.group, member=person)
        client = enter(town.manager)
        client.get(self.url(town.group))
        with django_assert_max_num_queries(14):
            assert client.get(self.url(town.group)).status_code == 200
